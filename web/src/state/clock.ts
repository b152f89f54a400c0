// The server's clock is the one that counts. `now` is the moment on the screen, for text that shows an age: it beats
// once a second, and stands at a past moment while that is shown; `live_now` goes on.
//
// The clock of an exercise runs faster than ours: its pace is measured, so that between two messages the page
// neither stands still nor jumps. Every other server's clock runs as ours does, however late its messages come.
import { computed, signal } from '@preact/signals'
import { past_at } from './moment'
import { session } from './session'

/** A pace is believed when two measurements agree; one alone may be a quiet stretch that was passed over. */
const AGREE = 0.2
const SAMPLE_MS = 2_000
/** What only a wrong measurement would call fast. */
const FAST = 1.5
/** A beat is a second; more than that is a jump. */
const JUMP_MS = 2_000
/** Finer than that is only the jitter of the measurement. */
const STEP = 5

let at_server = 0
let at_local = 0
let sample = { server: 0, local: 0 }
let measured = 1

export const live_now = signal(Date.now())
export const now = computed(() => past_at.value ?? live_now.value)

/** How far this computer's clock is from the server's. */
export const skew_ms = signal(0)
/** How fast the server's clock runs: 1, or the speed of an exercise. */
export const pace = signal(1)

export function serverNow(local = Date.now()): number {
  return at_local === 0 ? local : at_server + (local - at_local) * pace.peek()
}

function measure(server_now: number, local: number): void {
  if (session.peek()?.server.exercise !== true) {
    sample = { server: server_now, local }
    measured = 1
    if (pace.peek() !== 1) pace.value = 1
    return
  }
  const passed = local - sample.local
  if (sample.local === 0 || passed < 0) {
    sample = { server: server_now, local }
    return
  }
  if (passed < SAMPLE_MS) return
  const it = (server_now - sample.server) / passed
  const agrees = Math.abs(it - measured) <= AGREE * Math.max(it, measured)
  measured = it
  sample = { server: server_now, local }
  if (!agrees) return
  const found = it > FAST ? Math.max(2, Math.round(it / STEP) * STEP) : 1
  if (found !== pace.peek()) pace.value = found
}

export function heardClock(server_now: number, local = Date.now()): void {
  measure(server_now, local)
  at_server = server_now
  at_local = local
  // Far from what is shown, as at first: that is not left standing until the next beat.
  if (Math.abs(serverNow(local) - live_now.peek()) > JUMP_MS) live_now.value = serverNow(local)
  const offset_ms = server_now - local
  if (Math.abs(offset_ms - skew_ms.peek()) > 500) skew_ms.value = offset_ms
}

/** What the server recorded at a moment has happened: its clock is not behind that. */
export function heardEvent(at: number, local = Date.now()): void {
  if (pace.peek() === 1 || at <= serverNow(local)) return
  at_server = at
  at_local = local
}

function beat(): void {
  live_now.value = serverNow()
  const next = pace.peek() === 1 ? 1000 - (live_now.peek() % 1000) : 1000
  window.setTimeout(beat, next)
}

if (typeof window !== 'undefined') beat()
