// Lines that this operator keeps in sight: in this browser only, for him alone. The record knows nothing of it.
import { computed, signal } from '@preact/signals'
import { incident_id } from './incident'
import { session } from './session'

const PINS_MAX = 20
const changed = signal(0)
const name = () => `cordon.pins.${session.value?.operator?.name ?? ''}.${incident_id.value}`

export const pins = computed<readonly number[]>(() => {
  void changed.value
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(name()) ?? '[]')
    return Array.isArray(kept) ? kept.filter((seq): seq is number => typeof seq === 'number') : []
  } catch {
    // Storage switched off, or not ours: nothing is pinned.
    return []
  }
})

/** The newest pin is on top; the oldest makes room. */
export function togglePin(seq: number): void {
  const next = pins.peek().includes(seq) ? pins.peek().filter((it) => it !== seq) : [seq, ...pins.peek()].slice(0, PINS_MAX)
  try {
    localStorage.setItem(name(), JSON.stringify(next))
  } catch {
    // See above.
  }
  changed.value++
}
