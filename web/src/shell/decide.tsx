// Needs a decision: what waits for somebody, the worst first, each with one button that does what is usual about it.
import { signal } from '@preact/signals'
import { callText, callerName, emergencyName } from '../base/describe'
import { clockText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { saidText, serverText, wordText } from '../base/values'
import { ackOf, attention } from '../state/attention'
import type { Attention } from '../state/attention'
import { silenceSound, sound_blocked, sounding } from '../state/alarm_sound'
import { textOf } from '../state/incident'
import { lost_since, picture_at } from '../state/live'
import { isAcknowledging } from '../state/outbox'
import { screen, slash, writing } from '../state/view'
import { Icon } from '../ui/icon'
import { Age, Button, Empty, Kbd } from '../ui/parts'
import { useKeptFocus, useSteady } from '../ui/steady'
import { decisionOf, openItem } from './decisions'

const SHOWN_MAX = 5
/** Beside a form that is being written. */
const SHOWN_WRITING = 2

const titles: Record<string, Key> = { uid_conflict: 'att.uid_conflict', witness: 'att.witness' }
/** The groups whose every item is shown. */
const opened = signal<ReadonlySet<string>>(new Set())

interface Words {
  who: string
  title: string
  text: string
}

function dutyWords(duty: NonNullable<Attention['duty']>, calm: boolean): Words {
  const { title, detail } = serverText(duty.rule, duty.text)
  const owner = duty.escalated ? t('att.passed_to', { who: wordText(duty.owner) }) : t('points.owner', { who: wordText(duty.owner) })
  const ack = ackOf(duty)
  const acked = ack.by ? joined([t('att.acknowledged_by', { who: ack.by }), clockText(ack.at, false)], ' ') : t('att.sending')
  return { who: '', title, text: joined([detail, calm ? acked : owner], ' · ') }
}

function wordsOf(item: Attention): Words {
  if (item.emergency) {
    const { from, type, text, unit_uid, acknowledged_by } = item.emergency
    const who = callerName(unit_uid, from)
    return { who, title: emergencyName(type), text: acknowledged_by ? t('att.acknowledged_by', { who: acknowledged_by }) : callText(who, text) || t('att.nobody') }
  }
  if (item.duty) return dutyWords(item.duty, item.level === 'calm')
  if (item.finding) {
    const { title, detail } = serverText(item.finding.rule, item.finding.text)
    return { who: '', title, text: joined([detail, t('points.owner', { who: wordText('planning', 'role') })], ' · ') }
  }
  if (item.held) {
    const names = item.held.slice(0, 3).map((it) => it.callsign || it.user)
    return { who: '', title: t('device.waiting', { n: item.held.length }), text: joined([joined(names, t('comma')), t('points.owner', { who: wordText('logistics', 'role') })], ' · ') }
  }
  if (item.statement) {
    const checked = textOf(item.statement, 'state') === 'checked'
    return {
      who: item.statement.id, title: t(checked ? 'att.statement_approve' : 'att.statement_check'),
      text: t('points.owner', { who: wordText(checked ? 'commander' : 'information', 'role') }),
    }
  }
  const alarm = item.alarm!
  const named = /^([a-z_]+)/.exec(alarm.id)?.[1] ?? ''
  const said = saidText(alarm.text)
  const title = titles[named] ? t(titles[named]) : said
  return { who: '', title, text: title === said ? t('att.alarm') : named === 'witness' ? t('att.witness_do') : said }
}

function Item(props: { item: Attention; top: boolean; like: number }) {
  const { item, top, like } = props
  const words = wordsOf(item)
  const sent = item.emergency && isAcknowledging(item.emergency.uid)
  const decision = sent ? null : decisionOf(item)
  const toggle = () => {
    const next = new Set(opened.value)
    if (!next.delete(item.group)) next.add(item.group)
    opened.value = next
  }
  return (
    <li class={`att ${item.level}`} data-id={item.id}>
      <span class="age">{!Number.isNaN(item.since) && <Age at={item.since} counter />}</span>
      <div class="what">
        <button type="button" onClick={() => openItem(item)}>
          <b>{words.who && <><bdi>{words.who}</bdi> </>}<bdi>{words.title}</bdi></b>
          <small dir="auto">{sent ? t('att.sending') : words.text}</small>
        </button>
        {like !== 0 && (
          <button type="button" class="like" aria-expanded={like < 0} onClick={toggle}>{like > 0 ? <T k="att.like" n={like} /> : t('att.fewer')}</button>
        )}
      </div>
      <button
        type="button" class={`btn ${decision && item.level === 'crit' ? 'critical' : 'plain'}`} data-stop aria-keyshortcuts={decision && top ? 'A' : undefined}
        onClick={() => (decision ? decision.run() : openItem(item))}
      >
        {decision?.label ?? t('show')}{decision && top && <Kbd>A</Kbd>}<span class="onfocus"><Kbd>↵</Kbd></span>
      </button>
    </li>
  )
}

/** The first of each group, with how many are like it; all of those that were opened. */
function grouped(list: readonly Attention[]): { item: Attention; like: number }[] {
  const count = new Map<string, number>()
  for (const item of list) count.set(item.group, (count.get(item.group) ?? 0) + 1)
  const seen = new Set<string>()
  return list.flatMap((item) => {
    const first = !seen.has(item.group)
    seen.add(item.group)
    const others = count.get(item.group)! - 1
    if (!first && !opened.value.has(item.group)) return []
    return [{ item, like: !first || others === 0 ? 0 : opened.value.has(item.group) ? -1 : others }]
  })
}

function Counts() {
  const of = (level: Attention['level']) => attention.value.filter((item) => item.level === level).length
  const [crit, warn] = [of('crit'), of('warn')]
  return (
    <span class="count" aria-live="assertive" aria-label={t('att.count', { n: crit + warn })}>
      {crit > 0 && <b class="bad">▲ {crit}</b>} {warn > 0 && <b class="warn">● {warn}</b>} {crit + warn === 0 && '0'}
    </span>
  )
}

export function Decide() {
  const { list, hold } = useSteady(attention.value, (item) => item.id)
  const { box, onFocusIn, onFocusOut } = useKeptFocus<HTMLUListElement>()
  const top = attention.value.find((item) => item.level !== 'calm')
  const groups = grouped(list)
  const most = writing.value || slash.value !== null ? SHOWN_WRITING : SHOWN_MAX
  const shown = opened.value.size > 0 && most === SHOWN_MAX ? groups : groups.slice(0, most)
  const rest = groups.length - shown.length
  return (
    <section class="decide" aria-labelledby="decide-title">
      <div class="sechead">
        <h2 id="decide-title">{t('att.title')}</h2>
        {sounding.value && !sound_blocked.value && (
          <Button class="small" keys="S" onClick={silenceSound}><Icon name="silent" />{t('att.silence')}</Button>
        )}
        {sounding.value && sound_blocked.value && <span class="warn">{t('att.sound_blocked')}</span>}
        <Counts />
        <Button class="small" keys="O" onClick={() => { screen.value = 'points' }}>{t('att.all')}</Button>
      </div>
      {list.length === 0 && (
        <Empty>{lost_since.value === 0 ? t('att.empty') : <T k="att.empty_lost" p={{ time: clockText(picture_at.value, false) }} />}</Empty>
      )}
      <ul
        ref={box} data-walk onPointerEnter={hold.onPointerEnter} onPointerLeave={hold.onPointerLeave}
        onFocusIn={(event) => {
          hold.onFocusIn()
          onFocusIn(event)
        }}
        onFocusOut={(event) => {
          onFocusOut(event)
          hold.onFocusOut()
        }}
      >
        {shown.map(({ item, like }) => <Item key={item.id} item={item} top={item === top} like={like} />)}
      </ul>
      {rest > 0 && <p class="more"><T k="att.more" n={rest} /></p>}
    </section>
  )
}
