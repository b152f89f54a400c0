// The log as lines, newest first: what the server recorded, and on top what still waits in this browser.
import { computed } from '@preact/signals'
import { describe, familyOf, unitName } from '../base/describe'
import type { Family, Line } from '../base/describe'
import { joined, lang, ours, T, t } from '../base/i18n'
import { kindText, timeText, wordText } from '../base/values'
import { typedTime } from '../base/format'
import { time_zone } from '../base/zone'
import { again, drop, outbox } from '../state/outbox'
import type { Command } from '../state/outbox'
import { correctedBy, events, events_changed } from '../state/record'
import { pins } from '../state/pins'
import { screen, select, selected, shown_event, write } from '../state/view'
import { units_by_uid } from '../state/tracks'
import { now } from '../state/clock'
import { names_known, timeOf } from '../state/incident'
import type { Fields } from '../net/incident'
import type { RecordEvent } from '../net/protocol'
import { Button, Clock } from '../ui/parts'

export interface LogLine {
  key: string
  at: number
  family: Family
  event?: RecordEvent
  waiting?: Command
}

/** Receipts say nothing that a commander reads line by line. */
const quiet = new Set(['chat.receipt'])
/** A chat line of this browser is among the newest when it comes back. */
const SAID_MAX = 500
/** On the record, but not what a commander reads while it happens: the log's own screen has them. */
export const minor = new Set(['source.registered', 'alarm.raised', 'alarm.escalated', 'count.reconciled', 'operator.login', 'client.connected', 'client.left'])

const line_of = new WeakMap<RecordEvent, LogLine>()

/** One object for an event: a list of fifty thousand is not made anew for each that comes. */
export function lineOf(event: RecordEvent): LogLine {
  const known = line_of.get(event)
  if (known) return known
  const line: LogLine = { key: 'e' + event.seq, at: event.at, family: familyOf(event), event }
  line_of.set(event, line)
  return line
}

/** What still waits in this browser, the newest first; a line that is on the record already waits no more. */
export const waiting_lines = computed<LogLine[]>(() => {
  void events_changed.value
  const waiting = outbox.value.filter((command) => command.kind !== 'acknowledge')
  if (waiting.length === 0) return []
  const said = new Set(events.slice(-SAID_MAX).map((event) => event.data?.['message_id']))
  return waiting.filter((command) => !said.has(command.id)).reverse()
    .map((command) => ({ key: 'w' + command.id, at: command.at, family: command.kind === 'chat' ? 'chat' as const : 'incident' as const, waiting: command }))
})

/**
 * The lines that `fits` lets through, oldest first, kept up to date: each event is looked at once. What is new is put
 * behind in the same list, what is older comes before; a record that begins anew is another list.
 */
export function makeFeed(fits: (line: LogLine) => boolean): () => readonly LogLine[] {
  let rows: LogLine[] = []
  let first = NaN
  let last = NaN
  const pick = (from: number, to: number) => events.slice(from, to).filter((event) => !quiet.has(event.kind)).map(lineOf).filter(fits)
  return () => {
    if (events.length === 0) {
      rows = []
      first = last = NaN
      return rows
    }
    const [oldest, newest] = [events[0]!.seq, events[events.length - 1]!.seq]
    if (!(oldest <= last) || newest < last) {
      rows = pick(0, events.length)
    } else {
      if (oldest < first) rows = [...pick(0, events.findIndex((event) => event.seq >= first)), ...rows]
      else if (oldest > first) rows = rows.filter((line) => line.event!.seq >= oldest)
      let from = events.length
      while (from > 0 && events[from - 1]!.seq > last) from--
      if (from < events.length) rows.push(...pick(from, events.length))
    }
    first = oldest
    last = newest
    return rows
  }
}

const described = new WeakMap<RecordEvent, { lang: string; names: number; zone: string; line: Line }>()

/** `describe` remembered: a row is drawn again at each scroll. Names and the time zone come with the incident, later than its first lines. */
export function describeLine(event: RecordEvent): Line {
  const known = described.get(event)
  if (known && known.lang === lang.value && known.names === names_known.value && known.zone === time_zone.value) return known.line
  const line = describe(event)
  described.set(event, { lang: lang.value, names: names_known.value, zone: time_zone.value, line })
  return line
}

export function waitingText(command: Command): string {
  const { to, text, kind, fields } = command.body
  if (command.kind === 'chat') return to === 'all' ? String(text) : `→ ${unitName(String(to))}: ${String(text)}`
  const values = Object.values((fields ?? {}) as Record<string, unknown>).filter((value) => typeof value === 'string' || typeof value === 'number')
  return joined([ours(kindText(String(kind))), ...values], ' · ')
}

