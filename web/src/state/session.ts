import { signal } from '@preact/signals'
import type { Session } from '../net/protocol'

export const session = signal<Session | null>(null)

/** What the page waits for before it can show a form or the shell. */
export const boot = signal<'session' | 'unreachable' | 'ready'>('session')
