// Open points (O): alarms with their owners, what does not fit together, and what is not known yet.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ageText, clockText } from '../base/format'
import { T, t, tMaybe } from '../base/i18n'
import { serverText, wordText } from '../base/values'
import type { Duty, Finding } from '../net/incident'
import { now } from '../state/clock'
import { ackOf } from '../state/attention'
import type { Attention } from '../state/attention'
import { acknowledgeDuty } from '../state/duty'
import { writable } from '../state/rights'
import { duties, entity, findings, gaps, textOf, timeOf } from '../state/incident'
import { answered } from '../state/outbox'
import { openEvent, shown_point, write } from '../state/view'
import { decisionOf } from '../shell/decisions'
import { Button, Empty } from '../ui/parts'
import { printPage } from '../ui/print'

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

/** What somebody came here for is brought into sight, once. */
function useShown(id: string) {
  const item = useRef<HTMLLIElement>(null)
  const wanted = shown_point.value === id
  useLayoutEffect(() => {
    if (!wanted) return
    item.current?.scrollIntoView({ block: 'nearest' })
    item.current?.querySelector<HTMLElement>('[data-stop]')?.focus()
    shown_point.value = ''
  }, [wanted])
  return item
}

function AlarmItem(props: { it: Duty }) {
  const { it } = props
  const sent = answered.value.has(it.id)
  const item: Attention = { id: 'duty:' + it.id, level: it.acked ? 'calm' : 'warn', since: timeOf(it.since), group: '', duty: it }
  const decision = decisionOf(item)
  const ack = ackOf(it)
  return (
    <li ref={useShown(it.id)} class={it.acked ? 'calm' : 'crit'} data-id={it.id}>
      <Said rule={it.rule} text={it.text} />
      <p class="detail">
        <bdi>{clockText(timeOf(it.since), false)} ({ageText(now.value - timeOf(it.since))})</bdi>
        <span><T k="points.owner" p={{ who: wordText(it.owner) }} /></span>
        {it.escalated && <b class="warn">{t('points.escalated')}</b>}{' '}
        {it.acked && <span>{ack.by ? <T k="att.acknowledged_by" p={{ who: ack.by }} /> : t('points.acked')} <bdi>{clockText(ack.at, false)}</bdi></span>}{' '}
        <Events events={it.events} />
      </p>
      {!it.acked && (
        <div class="acts">
          {decision && decision.label !== t('acknowledge') && <Button kind="primary" onClick={decision.run}>{decision.label}</Button>}
          <button type="button" class="btn plain" data-stop {...writable('alarm.acked')} {...(sent ? { disabled: true } : {})} onClick={() => acknowledgeDuty(it.id)}>{sent ? t('att.sending') : t('acknowledge')}</button>
        </div>
      )}
    </li>
  )
}

/** It was resolved on other grounds, and something new has come since. */
function Again(props: { it: Finding }) {
  const before = entity('finding', props.it.id)
  if (props.it.resolved || !before) return null
  return (
    <p class="detail">
      <b class="warn">{t('points.again')}</b> <T k="points.before" p={{ who: textOf(before, 'by'), reason: textOf(before, 'reason') }} />
    </p>
  )
}

function FindingItem(props: { it: Finding }) {
  const { it } = props
  const level = it.resolved ? 'calm' : it.severity === 'ALARM' ? 'crit' : it.severity === 'WARN' ? 'warn' : 'calm'
  return (
    <li ref={useShown(it.id)} class={level} data-id={it.id}>
      <Said rule={it.rule} text={it.text} />
      <Again it={it} />
      <p class="detail">
        {t(`severity.${it.severity}`)} <bdi dir="ltr">{it.rule}</bdi> {it.resolved && <span>{t('points.resolved')}</span>} <Events events={it.events} />
      </p>
      {it.resolved && <p class="detail"><T k="points.before" p={{ who: textOf(entity('finding', it.id), 'by'), reason: textOf(entity('finding', it.id), 'reason') }} /></p>}
      {!it.resolved && (
        <button type="button" class="btn plain" data-stop {...writable('finding.resolved')} onClick={() => write('finding.resolved', { finding: it.id, number: it.ground })}>{t('points.resolve')}</button>
      )}
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
      <div class="bar">
        <h1 id="points-title">{t('nav.points')}</h1>
        <span class="gap" />
        <Button keys="Ctrl P" onClick={() => void printPage(t('nav.points'))}>{t('print.print')}</Button>
      </div>
      <div class="threecards" data-walk>
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
