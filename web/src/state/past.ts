// Replay: the screens at a past second, read only. The live picture goes on behind it.
//
//   now --R, slider, link--> asked for --all answered--> shown --Escape, "Back to now"--> now
//                               ^                          |
//                               +---- slider, play, . , ---+
//
// The server computes what stood then. All of a moment is shown at once: nothing of two moments stands side by side. One
// moment at a time is asked for; what was asked for meanwhile is replaced by what is wanted last, so that a slider may be
// pulled as fast as one likes.
import { batch, computed, effect, signal } from '@preact/signals'
import { advanced, countTo, nextStep, stepBefore } from '../base/timeline'
import type { Speed } from '../base/timeline'
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { Entity, Views } from '../net/incident'
import { serverNow } from './clock'
import { stopDrawing } from './drawing'
import { live_id, past_book, toBook } from './incident'
import { asQuery, as_role, past_at } from './moment'
import { PastLog } from './past_log'
import { PastTracks } from './past_tracks'
import { showRecord } from './record'
import { session } from './session'
import { askTimeline, forgetTimeline, timeline } from './timeline'
import { showUnits } from './tracks'
import { asked_at, screen } from './view'

export { as_role, may_write, past_at } from './moment'

/** The bar is open, though nothing may be shown yet. */
export const asking = signal(false)
export const past_error = signal('')
/** Where the slider stands: the moment that is wanted, which is shown as soon as it is here. */
export const wanted_at = signal<number | null>(null)
export const fetching = computed(() => wanted_at.value !== null && wanted_at.value !== past_at.value)
export const playing = signal(false)
export const speed = signal<Speed>(5)
/** False: this role read more than the operator may, and that is left out. */
export const as_whole = signal(true)
/** The hash of the state that is shown, by which two pages can be compared. */
export const state_hash = signal('')

/** How often a replay moves, and how old the computed figures may get meanwhile when nothing happens. */
const FRAME_MS = 100
const REFRESH_MS = 1_000

interface Moment {
  incident: string
  seq: number
  row: number
  hash: string
  whole: boolean
  as_whole?: boolean
  entities: readonly Entity[]
  views: Partial<Views>
}

let turn = 0
let busy = false
let log: PastLog | null = null
const tracks = new PastTracks()
/** Of what is on the screen. */
let shown = { row: 0, role: '', fetched_at: 0 }
let timer = 0

export function askPast(): void {
  asking.value = true
  void askTimeline()
}

/** The replay was left before any moment was asked for: its bar goes, and takes no key on another screen. */
export function leaveUnasked(): void {
  if (past_at.peek() === null && wanted_at.peek() === null) asking.value = false
}

export function pause(): void {
  playing.value = false
  clearInterval(timer)
}

export function backToNow(): void {
  turn++
  pause()
  log = null
  tracks.clear()
  batch(() => {
    asking.value = false
    past_error.value = ''
    wanted_at.value = past_at.value = past_book.value = null
    as_role.value = ''
    as_whole.value = true
    showUnits(null)
    showRecord(null)
  })
}

const base = () => `/api/incidents/${encodeURIComponent(live_id.peek())}`

function askMoment(at: number) {
  const known = past_book.peek()
  const goes_on = known !== null && past_at.peek() !== null && at >= past_at.peek()! && shown.role === as_role.peek()
  const since = goes_on ? `&since=${known.seq}` : ''
  return call<Moment>('GET', `${base()}/past?at=${encodeURIComponent(new Date(at).toISOString())}${since}${asQuery()}`)
}

/** Nothing was recorded since the moment that is shown, and its figures are fresh: only positions and ages move. */
function isQuiet(at: number): boolean {
  const events = timeline.peek()?.events
  const from = past_at.peek()
  if (!events || !playing.peek() || from === null || at < from || shown.role !== as_role.peek()) return false
  return performance.now() - shown.fetched_at < REFRESH_MS && countTo(events, at) === countTo(events, from)
}

/** Puts a moment on the screen, all of it. */
function put(at: number, moment: Moment, record: PastLog): void {
  const known = moment.whole ? undefined : past_book.peek() ?? undefined
  batch(() => {
    past_book.value = toBook({ type: 'incident', id: moment.incident, seq: moment.seq, whole: moment.whole, entities: moment.entities, views: moment.views }, known)
    as_whole.value = moment.as_whole ?? true
    state_hash.value = moment.hash
    past_at.value = at
    showUnits(tracks)
    showRecord(record.at(moment.row))
  })
  shown = { row: moment.row, role: as_role.peek(), fetched_at: performance.now() }
}

/** `overtaken`: meanwhile it was asked for as another role, or for now. */
type Outcome = 'shown' | 'failed' | 'overtaken'

