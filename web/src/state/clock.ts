// The server's clock is the one that counts. `now` beats once a second, for text that shows an age.
import { signal } from '@preact/signals'

let offset_ms = 0

export const now = signal(Date.now())

/** How far this computer's clock is from the server's. */
export const skew_ms = signal(0)

export function serverNow(): number {
  return Date.now() + offset_ms
}

export function heardClock(server_now: number): void {
  offset_ms = server_now - Date.now()
  if (Math.abs(offset_ms - skew_ms.peek()) > 500) skew_ms.value = offset_ms
}

function beat(): void {
  now.value = serverNow()
  window.setTimeout(beat, 1000 - (serverNow() % 1000))
}

if (typeof window !== 'undefined') beat()
