// Which moment the screens show, and as which role: now and one's own, or the past. What a screen shows comes from
// here, from what the server told (incident.ts, tracks.ts, record.ts), or from past.ts, which swaps all of it at once.
import { computed, signal } from '@preact/signals'

/** null: now. */
export const past_at = signal<number | null>(null)
/** Nothing of the past can be changed: whoever writes asks here. */
export const may_write = computed(() => past_at.value === null)
/** What this role's screen knew; '': one's own. */
export const as_role = signal('')

/** "&as=medical" for a call whose answer depends on who reads it. */
export function asQuery(): string {
  return as_role.peek() ? `&as=${encodeURIComponent(as_role.peek())}` : ''
}