async function show(at: number): Promise<Outcome> {
  const mine = turn
  if (isQuiet(at)) {
    await tracks.go(at)
    if (mine !== turn) return 'overtaken'
    batch(() => {
      past_at.value = at
      showUnits(tracks)
    })
    return 'shown'
  }
  const record = log ?? new PastLog(() => showRecord(record.at(shown.row)))
  log = record
  const [answer] = await Promise.all([askMoment(at), tracks.go(at)])
  if (mine !== turn) return 'overtaken'
  if (!answer.ok) {
    past_error.value = answer.detail || t(answer.status === 0 ? 'error.unreachable' : 'past.nothing')
    return 'failed'
  }
  if (!(await record.go(answer.data.row))) past_error.value = t('error.unreachable')
  if (mine !== turn) return 'overtaken'
  tracks.draw(record.drawnAt(answer.data.row))
  put(at, answer.data, record)
  return 'shown'
}

async function pump(): Promise<void> {
  if (busy) return
  busy = true
  while (wanted_at.peek() !== null && (wanted_at.peek() !== past_at.peek() || shown.role !== as_role.peek())) {
    const at = wanted_at.peek()!
    // What could not be had is not asked for again by itself.
    if ((await show(at)) === 'failed' && wanted_at.peek() === at) {
      pause()
      wanted_at.value = past_at.peek()
      break
    }
  }
  busy = false
  if (playing.peek() && past_at.peek() !== null) void tracks.prepare(past_at.peek()!, speed.peek())
}

/** Shows a moment; one after now is refused, one before the first event is the first event. */
export function showPast(at: number): Promise<void> {
  past_error.value = ''
  if (at > serverNow()) {
    past_error.value = t('past.future')
    return Promise.resolve()
  }
  asking.value = true
  stopDrawing()
  void askTimeline()
  wanted_at.value = Math.max(at, timeline.peek()?.events[0]?.at ?? at)
  return pump()
}

/** The same for a slider, which ends at now. */
export function scrubTo(at: number): void {
  void showPast(Math.min(at, serverNow()))
}

export function stepBy(ms: number): void {
  scrubTo((wanted_at.peek() ?? serverNow()) + ms)
}

/** Keys of the slider, and of the screen that has it; the longer step with Shift, the longest with Ctrl. */
export const scrub_keys: Readonly<Record<string, () => void>> = {
  ArrowLeft: () => stepBy(-1_000), ArrowRight: () => stepBy(1_000),
  'Shift+ArrowLeft': () => stepBy(-10_000), 'Shift+ArrowRight': () => stepBy(10_000),
  'Ctrl+ArrowLeft': () => stepBy(-60_000), 'Ctrl+ArrowRight': () => stepBy(60_000),
  Home: () => scrubTo(timeline.peek()?.events[0]?.at ?? serverNow()), End: () => scrubTo(serverNow()),
}

/** To the next event, or the one before. */
export function stepEvent(to: 1 | -1): void {
  const events = timeline.peek()?.events ?? []
  const at = wanted_at.peek() ?? serverNow()
  const found = to === 1 ? nextStep(events, at) : stepBefore(events, at)
  if (found) scrubTo(found.at)
}

/** The role whose screen is looked at; '': one's own. */
export function lookAs(role: string): void {
  if (role === as_role.peek()) return
  turn++
  as_role.value = role
  // What another role was given is another record.
  log = null
  tracks.clear()
  forgetTimeline()
  void askTimeline()
  if (wanted_at.peek() === null) scrubTo(serverNow())
  else void pump()
}

/** One step of a replay: `real_ms` of the operator's time have passed. */
export function tick(real_ms: number): void {
  const at = wanted_at.peek()
  if (!playing.peek() || at === null) return
  // What is shown stays behind when the server is slow: then the replay waits for it.
  if (busy) return
  const end = serverNow()
  wanted_at.value = advanced(at, real_ms, speed.peek(), end)
  if (wanted_at.peek() === end) pause()
  void pump()
}

export function play(): void {
  if (past_at.peek() === null || wanted_at.peek() === null) {
    const first = timeline.peek()?.events[0]
    if (first) scrubTo(first.at)
  }
  playing.value = true
  clearInterval(timer)
  let last = performance.now()
  timer = window.setInterval(() => {
    const now = performance.now()
    const passed = now - last
    last = now
    tick(passed)
  }, FRAME_MS)
}

export function playOrPause(): void {
  if (playing.peek()) pause()
  else play()
}

// The address asks for a moment as soon as it is known of which incident.
effect(() => {
  const at = asked_at.value
  if (at === null || live_id.value === '') return
  asked_at.value = null
  void showPast(at)
})

// Another incident, and what belongs to now alone (phones, accounts), are not of the past.
effect(() => {
  const left = past_book.value === null || screen.value === 'admin' || live_id.value !== past_book.value.id || !session.value?.operator
  if (left && past_at.peek() !== null) backToNow()
})

/** For measurements and tests: a replay's time passes when it is told so. */
if (typeof window !== 'undefined') {
  ;(window as unknown as { cordon_replay: unknown }).cordon_replay = {
    tick,
    /** From now on time passes by tick() alone. */
    hold: () => clearInterval(timer),
    hash: () => state_hash.peek(),
    shown: () => ({ at: past_at.peek(), wanted: wanted_at.peek(), busy, error: past_error.peek() }),
  }
}
