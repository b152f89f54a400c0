// "Needs a decision": open emergencies first, then what has an owner and something to be done about it. An emergency
// waits until an operator acknowledges it; an alarm of the server until its cause is gone, or an operator notes it
// here; an alarm of the incident until its acknowledgement is on the record; what contradicts itself until somebody
// resolves it; a statement until it is checked and approved; a phone until it is admitted. What was acknowledged and
// is not solved stays, calm, with who did.
import { computed, signal } from '@preact/signals'
import type { Duty, Entity, Finding } from '../net/incident'
import type { Alarm, Client, Emergency } from '../net/protocol'
import { duties, entitiesOf, entity, findings, live_duties, textOf, timeOf } from './incident'
import { past_at } from './moment'
import { answered } from './outbox'
import { alarms, emergencies, events, live_alarms, live_emergencies } from './record'
import { held_clients, mayWelcome } from './welcome'

export interface Attention {
  id: string
  level: 'crit' | 'warn' | 'calm'
  /** NaN: not known here. */
  since: number
  /** What is like it is told once. */
  group: string
  emergency?: Emergency
  alarm?: Alarm
  duty?: Duty
  finding?: Finding
  statement?: Entity
  held?: readonly Client[]
}

/** What was noted: id to the text that it had, so that a changed alarm asks again. */
const noted = signal<ReadonlyMap<string, string>>(new Map())
const mark = (alarm: Alarm) => alarm.level + alarm.text

export function note(alarm: Alarm): void {
  noted.value = new Map(noted.peek()).set(alarm.id, mark(alarm))
}

/** Alarms of an incident that are about a life now. */
const urgent = new Set(['mayday.open', 'mayday.prompt', 'par.fail', 'evacuation.unacked', 'critical.unread', 'command.vacant'])

const rank = { crit: 0, warn: 1, calm: 2 }
/** Among those of a level: who calls, what the clock says, what waits to go out, what does not fit. */
const kind = (it: Attention) => (it.emergency ? 0 : it.duty || it.alarm ? 1 : it.held || it.statement ? 2 : 3)

export function order(a: Attention, b: Attention): number {
  return rank[a.level] - rank[b.level] || kind(a) - kind(b) || (a.since || 0) - (b.since || 0)
}

/** When an event was recorded, as far as this page has it: events are in the order of their numbers. */
function timeOfEvent(seq: number | undefined): number {
  let [low, high] = [0, events.length - 1]
  while (seq !== undefined && low <= high) {
    const middle = (low + high) >> 1
    const found = events[middle]!
    if (found.seq === seq) return found.at
    if (found.seq < seq) low = middle + 1
    else high = middle - 1
  }
  return NaN
}

function dutyItem(duty: Duty): Attention {
  const acked = duty.acked || (past_at.value === null && answered.value.has(duty.id))
  const level = acked ? 'calm' : urgent.has(duty.rule) ? 'crit' : 'warn'
  return { id: 'duty:' + duty.id, level, since: timeOf(duty.since), group: `${duty.rule}:${level}`, duty }
}

function alarmItem(alarm: Alarm): Attention {
  const level = noted.value.get(alarm.id) === mark(alarm) ? 'calm' : alarm.level
  return { id: 'alarm:' + alarm.id, level, since: alarm.since, group: `${alarm.id.split(':')[0]}:${level}`, alarm }
}

function emergencyItem(emergency: Emergency): Attention {
  return { id: 'emergency:' + emergency.uid, level: emergency.acknowledged_by ? 'calm' : 'crit', since: emergency.raised, group: emergency.uid, emergency }
}

/** What contradicts itself; what only is not known yet has a list of its own. */
function findingItems(): Attention[] {
  return findings.value
    .filter((it) => !it.resolved && it.severity !== 'INFO' && it.rule !== 'essential.missing')
    .map((finding) => ({ id: 'finding:' + finding.id, level: 'warn' as const, since: timeOfEvent(finding.events.at(-1)), group: finding.rule.split('.')[0]!, finding }))
}

/** A draft that has lines waits for a second person, a checked one for the commander. */
function statementItems(): Attention[] {
  const lined = new Set(entitiesOf('line').map((line) => textOf(line, 'statement')))
  return entitiesOf('statement')
    .filter((it) => textOf(it, 'state') === 'checked' || (textOf(it, 'state') === 'draft' && lined.has(it.id)))
    .map((statement) => ({ id: 'statement:' + statement.id, level: 'warn' as const, since: timeOf(statement.fields['recorded_at']), group: 'statement', statement }))
}

function heldItems(): Attention[] {
  const held = held_clients.value
  if (held.length === 0 || !mayWelcome()) return []
  return [{ id: 'held', level: 'warn', since: Math.min(...held.map((it) => it.since)), group: 'held', held }]
}

interface Causes {
  emergencies: readonly Emergency[]
  alarms: readonly Alarm[]
  duties: readonly Duty[]
}

function listed(of: Causes, others: readonly Attention[]): Attention[] {
  // The server warns of a missing witness itself and says what to do: one item is enough.
  const witness = of.alarms.some((alarm) => alarm.id === 'witness')
  const asked = of.duties.filter((duty) => !witness || duty.rule !== 'log.no_witness')
  return [...of.emergencies.map(emergencyItem), ...of.alarms.map(alarmItem), ...asked.map(dutyItem), ...others].sort(order)
}

/** What needs a decision now, whatever moment is shown. */
export const live_attention = computed(() => {
  const others = past_at.value === null ? [...heldItems(), ...statementItems(), ...findingItems()] : []
  return listed({ emergencies: live_emergencies.value, alarms: live_alarms.value, duties: live_duties.value }, others)
})

/** The same as it stood at the moment on the screen. */
export const attention = computed(() => {
  if (past_at.value === null) return live_attention.value
  return listed({ emergencies: emergencies.value, alarms: alarms.value, duties: duties.value }, [...statementItems(), ...findingItems()])
})

/** Who acknowledged an alarm of the incident, and when. */
export function ackOf(duty: Duty): { by: string; at: number } {
  const it = entity('alarm', duty.id)
  return { by: textOf(it, 'by'), at: timeOf(it?.fields['recorded_at']) }
}

export const waiting = computed(() => attention.value.filter((item) => item.level !== 'calm').length)

export const unacknowledged = computed(() => emergencies.value.filter((it) => !it.acknowledged_by))
export const live_unacknowledged = computed(() => live_emergencies.value.filter((it) => !it.acknowledged_by))

/** What sounds: emergencies and Maydays that nobody acknowledged. */
export const audible = computed(() => [
  ...live_unacknowledged.value.map((it) => it.uid),
  ...live_attention.value.filter((item) => item.duty?.rule === 'mayday.open' && item.level !== 'calm').map((item) => item.id),
])
