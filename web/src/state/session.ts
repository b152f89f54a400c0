import { signal } from '@preact/signals'
import type { Session } from '../net/protocol'

export const session = signal<Session | null>(null)

/** What the page waits for before it can show a form or the shell. */
export const boot = signal<'session' | 'unreachable' | 'ready'>('session')

/** True when the account has one of these roles. A server that tells no roles refuses by itself. */
export function hasRole(...roles: readonly string[]): boolean {
  const own = session.value?.operator?.roles
  return own === undefined || roles.some((role) => own.includes(role))
}

/** Whose only role is to look on: he gets a page of totals in the place of the shell. */
export function isObserver(): boolean {
  const own = session.value?.operator?.roles
  return own !== undefined && own.length > 0 && own.every((role) => role === 'observer')
}
