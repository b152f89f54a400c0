// "Needs a decision": open emergencies first, then alarms. An emergency waits until an operator
// acknowledges it; an alarm of the server until its cause is gone, or an operator notes it here; an alarm of
// the incident until its acknowledgement is on the record (acknowledged ones stand on the list of alarms).
import { computed, signal } from '@preact/signals'
import type { Duty } from '../net/incident'
import type { Alarm, Emergency } from '../net/protocol'
import { duties, live_duties, timeOf } from './incident'
import { answered } from './outbox'
import { alarms, emergencies, live_alarms, live_emergencies } from './record'
import { past_at } from './moment'

export interface Attention {
  id: string
  level: 'crit' | 'warn' | 'calm'
  since: number
  emergency?: Emergency
  alarm?: Alarm
  duty?: Duty
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

export function order(a: Attention, b: Attention): number {
  return rank[a.level] - rank[b.level] || Number(!a.emergency) - Number(!b.emergency) || a.since - b.since
}

interface Causes {
  emergencies: readonly Emergency[]
  alarms: readonly Alarm[]
  duties: readonly Duty[]
  /** Alarms of the incident whose acknowledgement is on its way. */
  sent: ReadonlySet<string>
}

function listed(of: Causes): Attention[] {
  const list: Attention[] = []
  for (const emergency of of.emergencies) {
    const level = emergency.acknowledged_by ? 'calm' : 'crit'
    list.push({ id: 'emergency:' + emergency.uid, level, since: emergency.raised, emergency })
  }
  for (const alarm of of.alarms) {
    const level = noted.value.get(alarm.id) === mark(alarm) ? 'calm' : alarm.level
    list.push({ id: 'alarm:' + alarm.id, level, since: alarm.since, alarm })
  }
  // The server warns of a missing witness itself and says what to do: one item is enough.
  const witness = of.alarms.some((alarm) => alarm.id === 'witness')
  for (const duty of of.duties) {
    if (duty.acked || of.sent.has(duty.id) || (witness && duty.rule === 'log.no_witness')) continue
    list.push({ id: 'duty:' + duty.id, level: urgent.has(duty.rule) ? 'crit' : 'warn', since: timeOf(duty.since), duty })
  }
  return list.sort(order)
}

/** What needs a decision now, whatever moment is shown. */
export const live_attention = computed(() =>
  listed({ emergencies: live_emergencies.value, alarms: live_alarms.value, duties: live_duties.value, sent: answered.value }))

/** The same as it stood at the moment on the screen. */
export const attention = computed(() => {
  if (past_at.value === null) return live_attention.value
  return listed({ emergencies: emergencies.value, alarms: alarms.value, duties: duties.value, sent: new Set() })
})

export const waiting = computed(() => attention.value.filter((item) => item.level !== 'calm').length)

export const unacknowledged = computed(() => emergencies.value.filter((it) => !it.acknowledged_by))
export const live_unacknowledged = computed(() => live_emergencies.value.filter((it) => !it.acknowledged_by))

/** What sounds: emergencies and Maydays that nobody acknowledged. */
export const audible = computed(() => [
  ...live_unacknowledged.value.map((it) => it.uid),
  ...live_attention.value.filter((item) => item.duty?.rule === 'mayday.open').map((item) => item.id),
])

/**
 * `list` in the order of `shown` while somebody points at it: nothing moves under the pointer, what is
 * new goes below. Items that are gone leave.
 */
export function steady(list: Attention[], shown: readonly string[]): Attention[] {
  const place = new Map(shown.map((id, i) => [id, i]))
  return [...list].sort((a, b) => (place.get(a.id) ?? 1e9) - (place.get(b.id) ?? 1e9) || order(a, b))
}