/** A refused entry as a form again. */
function mend(command: Command): void {
  drop(command.id)
  write(String(command.body['kind']), asTyped(command.body['fields'] as Record<string, unknown>))
}

/** Fields of a command or an event as a form has them. */
export function asTyped(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => {
    if (typeof value === 'number') return [name, String(value)]
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return [name, typedTime(Date.parse(value))]
    return [name, value]
  }))
}

function Waiting(props: { command: Command }) {
  const { command } = props
  return (
    <div class="row waiting">
      <Clock at={command.at} />
      <span class="src">{command.refused === null ? t('chat.not_sent') : t('chat.refused')}</span>
      <span class="tx" dir="auto">{waitingText(command)}{command.refused && ` (${command.refused})`}</span>
      {command.refused !== null && (
        <span class="acts">
          {command.kind === 'incident' && <Button writes="writes" class="small" onClick={() => mend(command)}>{t('entry.mend')}</Button>}
          <Button writes="writes" class="small" onClick={() => again(command.id)}>{t('chat.again')}</Button>
          <Button class="small" onClick={() => drop(command.id)}>{t('chat.drop')}</Button>
        </span>
      )}
    </div>
  )
}

/** What is not sent yet stands above the log, and nothing scrolls it away. */
export function WaitingLines(props: { lines: readonly LogLine[] }) {
  if (props.lines.length === 0) return null
  return <ul class="waitinglines">{props.lines.map((line) => <li key={line.key}><Waiting command={line.waiting!} /></li>)}</ul>
}

/** When it was seen and said, who wrote it, how far it is believed, who may see it. */
function Meta(props: { fields: Fields; source: string }) {
  const { fields } = props
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  const time = (name: string) => (text(name) ? timeText(Date.parse(text(name)), now.peek()) : '')
  const about = fields['unc_s'] ? '≈' : ''
  const actor = text('actor') === props.source ? '' : text('actor')
  return (
    <span class="meta">
      {time('observed_at') && <span class="wide"><T k="log.observed" p={{ time: about + time('observed_at') }} /></span>}
      {time('reported_at') && <span class="wide"><T k="log.reported" p={{ time: time('reported_at') }} /></span>}
      {(actor || text('role')) && <span class="wide"><bdi>{joined([actor, text('role') && wordText(text('role'), 'role')], t('comma'))}</bdi></span>}
      {text('grade') && <b><bdi>{text('grade')}</bdi></b>}
      {text('class') && <span>{wordText(text('class'), 'class')}</span>}
    </span>
  )
}

const LATE_MS = 5 * 60_000

/** Entered long after it was seen: a line that was not there when others looked. */
function isLate(fields: Fields, at: number): boolean {
  return fields['late_entry'] === true || at - timeOf(fields['observed_at']) > LATE_MS
}

function Marks(props: { event: RecordEvent }) {
  const { event } = props
  const pinned = pins.value.includes(event.seq)
  const late = event.fields !== undefined && isLate(event.fields, event.at)
  if (!pinned && !late) return null
  return <span class="marks">{late && <i title={t('log.late_hint')}>{t('log.late')}</i>} {pinned && <i>{t('log.pinned')}</i>}</span>
}

/** A line; a click shows all of it on the log's own screen. Beside the map a chat line selects who said it. */
export function LogRow(props: { line: LogLine; seconds?: boolean; whole?: boolean }) {
  // The line stays the same object when a later one corrects it.
  void events_changed.value
  const { line } = props
  const event = line.event!
  const { source, text, level, unit, said: was_said } = describeLine(event)
  const corrected = correctedBy(event.seq)
  const known = !event.fields && unit !== '' && units_by_uid.has(unit)
  const chosen = shown_event.value === event.seq || (known && selected.value === unit)
  const open = () => {
    if (known && !props.whole) return select(unit)
    shown_event.value = event.seq
    screen.value = 'log'
  }
  return (
    <button
      type="button" class={`row ${event.fields ? 'entry' : ''} ${level} ${corrected ? 'corrected' : ''} ${chosen ? 'chosen' : ''}`} data-seq={event.seq} data-stop
      aria-current={chosen ? 'true' : undefined} onClick={open}
    >
      <Clock at={line.at} seconds={props.seconds ?? false} />
      <span class="src" dir="auto">{source}</span>
      <span class={was_said || event.fields ? 'tx said' : 'tx'} dir="auto">{corrected ? <><s>{text}</s> <b>{t('entry.corrected', { seq: corrected })}</b></> : text}</span>
      <span class="metas"><Marks event={event} />{event.fields && <Meta fields={event.fields} source={source} />}</span>
    </button>
  )
}
