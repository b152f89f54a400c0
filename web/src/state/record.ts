// The record as the page has it: events in order without a gap, newest last, and what follows from
// them (open emergencies). Also the server's lists that come whole: clients and alarms.
import { signal } from '@preact/signals'
import type { Alarm, Client, Emergency, RecordEvent, Snapshot } from '../net/protocol'

/** The oldest ones are dropped past this; the log screen fetches them again when asked. */
const EVENTS_MAX = 20_000

export const events: RecordEvent[] = []
/** Counts changes of `events`. */
export const events_changed = signal(0)
export const emergencies = signal<readonly Emergency[]>([])
export const clients = signal<readonly Client[]>([])
export const alarms = signal<readonly Alarm[]>([])
/** True when there is nothing older than events[0]. */
export const reached_start = signal(false)

/** Whose emergency each one was, by its uid, also after it was closed. */
const callers = new Map<string, { unit_uid: string; from: string }>()

export function callerOf(uid: string): { unit_uid: string; from: string } | undefined {
  return callers.get(uid)
}

/** Which event corrected which one: number to number. */
const corrections = new Map<number, number>()

export function correctedBy(seq: number): number | undefined {
  return corrections.get(seq)
}

let last_seq: number | null = null

export function lastSeq(): number | null {
  return last_seq
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const number = (value: unknown) => (typeof value === 'number' ? value : null)

function remember(event: RecordEvent): void {
  const corrected = event.fields?.['supersedes']
  if (typeof corrected === 'number') corrections.set(corrected, event.seq)
  if (event.kind !== 'emergency.raised') return
  callers.set(text(event.data?.['uid']), { unit_uid: text(event.data?.['unit_uid']), from: text(event.data?.['from']) })
}

function follow(event: RecordEvent): void {
  remember(event)
  const uid = text(event.data?.['uid'])
  const others = () => emergencies.peek().filter((it) => it.uid !== uid)
  if (event.kind === 'emergency.raised') {
    emergencies.value = [...others(), {
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
  } else if (event.kind === 'emergency.cancelled') {
    emergencies.value = others()
  } else if (event.kind === 'emergency.acknowledged') {
    const by = text(event.data?.['by'])
    emergencies.value = emergencies.peek().map((it) =>
      it.uid === uid ? { ...it, acknowledged_by: by, acknowledged: event.at } : it)
  }
}

/** False when `event` does not follow the last one: something was missed. */
export function takeEvent(event: RecordEvent): boolean {
  if (last_seq !== null && event.seq <= last_seq) return true
  if (last_seq !== null && event.prev !== last_seq) return false
  last_seq = event.seq
  events.push(event)
  if (events.length > EVENTS_MAX) {
    events.splice(0, events.length - EVENTS_MAX)
    reached_start.value = false
  }
  follow(event)
  events_changed.value++
  return true
}

/** Events of a whole picture: they go on from ours, or replace them (false). */
export function takeSnapshot(snapshot: Snapshot, asked_after: number | null): boolean {
  const first = snapshot.events[0]
  const goes_on =
    asked_after !== null && asked_after === last_seq && (first ? first.prev === asked_after : snapshot.seq === asked_after)
  if (!goes_on) {
    events.length = 0
    reached_start.value = first ? first.prev === 0 : true
  }
  events.push(...snapshot.events)
  snapshot.events.forEach(remember)
  for (const { uid, unit_uid, from } of snapshot.emergencies) callers.set(uid, { unit_uid, from })
  last_seq = snapshot.seq
  emergencies.value = snapshot.emergencies
  clients.value = snapshot.clients ?? []
  alarms.value = snapshot.alarms ?? []
  events_changed.value++
  return goes_on
}

/** Older events, fetched by the log. */
export function takeOlder(older: RecordEvent[]): void {
  const first = events[0]?.seq ?? Infinity
  const fresh = older.filter((event) => event.seq < first)
  if (fresh.length === 0) reached_start.value = true
  events.unshift(...fresh)
  fresh.forEach(remember)
  if (events[0]?.prev === 0) reached_start.value = true
  events_changed.value++
}

export function clearRecord(): void {
  events.length = 0
  callers.clear()
  corrections.clear()
  last_seq = null
  emergencies.value = []
  clients.value = []
  alarms.value = []
  reached_start.value = false
  events_changed.value++
}
