// Commands on their way to the server: chat lines, acknowledgements, and all that is entered about an
// incident. Each has an id made here, so that the server applies it once however often it is sent. A command
// leaves the outbox when the server says it is on disk; a refused one stays, with the reason, until the
// operator sends it again or drops it. Who waits for the outcome (a form) gets it and keeps nothing here.
import { computed, signal } from '@preact/signals'
import { t } from '../base/i18n'
import { saidText } from '../base/values'
import { call } from '../net/api'
import type { Answer } from '../net/api'
import { serverNow } from './clock'
import { incident_id, nextId, noteTaken } from './incident'
import { dropCommand, keepCommand, keptCommands } from './keep'
import { may_write } from './moment'
import { session } from './session'

export interface Command {
  id: string
  kind: 'chat' | 'acknowledge' | 'incident'
  path: string
  body: Record<string, unknown>
  /** Who wrote it: another operator at this browser neither sees nor sends it. */
  operator: string
  at: number
  refused: string | null
  /** An id that this page made up: another is made up when the server has it already. */
  numbered?: { entity: string; field: string; prefix: string }
  /** How many numbers the server had already. */
  tries?: number
  /** Fields that name what another command here makes, by that command's id: they change with its number. */
  of?: Record<string, string>
}

/** `waiting`: kept, and sent when the server is back. */
export type Outcome =
  | { is: 'done'; seq: number }
  | { is: 'refused'; detail: string; field: string; status: number }
  | { is: 'waiting' }

const all = signal<readonly Command[]>([])
export const outbox = computed(() => {
  const operator = session.value?.operator?.name
  return all.value.filter((command) => command.operator === operator)
})

const RETRY_MS = [1_000, 2_000, 4_000, 8_000]
const FULL = 507
const NOT_FOUND = 404
let sending = false
let attempt = 0
let timer = 0
/** When the last one here was made, ms: the next is younger, and a page that is loaded again has their order. */
let last_at = 0
const watchers = new Map<string, (outcome: Outcome) => void>()

export function uuid(): string {
  // crypto.randomUUID is missing on plain http, which a closed LAN may use.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function put(command: Omit<Command, 'id' | 'operator' | 'at' | 'refused'>): string {
  const id = uuid()
  last_at = Math.max(serverNow(), last_at + 1)
  const full: Command = {
    ...command,
    id,
    body: { ...command.body, id },
    operator: session.peek()?.operator?.name ?? '',
    at: last_at,
    refused: null,
  }
  all.value = [...all.peek(), full]
  void keepCommand(full)
  void flush()
  return id
}

export function say(to: string, text: string): void {
  if (!may_write.peek()) return
  put({ kind: 'chat', path: '/api/chat', body: { to, text } })
}

export function acknowledge(uid: string): void {
  if (!may_write.peek()) return
  const path = `/api/emergencies/${encodeURIComponent(uid)}/acknowledge`
  const waiting = all.peek().find((command) => command.path === path)
  if (!waiting) put({ kind: 'acknowledge', path, body: {} })
  else if (waiting.refused !== null) again(waiting.id)
}

/** The emergencies whose acknowledgement is on its way. */
export const acknowledging = computed(() => new Set(outbox.value
  .filter((command) => command.kind === 'acknowledge' && command.refused === null)
  .map((command) => command.path)))

export function isAcknowledging(uid: string): boolean {
  return acknowledging.value.has(`/api/emergencies/${encodeURIComponent(uid)}/acknowledge`)
}

export interface Entry {
  kind: string
  fields: Record<string, unknown>
  numbered?: Command['numbered']
  /** In a list that is entered at once: fields that name what an earlier one makes, by its place in the list. */
  of?: Record<string, number>
}

const pathOf = (entry: Entry) =>
  entry.kind === 'incident.opened' ? '/api/incidents' : `/api/incidents/${encodeURIComponent(incident_id.peek())}/commands`

/** Which incident it is stands in the address; only the one that is opened is named, beside the fields. */
function bodyOf(entry: Entry & { uid?: string }): Record<string, unknown> {
  const { incident, ...fields } = entry.fields
  const named = entry.kind === 'incident.opened' && incident !== undefined ? { incident } : {}
  return { kind: entry.kind, ...named, fields, ...(entry.uid === undefined ? {} : { uid: entry.uid }) }
}

/** Enters something about the incident on the screen; it is kept until the server has it. */
export function enter(entry: Entry): void {
  if (!may_write.peek()) return
  put({ kind: 'incident', path: pathOf(entry), body: bodyOf(entry), ...(entry.numbered ? { numbered: entry.numbered } : {}) })
}

/** The same, for a form: a refusal goes to it and is kept nowhere else. */
export function submit(entry: Entry & { uid?: string }, path = pathOf(entry)): Promise<Outcome> {
  if (!may_write.peek()) return Promise.resolve({ is: 'refused', detail: t('past.read_only'), field: '', status: 403 })
  return new Promise((resolve) => {
    const numbered = entry.numbered ? { numbered: entry.numbered } : {}
    const id = put({ kind: 'incident', path, body: bodyOf(entry), ...numbered })
    watchers.set(id, resolve)
  })
}

/** Several at once, each sent when those before it are on disk; the outcome is that of the first. When one is refused,
 * so is what names it. */
export function submitAll([first, ...rest]: readonly [Entry, ...Entry[]]): Promise<Outcome> {
  const outcome = submit(first)
  const ids = [all.peek().at(-1)?.id ?? '']
  if (!may_write.peek()) return outcome
  for (const entry of rest) {
    const of = Object.fromEntries(Object.entries(entry.of ?? {}).map(([field, at]) => [field, ids[at]!]))
    ids.push(put({ kind: 'incident', path: pathOf(entry), body: bodyOf(entry), ...(entry.numbered ? { numbered: entry.numbered } : {}), of }))
  }
  return outcome
}

