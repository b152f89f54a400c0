// Open points (O): alarms with their owners, what does not fit together, and what is not known yet.
import { ageText, clockText } from '../base/format'
import { T, t, tMaybe } from '../base/i18n'
import { serverText, wordText } from '../base/values'
import type { Duty, Finding } from '../net/incident'
import { now } from '../state/clock'
import { acknowledgeDuty } from '../state/duty'
import { duties, findings, gaps, timeOf } from '../state/incident'
import { answered } from '../state/outbox'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { openEvent } from './casualties'

function Events(props: { events: readonly number[] }) {
  return (
    <span class="events">
      {props.events.map((seq) => <button key={seq} type="button" class="link" onClick={() => openEvent(seq)}><bdi>#{seq}</bdi></button>)}
    </span>
  )
}

function Said(props: { rule: string; text: string }) {
  const { title, detail } = serverText(props.rule, props.text)
  return (
    <>
      <p><b dir="auto">{title}</b></p>
      {detail && <p class="detail" dir="auto">{detail}</p>}
    </>
  )
}

function AlarmItem(props: { it: Duty }) {
  const { it } = props
  const sent = answered.value.has(it.id)
  return (
    <li class={it.acked ? 'calm' : 'crit'} data-id={it.id}>
      <Said rule={it.rule} text={it.text} />
      <p class="detail">
        <bdi>{clockText(timeOf(it.since), false)} ({ageText(now.value - timeOf(it.since))})</bdi>
        <span><T k="points.owner" p={{ who: wordText(it.owner) }} /></span>
        {it.escalated && <b class="warn">{t('points.escalated')}</b>} {it.acked && <span>{t('points.acked')}</span>} <Events events={it.events} />
      </p>
      {!it.acked && <Button kind="primary" disabled={sent} onClick={() => acknowledgeDuty(it.id)}>{sent ? t('att.sending') : t('acknowledge')}</Button>}
    </li>
  )
}

function FindingItem(props: { it: Finding }) {
  const { it } = props
  const level = it.resolved ? 'calm' : it.severity === 'ALARM' ? 'crit' : it.severity === 'WARN' ? 'warn' : 'calm'
  return (
    <li class={level} data-id={it.id}>
      <Said rule={it.rule} text={it.text} />
      <p class="detail">
        {t(`severity.${it.severity}`)} <bdi dir="ltr">{it.rule}</bdi> {it.resolved && <span>{t('points.resolved')}</span>} <Events events={it.events} />
      </p>
      {!it.resolved && <Button class={it.severity === 'INFO' ? 'small' : ''} onClick={() => write('finding.resolved', { finding: it.id, number: it.ground })}>{t('points.resolve')}</Button>}
    </li>
  )
}

function Gaps() {
  const list = gaps.value
  if (list.length === 0) return <Empty>{t('points.no_gaps')}</Empty>
  return (
    <ul class="points">
      {list.map((it) => (
        <li key={it.id} class={it.known ? 'calm' : 'open'}>
          <p><b>{it.known ? '✓' : '?'}</b> {tMaybe('gap.' + it.id, it.text)}</p>
          <p class="detail">{it.known ? it.age_s !== null && <span><T k="points.age" p={{ age: ageText(it.age_s * 1000) }} /></span> : t('points.unknown')}</p>
        </li>
      ))}
    </ul>
  )
}

export default function PointScreen() {
  // What is not known yet has a list of its own, beside this one.
  const list = findings.value.filter((it) => it.rule !== 'essential.missing')
  const open = list.filter((it) => !it.resolved)
  const done = list.filter((it) => it.resolved)
  return (
    <section class="screen scrolls" aria-labelledby="points-title">
      <div class="bar"><h1 id="points-title">{t('nav.points')}</h1></div>
      <div class="threecards">
        <section class="card" aria-labelledby="alarms-title">
          <div class="sechead"><h2 id="alarms-title">{t('points.alarms')}</h2><span class="count">{duties.value.length}</span></div>
          {duties.value.length === 0 && <Empty>{t('points.no_alarms')}</Empty>}
          <ul class="points">{duties.value.map((it) => <AlarmItem key={it.id} it={it} />)}</ul>
        </section>
        <section class="card" aria-labelledby="findings-title">
          <div class="sechead"><h2 id="findings-title">{t('points.findings')}</h2><span class="count">{open.length}</span></div>
          {list.length === 0 && <Empty>{t('points.no_findings')}</Empty>}
          <ul class="points">{[...open, ...done].map((it) => <FindingItem key={it.id} it={it} />)}</ul>
        </section>
        <section class="card" aria-labelledby="gaps-title">
          <div class="sechead"><h2 id="gaps-title">{t('points.gaps')}</h2><span class="count">{gaps.value.filter((it) => !it.known).length}</span></div>
          <Gaps />
        </section>
      </div>
    </section>
  )
}
