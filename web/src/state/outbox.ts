// Commands on their way to the server: chat lines and acknowledgements. Each has an id made here, so
// that the server applies it once however often it is sent. A command leaves the outbox when the server
// says it is on disk; a refused one stays, with the reason, until the operator sends it again or drops it.
import { computed, signal } from '@preact/signals'
import { call } from '../net/api'
import { serverNow } from './clock'
import { dropCommand, keepCommand, keptCommands } from './keep'
import { session } from './session'

export interface Command {
  id: string
  kind: 'chat' | 'acknowledge'
  path: string
  body: Record<string, unknown>
  /** Who wrote it: another operator at this browser neither sees nor sends it. */
  operator: string
  at: number
  refused: string | null
}

const all = signal<readonly Command[]>([])
export const outbox = computed(() => {
  const operator = session.value?.operator?.name
  return all.value.filter((command) => command.operator === operator)
})

const RETRY_MS = [1_000, 2_000, 4_000, 8_000]
let sending = false
let attempt = 0
let timer = 0

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
  const full: Command = {
    ...command,
    id,
    body: { ...command.body, id },
    operator: session.peek()?.operator?.name ?? '',
    at: serverNow(),
    refused: null,
  }
  all.value = [...all.peek(), full]
  void keepCommand(full)
  void flush()
  return id
}

export function say(to: string, text: string): string {
  return put({ kind: 'chat', path: '/api/chat', body: { to, text } })
}

export function acknowledge(uid: string): void {
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

function change(id: string, refused: string | null): void {
  all.value = all.peek().map((command) => (command.id === id ? { ...command, refused } : command))
  const changed = all.peek().find((command) => command.id === id)
  if (changed) void keepCommand(changed)
}

export function again(id: string): void {
  change(id, null)
  void flush()
}

export function drop(id: string): void {
  all.value = all.peek().filter((command) => command.id !== id)
  void dropCommand(id)
}

/** Sends what waits, in order. A network failure, 408, 429 or 5xx is tried again later. */
export async function flush(): Promise<void> {
  if (sending) return
  sending = true
  clearTimeout(timer)
  try {
    for (;;) {
      const next = outbox.peek().find((command) => command.refused === null)
      if (!next) return
      const answer = await call<{ seq: number }>('POST', next.path, next.body)
      if (answer.ok) {
        attempt = 0
        drop(next.id)
      } else if ([0, 401, 408, 429].includes(answer.status) || answer.status >= 500) {
        timer = window.setTimeout(() => void flush(), RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)])
        return
      } else {
        change(next.id, answer.detail || String(answer.status))
      }
    }
  } finally {
    sending = false
  }
}

export async function startOutbox(): Promise<void> {
  const kept = await keptCommands()
  const known = new Set(all.peek().map((command) => command.id))
  all.value = [...kept.filter((command) => !known.has(command.id)), ...all.peek()].sort((a, b) => a.at - b.at)
  void flush()
}
