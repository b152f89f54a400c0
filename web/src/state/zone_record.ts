// What the record says of one zone, newest first: asked of the server once for an incident, then followed live.
import { signal } from '@preact/signals'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { incident_id } from './incident'
import { past_at } from './past'
import { events, events_changed, lastSeq } from './record'

const KINDS = [
  'zone.search_started', 'zone.search_ended', 'zone.confirmed', 'zone.held', 'zone.hold_released', 'zone.voided', 'zone.no_go', 'zone.no_go_lifted',
  'unit.entered_zone', 'unit.left_zone', 'threat.reported', 'threat.updated', 'threat.accounted', 'hazard.reported', 'detonation.reported',
  'mayday.declared', 'casualty.reported', 'casualty.moved', 'deconfliction.requested', 'zone.merged', 'zone.defined', 'report.placed',
]
const kinds = new Set(KINDS)
const LIMIT = 1_000

/** Older than what the page has of the record by itself, of one incident. */
const fetched = signal<{ incident: string; events: readonly RecordEvent[] }>({ incident: '', events: [] })
export const zone_record_state = signal<'' | 'asking' | 'failed'>('')

export async function askZoneRecord(): Promise<void> {
  const incident = incident_id.peek()
  if (incident === '' || fetched.peek().incident === incident || zone_record_state.peek() === 'asking') return
  zone_record_state.value = 'asking'
  const answer = await call<{ events: RecordEvent[] }>(
    'GET', `/api/incidents/${encodeURIComponent(incident)}/events?before=${(lastSeq() ?? 0) + 1}&limit=${LIMIT}&kinds=${KINDS.join(',')}`,
  )
  if (answer.ok) fetched.value = { incident, events: answer.data.events }
  zone_record_state.value = answer.ok ? '' : 'failed'
}

const isOf = (event: RecordEvent, zone: string) => event.fields?.['zone'] === zone || (Array.isArray(event.fields?.['zones']) && (event.fields['zones'] as string[]).includes(zone))

/** Every line about a zone that the page can see, up to the moment that is shown. */
export function zoneRecord(zone: string): RecordEvent[] {
  void events_changed.value
  const incident = incident_id.value
  const older = fetched.value.incident === incident ? fetched.value.events : []
  const known = new Map<number, RecordEvent>()
  for (const event of [...older, ...events]) {
    if (!kinds.has(event.kind) || !isOf(event, zone) || event.at > (past_at.value ?? Infinity)) continue
    if (event.incident === undefined || event.incident === incident) known.set(event.seq, event)
  }
  return [...known.values()].sort((a, b) => b.seq - a.seq)
}
