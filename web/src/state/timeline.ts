// The timeline of the incident on the screen: fetched whole, then continued with what comes in live.
import { effect, signal } from '@preact/signals'
import { toTimeline } from '../base/timeline'
import type { Happened, Timeline, TimelineMessage } from '../base/timeline'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { live_id, timeOf } from './incident'
import { asQuery } from './moment'
import { events_changed, liveEvents } from './record'

/** Figures are computed by the server as it reads the record: they are asked for again after that. */
const FRESH_MS = 60_000

export const timeline = signal<Timeline | null>(null)
export const timeline_error = signal('')
let asked_at = 0
let asked_for = ''
let turn = 0

export async function askTimeline(): Promise<void> {
  const id = live_id.peek()
  const wanted = id + asQuery()
  const now = performance.now()
  if (id === '' || (asked_for === wanted && now - asked_at < FRESH_MS)) return
  asked_for = wanted
  asked_at = now
  const mine = ++turn
  const answer = await call<TimelineMessage>('GET', `/api/incidents/${encodeURIComponent(id)}/timeline?${asQuery().slice(1)}`)
  if (mine !== turn) return
  if (!answer.ok) {
    asked_for = ''
    timeline_error.value = answer.detail || String(answer.status)
    return
  }
  timeline_error.value = ''
  timeline.value = toTimeline(answer.data)
}

export function forgetTimeline(): void {
  turn++
  asked_for = ''
  timeline.value = null
}

function happened(event: RecordEvent): Happened {
  return { seq: event.seq, at: event.at, observed: timeOf(event.fields?.['observed_at']) || 0, kind: event.kind }
}

// What comes in live goes on at its end.
effect(() => {
  void events_changed.value
  const known = timeline.value
  if (!known) return
  const head = known.events.at(-1)?.seq ?? 0
  const list = liveEvents()
  const fresh: Happened[] = []
  for (let i = list.length - 1; i >= 0 && list[i]!.seq > head; i--) {
    if (list[i]!.incident === known.incident) fresh.push(happened(list[i]!))
  }
  if (fresh.length > 0) timeline.value = { ...known, events: [...known.events, ...fresh.reverse()] }
})