/** False once a server said that it makes nothing of drawings. */
export const can_promote = signal(true)

/** A phone's drawing becomes a cordon, a closure, a zone, a hazard or a point. */
export async function promote(entry: Entry & { uid: string }): Promise<Outcome> {
  const outcome = await submit(entry, `/api/incidents/${encodeURIComponent(incident_id.peek())}/promote`)
  if (outcome.is === 'refused' && outcome.status === NOT_FOUND && outcome.detail === saidText('There is nothing under this address.')) can_promote.value = false
  return outcome
}

/** The alarms whose acknowledgement is on its way. */
export const answered = computed(() => new Set(outbox.value
  .filter((command) => command.body['kind'] === 'alarm.acked' && command.refused === null)
  .map((command) => String((command.body['fields'] as Record<string, unknown>)['alarm']))))

function change(id: string, to: Partial<Command>): void {
  all.value = all.peek().map((command) => (command.id === id ? { ...command, ...to } : command))
  const changed = all.peek().find((command) => command.id === (to.id ?? id))
  if (changed) void keepCommand(changed)
}

const followers = (id: string) => all.peek().filter((command) => Object.values(command.of ?? {}).includes(id))

export function again(id: string): void {
  for (const command of [...followers(id), { id }]) change(command.id, { refused: null })
  void flush()
}

function leave(id: string): void {
  all.value = all.peek().filter((command) => command.id !== id)
  void dropCommand(id)
}

export function drop(id: string): void {
  for (const command of [...followers(id), { id }]) leave(command.id)
}

function tell(id: string, outcome: Outcome): boolean {
  const watcher = watchers.get(id)
  watchers.delete(id)
  watcher?.(outcome)
  return watcher !== undefined
}

/** As far as a number goes on at once: 2 ** this. */
const STEP_MAX = 8

/** Somebody else took the number that this page made up: the next one, under a new id. Who sees nothing of that kind knows
 * of no number: the steps grow, so that hundreds are a few tries; a gap does no harm. */
function renumber(command: Command): void {
  const { entity, field, prefix } = command.numbered!
  const fields = command.body['fields'] as Record<string, unknown>
  const taken = Number(String(fields[field]).slice(prefix.length + 1))
  const tries = command.tries ?? 0
  const next = Number(nextId(entity, prefix).slice(prefix.length + 1))
  const id = uuid()
  const watcher = watchers.get(command.id)
  watchers.delete(command.id)
  if (watcher) watchers.set(id, watcher)
  void dropCommand(command.id)
  const name = `${prefix}-${Math.max(taken + 2 ** Math.min(tries, STEP_MAX), next)}`
  change(command.id, { id, tries: tries + 1, body: { ...command.body, id, fields: { ...fields, [field]: name } } })
  for (const one of followers(command.id)) {
    const names = Object.entries(one.of!).filter(([, of]) => of === command.id).map(([of]) => of)
    const renamed = Object.fromEntries(names.map((of) => [of, name]))
    change(one.id, {
      of: { ...one.of!, ...Object.fromEntries(names.map((of) => [of, id])) },
      body: { ...one.body, fields: { ...(one.body['fields'] as Record<string, unknown>), ...renamed } },
    })
  }
}

/** A number that this page made up is taken now. */
function took({ path, body, numbered }: Command): void {
  if (!numbered || !path.includes(`/${encodeURIComponent(incident_id.peek())}/`)) return
  noteTaken(numbered.entity, numbered.prefix, (body['fields'] as Record<string, unknown>)[numbered.field])
}

function refused(command: Command, answer: Extract<Answer<unknown>, { ok: false }>): void {
  if (answer.status === 409 && command.numbered && answer.field === command.numbered.field) return renumber(command)
  const detail = answer.detail || String(answer.status)
  if (tell(command.id, { is: 'refused', detail, field: answer.field, status: answer.status })) drop(command.id)
  else for (const one of [...followers(command.id), command]) change(one.id, { refused: detail })
}

/** What it names is not on its way any more: without that it would be refused, or name what another post made. */
function mayGo(command: Command): boolean {
  const named = Object.values(command.of ?? {})
  return command.refused === null && !all.peek().some((one) => named.includes(one.id))
}

const isForLater = (status: number) => [0, 401, 408, 429].includes(status) || (status >= 500 && status !== FULL)

/** Sends what waits, in order. A network failure, 408, 429 or 5xx is tried again later. */
export async function flush(): Promise<void> {
  if (sending) return
  sending = true
  clearTimeout(timer)
  try {
    for (;;) {
      const next = outbox.peek().find(mayGo)
      if (!next) return
      const answer = await call<{ seq: number }>('POST', next.path, next.body, { in_past: true })
      if (answer.ok) {
        attempt = 0
        leave(next.id)
        took(next)
        tell(next.id, { is: 'done', seq: answer.data.seq })
      } else if (isForLater(answer.status)) {
        for (const id of [...watchers.keys()]) tell(id, { is: 'waiting' })
        timer = window.setTimeout(() => void flush(), RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)])
        return
      } else {
        refused(next, answer)
      }
    }
  } finally {
    sending = false
  }
}

/** What an earlier page left goes on. */
export async function startOutbox(read = keptCommands): Promise<void> {
  const kept = await read()
  const known = new Set(all.peek().map((command) => command.id))
  all.value = [...kept.filter((command) => !known.has(command.id)), ...all.peek()].sort((a, b) => a.at - b.at)
  last_at = Math.max(last_at, ...kept.map((command) => command.at))
  void flush()
}
