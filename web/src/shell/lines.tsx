// The log as lines, newest first: what the server recorded, and on top what still waits in this browser.
import { computed } from '@preact/signals'
import { describe, familyOf, unitName } from '../base/describe'
import type { Family, Line } from '../base/describe'
import { lang, t } from '../base/i18n'
import { again, drop, outbox } from '../state/outbox'
import type { Command } from '../state/outbox'
import { events, events_changed } from '../state/record'
import { select, selected } from '../state/view'
import { units_by_uid } from '../state/tracks'
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

export const lines = computed<LogLine[]>(() => {
  void events_changed.value
  const list: LogLine[] = []
  const said = new Set<unknown>()
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!
    if (event.kind === 'chat.said') said.add(event.data['message_id'])
    if (!quiet.has(event.kind)) list.push({ key: 'e' + event.seq, at: event.at, family: familyOf(event.kind), event })
  }
  const waiting = outbox.value.filter((command) => command.kind === 'chat' && !said.has(command.id))
  return [
    ...waiting.map((command): LogLine => ({ key: 'w' + command.id, at: command.at, family: 'chat', waiting: command })).reverse(),
    ...list,
  ]
})

const described = new WeakMap<RecordEvent, { lang: string; line: Line }>()

/** `describe` remembered: a row is drawn again at each scroll. */
export function describeLine(event: RecordEvent): Line {
  const known = described.get(event)
  if (known && known.lang === lang.value) return known.line
  const line = describe(event)
  described.set(event, { lang: lang.value, line })
  return line
}

function Waiting(props: { command: Command }) {
  const { command } = props
  const to = String(command.body['to'])
  const text = String(command.body['text'])
  return (
    <div class="row waiting">
      <Clock at={command.at} />
      <span class="src">{command.refused === null ? t('chat.not_sent') : t('chat.refused')}</span>
      <span class="tx" dir="auto">{to === 'all' ? text : `→ ${unitName(to)}: ${text}`}{command.refused && ` (${command.refused})`}</span>
      {command.refused !== null && (
        <span class="acts">
          <Button class="small" onClick={() => again(command.id)}>{t('chat.again')}</Button>
          <Button class="small" onClick={() => drop(command.id)}>{t('chat.drop')}</Button>
        </span>
      )}
    </div>
  )
}

export function LogRow(props: { line: LogLine; seconds?: boolean }) {
  const { line } = props
  if (line.waiting) return <Waiting command={line.waiting} />
  const { source, text, level, unit, said } = describeLine(line.event!)
  const known = unit !== '' && units_by_uid.has(unit)
  const inside = (
    <>
      <Clock at={line.at} seconds={props.seconds ?? false} />
      <span class="src"><bdi>{source}</bdi></span>
      <span class={said ? 'tx said' : 'tx'} dir="auto">{text}</span>
    </>
  )
  const style = `row ${level} ${known && selected.value === unit ? 'chosen' : ''}`
  if (!known) return <div class={style} data-seq={line.event!.seq}>{inside}</div>
  return <button type="button" class={style} data-seq={line.event!.seq} onClick={() => select(unit)}>{inside}</button>
}
