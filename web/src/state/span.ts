// From the incident's first event to now: what the slider goes over. The end moves by whole minutes, so that nothing
// that is drawn over it is drawn anew each second.
import { computed } from '@preact/signals'
import { live_now } from './clock'
import { timeline } from './timeline'

const MINUTE_MS = 60_000

export const span = computed(() => {
  const first = timeline.value?.events[0]
  if (!first) return null
  return { from: first.at, to: Math.max(first.at + MINUTE_MS, Math.ceil(live_now.value / MINUTE_MS) * MINUTE_MS) }
})
