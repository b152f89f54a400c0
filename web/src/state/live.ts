// Ties the link to the stores: what each message changes, how the connection stands, and the copy of
// the picture that this browser keeps.
import { effect, signal } from '@preact/signals'
import { call } from '../net/api'
import { Link } from '../net/link'
import type { LinkState } from '../net/link'
import type { Message, Session, Snapshot } from '../net/protocol'
import { askPage } from './build'
import { heardClock, heardEvent, now, serverNow } from './clock'
import { forgetPicture, keepPicture, lastPicture } from './keep'
import { clearIncidents, expectIncidents, incidentMessages, takeIncident } from './incident'
import { flush } from './outbox'
import { clearRecord, clients, lastSeq, liveEvents, live_alarms, live_emergencies, takeEvent, takeSnapshot } from './record'
import { session } from './session'
import { clearUnits, dropUnits, moved, replaceUnits, takePosition, takeUnits, unitMessages } from './tracks'

export const link_state = signal<LinkState>('connecting')
/** Server's time of the last message; the picture on the screen is of this moment. */
export const picture_at = signal(0)
/** This computer's time when the server was lost, 0 while it is there. */
export const lost_since = signal(0)
export const retry_at = signal(0)

const KEEP_EVERY_MS = 20_000
const KEEP_EVENTS = 200
let kept_at = 0

function apply(message: Message, asked_after: number | null): boolean {
  switch (message.type) {
    case 'snapshot':
      heardClock(message.now)
      replaceUnits(message.units)
      if (!takeSnapshot(message, asked_after)) clearIncidents()
      expectIncidents(message.events.some((event) => event.incident !== undefined))
      if (session.value) session.value = { ...session.value, server: message.server }
      break
    case 'units':
      takeUnits(message.units)
      break
    case 'gone':
      dropUnits(message.units)
      break
    case 'event':
      if (!takeEvent(message.event)) return false
      heardEvent(message.event.at)
      break
    case 'clients':
      clients.value = message.clients
      break
    case 'alarms':
      live_alarms.value = message.alarms
      break
    case 'incident':
      takeIncident(message)
      break
    case 'tick':
      heardClock(message.now)
      break
  }
  heard()
  return true
}

function heard(): void {
  picture_at.value = serverNow()
  if (Date.now() - kept_at > KEEP_EVERY_MS) keep()
}

function keep(): void {
  const whose = session.peek()
  const seq = lastSeq()
  if (!whose?.operator || seq === null || link_state.peek() !== 'live') return
  kept_at = Date.now()
  void keepPicture(picture_at.peek(), whose, {
    type: 'snapshot',
    now: picture_at.peek(),
    seq,
    server: whose.server,
    units: unitMessages(),
    emergencies: [...live_emergencies.peek()],
    events: liveEvents().slice(-KEEP_EVENTS),
    clients: [...clients.peek()],
    alarms: [...live_alarms.peek()],
  }, incidentMessages())
}

/** A server that was started again has a new CSRF token. False when the session is over. */
async function askSession(): Promise<boolean> {
  const answer = await call<Session>('GET', '/api/session')
  if (!answer.ok) return true
  session.value = answer.data
  void askPage()
  // Whose session has ended has no right to its picture either.
  if (!answer.data.operator) void forgetPicture()
  return answer.data.operator !== null
}

export const link = new Link(location.origin.replace(/^http/, 'ws') + '/ws', {
  after: lastSeq,
  message: apply,
  state(state, at) {
    retry_at.value = at
    if (state === 'live') {
      const was_lost = lost_since.peek() !== 0
      lost_since.value = 0
      link_state.value = 'live'
      if (!was_lost) void askPage()
      void (was_lost ? askSession() : Promise.resolve(true)).then(flush)
    } else if (state === 'lost') {
      keep()
      if (link_state.peek() === 'live' || !lost_since.peek()) lost_since.value = link.last_heard
      link_state.value = 'lost'
    } else if (!lost_since.peek()) {
      link_state.value = 'connecting'
    }
  },
  mayRetry: askSession,
  frame(now) {
    heardClock(now)
    heard()
    moved.value++
  },
  position: takePosition,
})

/** Shows the kept picture, greyed by its age, until the server's own arrives. */
async function showKept(operator: string): Promise<void> {
  const kept = await lastPicture(operator)
  if (!kept || link_state.peek() === 'live') return
  const snapshot: Snapshot = kept.snapshot
  replaceUnits(snapshot.units)
  takeSnapshot(snapshot, null)
  kept.incidents?.forEach(takeIncident)
  picture_at.value = kept.at
}

/** The kept picture's operator, when the server does not answer at the start: the shell shows it as lost. */
export async function startFromKept(): Promise<boolean> {
  const kept = await lastPicture()
  if (!kept?.session) return false
  session.value = kept.session
  lost_since.value = Date.now()
  return true
}

export function startLive(operator: string): void {
  link_state.value = lost_since.peek() ? 'lost' : 'connecting'
  void showKept(operator).then(() => link.open())
}

export async function logOut(): Promise<void> {
  await call('POST', '/api/logout', undefined, { in_past: true })
  link.close()
  clearUnits()
  clearRecord()
  clearIncidents()
  await forgetPicture()
  const answer = await call<Session>('GET', '/api/session')
  session.value = answer.ok ? answer.data : session.peek() && { ...session.peek()!, operator: null }
}

/** Back from sleep, or from being frozen by the browser: first whether the picture is old, then the next try at once. */
function awake(): void {
  link.check()
  link.retryNow()
}

// Before the clock on the screen goes on, it is known whether the picture under it is old.
effect(() => {
  void now.value
  link.check()
})
addEventListener('online', awake)
addEventListener('pageshow', awake)
document.addEventListener('resume', awake)
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') keep()
  else awake()
})
