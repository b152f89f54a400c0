// The column that never goes away: what needs a decision, the log, and the line to write.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { callText, callerName, emergencyName, unitName } from '../base/describe'
import { clockText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { lazy } from '../base/lazy'
import { serverText, wordText } from '../base/values'
import { attention, steady, waiting } from '../state/attention'
import type { Attention } from '../state/attention'
import { silenceSound, sound_blocked, sounding } from '../state/alarm_sound'
import { lost_since, picture_at } from '../state/live'
import { isAcknowledging, say } from '../state/outbox'
import { events_changed } from '../state/record'
import { text_changed, units } from '../state/tracks'
import { incident_id } from '../state/incident'
import { may_write } from '../state/moment'
import { draft, menu, menu_active, recipient, said, slash, write, writing } from '../state/view'
import { undo, undoable } from '../state/undo'
import { Icon } from '../ui/icon'
import { Age, Button, Empty } from '../ui/parts'
import { WindowedList } from '../ui/window'
import { decide, openItem, startSlash } from './actions'
import { lines, LogRow, minor } from './lines'

const SHOWN_MAX = 4
/** Beside a form that is being written. */
const SHOWN_WRITING = 2

const titles: Record<string, Key> = { uid_conflict: 'att.uid_conflict', witness: 'att.witness' }

function itemWords(item: Attention): { who: string; title: string; text: string } {
  if (item.emergency) {
    const { from, type, text, unit_uid, acknowledged_by } = item.emergency
    const who = callerName(unit_uid, from)
    return { who, title: emergencyName(type), text: acknowledged_by ? t('att.acknowledged_by', { who: acknowledged_by }) : callText(who, text) || t('att.nobody') }
  }
  if (item.duty) {
    const { title, detail } = serverText(item.duty.rule, item.duty.text)
    const owner = t('points.owner', { who: wordText(item.duty.owner) })
    return { who: '', title, text: joined([detail, owner, item.duty.escalated ? t('points.escalated') : ''], ' · ') }
  }
  const alarm = item.alarm!
  const named = /^([a-z_]+)/.exec(alarm.id)?.[1] ?? ''
  const title = titles[named] ? t(titles[named]) : alarm.text
  return { who: '', title, text: title === alarm.text ? t('att.alarm') : named === 'witness' ? t('att.witness_do') : alarm.text }
}

function Item(props: { item: Attention; top: boolean }) {
  const { item, top } = props
  const words = itemWords(item)
  const sent = item.emergency && isAcknowledging(item.emergency.uid)
  const button = item.level === 'calm' || sent || !may_write.value
    ? <Button onClick={() => openItem(item)}>{t('show')}</Button>
    : (
      <Button kind={item.level === 'crit' ? 'critical' : 'plain'} keys={top ? 'A' : undefined} onClick={() => decide(item)}>
        {item.alarm ? t('note') : t('acknowledge')}
      </Button>
    )
  return (
    <li class={`att ${item.level}`} data-id={item.id}>
      <span class="age"><Age at={item.since} counter /></span>
      <button type="button" class="what" data-stop onClick={() => openItem(item)}>
        <b>{words.who && <><bdi>{words.who}</bdi> </>}<bdi>{words.title}</bdi></b>
        <small dir="auto">{sent ? t('att.sending') : words.text}</small>
      </button>
      {button}
    </li>
  )
}

function Decide() {
  const shown = useRef<string[]>([])
  const held = useSignal(false)
  const list = held.value ? steady(attention.value, shown.current) : attention.value
  shown.current = list.map((item) => item.id)
  const top = attention.value.find((item) => item.level !== 'calm')
  const most = writing.value || slash.value !== null ? SHOWN_WRITING : SHOWN_MAX
  const rest = list.length - most
  return (
    <section class="decide" aria-labelledby="decide-title">
      <div class="sechead">
        <h2 id="decide-title">{t('att.title')}</h2>
        {sounding.value && !sound_blocked.value && (
          <Button class="small" keys="S" onClick={silenceSound}><Icon name="silent" />{t('att.silence')}</Button>
        )}
        {sounding.value && sound_blocked.value && <span class="warn">{t('att.sound_blocked')}</span>}
        <span class="count" aria-live="assertive" aria-label={t('att.count', { n: waiting.value })}>{waiting.value}</span>
      </div>
      {list.length === 0 && <Empty>{lost_since.value ? t('att.empty_lost', { time: clockText(picture_at.value) }) : t('att.empty')}</Empty>}
      <ul data-walk onPointerEnter={() => { held.value = true }} onPointerLeave={() => { held.value = false }}>
        {list.slice(0, most).map((item) => <Item key={item.id} item={item} top={item === top} />)}
      </ul>
      {rest > 0 && <p class="more"><T k="att.more" n={rest} /></p>}
    </section>
  )
}

function Log() {
  void events_changed.value
  void text_changed.value
  const all = lines.value.filter((line) => !minor.has(line.event?.kind ?? ''))
  if (all.length === 0) return <div class="windowed"><Empty>{t('log.empty')}</Empty></div>
  return <WindowedList id="sidelog" label={t('log.title')} items={all} row_rem={5} keyOf={(line) => line.key} row={(line) => <LogRow line={line} />} />
}

export function recipients(): { uid: string; callsign: string }[] {
  return [...units.values()]
    .filter((unit) => unit.presence && unit.online)
    .map(({ uid, callsign }) => ({ uid, callsign }))
    .sort((a, b) => a.callsign.localeCompare(b.callsign, undefined, { numeric: true }))
}

export const EntryPanel = lazy(() => import('../entry/panel'))

/** What became of the last entry; for a screen reader too. */
function Said() {
  // A form that was asked for waits until now is shown again.
  const it = writing.value && !may_write.value ? { text: t('past.read_only'), level: 'warn' } : said.value
  return <p class={it ? 'outcome ' + it.level : 'hidden'} role="status">{it?.text}</p>
}

function Undo() {
  const it = undoable.value
  if (!it) return null
  return <p class="outcome undo" role="status"><span>{it.text}</span> <Button class="small" keys="Z" onClick={undo}>{t('undo')}</Button></p>
}

function Composer() {
  void text_changed.value
  const to = recipient.value
  const list = recipients()
  const known = to === 'all' || (to === 'log' && incident_id.value !== '') || list.some((unit) => unit.uid === to)
  const typed = slash.value !== null
  const change = (value: string) => {
    draft.value = value
    if (value.startsWith('/')) writing.value = null
  }
  const send = (event: Event) => {
    event.preventDefault()
    const line = draft.value.trim()
    if (!line || typed) return
    if (to === 'log') write('report.received', { predicate: 'note', text: line })
    else say(to, line)
    draft.value = ''
  }
  return (
    <form id="composer" onSubmit={send}>
      <label class="hidden" for="composer-to">{t('chat.to')}</label>
      <select id="composer-to" value={to} disabled={!may_write.value} onChange={(event) => { recipient.value = event.currentTarget.value }}>
        {incident_id.value && <option value="log">{t('chat.log')}</option>}
        <option value="all">{t('chat.all')}</option>
        {!known && <option value={to}>{unitName(to)}</option>}
        {list.map((unit) => <option key={unit.uid} value={unit.uid}>{unit.callsign}</option>)}
      </select>
      <label class="hidden" for="composer-text">{t('chat.text')}</label>
      <input
        id="composer-text"
        value={draft.value}
        disabled={!may_write.value}
        role={typed ? 'combobox' : undefined}
        aria-expanded={typed ? 'true' : undefined}
        aria-controls={typed ? 'kinds' : undefined}
        aria-activedescendant={typed && menu_active.value ? menu_active.value : undefined}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (typed && menu.key?.(event.key)) event.preventDefault()
        }}
        placeholder={!may_write.value ? t('past.composer') : to === 'log' ? t('chat.placeholder_log') : incident_id.value ? t('chat.placeholder_slash') : t('chat.placeholder')}
        maxLength={2000}
        autocomplete="off"
        dir="auto"
        aria-keyshortcuts="N"
      />
      <Button class="slash" label={t('act.enter')} keys="/" disabled={!may_write.value} onClick={startSlash}>{''}</Button>
      <Button kind="primary" type="submit" keys="↵" disabled={!may_write.value}>{t('chat.send')}</Button>
    </form>
  )
}

export function Side() {
  return (
    <aside id="side" aria-label={t('side')}>
      <Decide />
      {(writing.value || slash.value !== null) && may_write.value ? <EntryPanel until={<div id="entry" />} /> : <Log />}
      <div>
        <Undo />
        <Said />
        <Composer />
      </div>
    </aside>
  )
}

