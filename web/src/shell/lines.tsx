// The log as lines, newest first: what the server recorded, and on top what still waits in this browser.
import { computed } from '@preact/signals'
import { describe, familyOf, unitName } from '../base/describe'
import type { Family, Line } from '../base/describe'
import { lang, T, t } from '../base/i18n'
import { kindText, timeText, wordText } from '../base/values'
import { typedTime } from '../base/format'
import { again, drop, outbox } from '../state/outbox'
import type { Command } from '../state/outbox'
import { correctedBy, events, events_changed } from '../state/record'
import { screen, select, selected, shown_event, write } from '../state/view'
import { units_by_uid } from '../state/tracks'
import { now } from '../state/clock'
import { names_known } from '../state/incident'
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
/** On the record, but not what a commander reads while it happens: the log's own screen has them. */
export const minor = new Set(['source.registered', 'alarm.raised', 'alarm.escalated', 'count.reconciled', 'operator.login', 'client.connected', 'client.left'])

function waitingLine(command: Command): LogLine {
  return { key: 'w' + command.id, at: command.at, family: command.kind === 'chat' ? 'chat' : 'incident', waiting: command }
}

export const lines = computed<LogLine[]>(() => {
  void events_changed.value
  const list: LogLine[] = []
  const said = new Set<unknown>()
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!
    if (event.kind === 'chat.said') said.add(event.data?.['message_id'])
    if (!quiet.has(event.kind)) list.push({ key: 'e' + event.seq, at: event.at, family: familyOf(event), event })
  }
  const waiting = outbox.value.filter((command) => command.kind !== 'acknowledge' && !said.has(command.id))
  return [
    ...waiting.map(waitingLine).reverse(),
    ...list,
  ]
})

const described = new WeakMap<RecordEvent, { lang: string; names: number; line: Line }>()

/** `describe` remembered: a row is drawn again at each scroll. */
export function describeLine(event: RecordEvent): Line {
  const known = described.get(event)
  if (known && known.lang === lang.value && known.names === names_known.value) return known.line
  const line = describe(event)
  described.set(event, { lang: lang.value, names: names_known.value, line })
  return line
}

export function waitingText(command: Command): string {
  const { to, text, kind, fields } = command.body
  if (command.kind === 'chat') return to === 'all' ? String(text) : `→ ${unitName(String(to))}: ${String(text)}`
  const values = Object.values((fields ?? {}) as Record<string, unknown>).filter((value) => typeof value === 'string' || typeof value === 'number')
  return [kindText(String(kind)), ...values].join(' · ')
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
          {command.kind === 'incident' && <Button class="small" onClick={() => mend(command)}>{t('entry.mend')}</Button>}
          <Button class="small" onClick={() => again(command.id)}>{t('chat.again')}</Button>
          <Button class="small" onClick={() => drop(command.id)}>{t('chat.drop')}</Button>
        </span>
      )}
    </div>
  )
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
      {(actor || text('role')) && <span class="wide"><bdi>{[actor, text('role') && wordText(text('role'), 'role')].filter(Boolean).join(', ')}</bdi></span>}
      {text('grade') && <b><bdi>{text('grade')}</bdi></b>}
      {text('class') && <span>{wordText(text('class'), 'class')}</span>}
    </span>
  )
}

/** A line of an incident; a click shows all of it on the log's own screen. */
function EntryRow(props: { line: LogLine; event: RecordEvent; seconds: boolean }) {
  const { event } = props
  const { source, text, level } = describeLine(event)
  const corrected = correctedBy(event.seq)
  return (
    <button
      type="button" class={`row entry ${level} ${corrected ? 'corrected' : ''} ${shown_event.value === event.seq ? 'chosen' : ''}`} data-seq={event.seq}
      onClick={() => {
        shown_event.value = event.seq
        screen.value = 'log'
      }}
    >
      <Clock at={props.line.at} seconds={props.seconds} />
      <span class="src" dir="auto">{source}</span>
      <span class="tx said" dir="auto">{corrected ? <><s>{text}</s> <b>{t('entry.corrected', { seq: corrected })}</b></> : text}</span>
      <Meta fields={event.fields!} source={source} />
    </button>
  )
}

export function LogRow(props: { line: LogLine; seconds?: boolean }) {
  const { line } = props
  if (line.waiting) return <Waiting command={line.waiting} />
  if (line.event!.fields) return <EntryRow line={line} event={line.event!} seconds={props.seconds ?? false} />
  const { source, text, level, unit, said } = describeLine(line.event!)
  const known = unit !== '' && units_by_uid.has(unit)
  const inside = (
    <>
      <Clock at={line.at} seconds={props.seconds ?? false} />
      <span class="src" dir="auto">{source}</span>
      <span class={said ? 'tx said' : 'tx'} dir="auto">{text}</span>
    </>
  )
  const style = `row ${level} ${known && selected.value === unit ? 'chosen' : ''}`
  if (!known) return <div class={style} data-seq={line.event!.seq}>{inside}</div>
  return <button type="button" class={style} data-seq={line.event!.seq} onClick={() => select(unit)}>{inside}</button>
}
