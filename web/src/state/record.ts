// The record as the page has it: events in order without a gap, newest last, and what follows from
// them (open emergencies). Also the server's lists that come whole: clients and alarms.
//
// `events`, `emergencies` and `alarms` are what the screens show: the live ones, or those of a past moment
// (showRecord). The live ones go on behind it.
import { computed, signal } from '@preact/signals'
import type { Alarm, Client, Emergency, RecordEvent, Snapshot } from '../net/protocol'

/** The oldest ones are dropped past this; the log screen fetches them again when asked. */
const EVENTS_MAX = 60_000

/** A past moment of the record: its last events, and what was open. */
export interface PastRecord {
  /** The last row of the record by then. */
  row: number
  events: readonly RecordEvent[]
  emergencies: readonly Emergency[]
  reached_start: boolean
  /** What was fetched of older events belongs to it. */
  takeOlder(older: readonly RecordEvent[]): void
}

const live_events: RecordEvent[] = []
export let events: readonly RecordEvent[] = live_events
/** Counts changes of `events`. */
export const events_changed = signal(0)
const past = signal<PastRecord | null>(null)
export const live_emergencies = signal<readonly Emergency[]>([])
export const emergencies = computed(() => past.value?.emergencies ?? live_emergencies.value)
export const clients = signal<readonly Client[]>([])
export const live_alarms = signal<readonly Alarm[]>([])
/** What the server itself warned of is not on the record: of the past none is known. */
export const alarms = computed<readonly Alarm[]>(() => (past.value ? [] : live_alarms.value))
const live_reached_start = signal(false)
/** True when there is nothing older than events[0]. */
export const reached_start = computed(() => past.value?.reached_start ?? live_reached_start.value)

/** Shows the record as it stood; null: as it stands. */
export function showRecord(it: PastRecord | null): void {
  past.value = it
  events = it?.events ?? live_events
  events_changed.value++
}

export function liveEvents(): readonly RecordEvent[] {
  return live_events
}

/** Whose emergency each one was, by its uid, also after it was closed. */
const callers = new Map<string, { unit_uid: string; from: string }>()

export function callerOf(uid: string): { unit_uid: string; from: string } | undefined {
  return callers.get(uid)
}

/** Which events corrected which one. */
const corrections = new Map<number, Set<number>>()

export function correctedBy(seq: number): number | undefined {
  // What was corrected later stood uncorrected then.
  const by = [...corrections.get(seq) ?? []].filter((it) => it <= (past.value?.row ?? Infinity))
  return by.length > 0 ? Math.max(...by) : undefined
}

let last_seq: number | null = null

export function lastSeq(): number | null {
  return last_seq
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const number = (value: unknown) => (typeof value === 'number' ? value : null)

/** What later lines need to know of this one. */
export function remember(event: RecordEvent): void {
  const corrected = event.fields?.['supersedes']
  if (typeof corrected === 'number') corrections.set(corrected, (corrections.get(corrected) ?? new Set()).add(event.seq))
  if (event.kind !== 'emergency.raised') return
  callers.set(text(event.data?.['uid']), { unit_uid: text(event.data?.['unit_uid']), from: text(event.data?.['from']) })
}

/** The open emergencies after an event. */
export function afterEvent(open: readonly Emergency[], event: RecordEvent): readonly Emergency[] {
  const uid = text(event.data?.['uid'])
  const others = () => open.filter((it) => it.uid !== uid)
  if (event.kind === 'emergency.raised') {
    return [...others(), {
      uid,
      unit_uid: text(event.data?.['unit_uid']),
      from: text(event.data?.['from']),
      type: text(event.data?.['type']),
      text: text(event.data?.['text']),
      lat: number(event.data?.['lat']),
      lon: number(event.data?.['lon']),
      raised: event.at,
      acknowledged_by: null,
      acknowledged: null,
    }]
  }
  if (event.kind === 'emergency.cancelled') return others()
  if (event.kind !== 'emergency.acknowledged') return open
  const by = text(event.data?.['by'])
  return open.map((it) => (it.uid === uid ? { ...it, acknowledged_by: by, acknowledged: event.at } : it))
}

/** False when `event` does not follow the last one: something was missed. */
export function takeEvent(event: RecordEvent): boolean {
  if (last_seq !== null && event.seq <= last_seq) return true
  if (last_seq !== null && event.prev !== last_seq) return false
  last_seq = event.seq
  live_events.push(event)
  if (live_events.length > EVENTS_MAX) {
    live_events.splice(0, live_events.length - EVENTS_MAX)
    live_reached_start.value = false
  }
  remember(event)
  live_emergencies.value = afterEvent(live_emergencies.peek(), event)
  events_changed.value++
  return true
}

/** Events of a whole picture: they go on from ours, or replace them (false). */
export function takeSnapshot(snapshot: Snapshot, asked_after: number | null): boolean {
  const first = snapshot.events[0]
  const goes_on =
    asked_after !== null && asked_after === last_seq && (first ? first.prev === asked_after : snapshot.seq === asked_after)
  if (!goes_on) {
    live_events.length = 0
    live_reached_start.value = first ? first.prev === 0 : true
  }
  live_events.push(...snapshot.events)
  snapshot.events.forEach(remember)
  for (const { uid, unit_uid, from } of snapshot.emergencies) callers.set(uid, { unit_uid, from })
  last_seq = snapshot.seq
  live_emergencies.value = snapshot.emergencies
  clients.value = snapshot.clients ?? []
  live_alarms.value = snapshot.alarms ?? []
  events_changed.value++
  return goes_on
}

/** Older events, fetched by the log. */
export function takeOlder(older: RecordEvent[]): void {
  if (past.peek()) {
    past.peek()!.takeOlder(older)
    return
  }
  const first = live_events[0]?.seq ?? Infinity
  const fresh = older.filter((event) => event.seq < first)
  if (fresh.length === 0) live_reached_start.value = true
  live_events.unshift(...fresh)
  fresh.forEach(remember)
  if (live_events[0]?.prev === 0) live_reached_start.value = true
  events_changed.value++
}

export function clearRecord(): void {
  live_events.length = 0
  callers.clear()
  corrections.clear()
  last_seq = null
  live_emergencies.value = []
  clients.value = []
  live_alarms.value = []
  live_reached_start.value = false
  events_changed.value++
}
