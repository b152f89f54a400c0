// What survives a reload in this browser: the last picture, and commands that the server has not
// confirmed. Without IndexedDB (private windows), or when it is full, both live in memory only.
import { signal } from '@preact/signals'
import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import type { IncidentMessage } from '../net/incident'
import type { Session, Snapshot } from '../net/protocol'
import type { Command } from './outbox'

interface Picture {
  at: number
  operator: string
  /** Whose picture it is, without the token: the page shows it before the server answers. */
  session?: Session
  snapshot: Snapshot
  /** Missing in a copy of an older page. */
  incidents?: IncidentMessage[]
}

interface Shelf extends DBSchema {
  picture: { key: string; value: Picture }
  outbox: { key: string; value: Command }
}

/** 'memory': a line that waits would be lost with the page. */
export const keeping = signal<'disk' | 'memory'>('disk')

let opened: Promise<IDBPDatabase<Shelf> | null> | null = null

/** Async, so that a browser without indexedDB is a rejection like any other. */
async function openShelf(): Promise<IDBPDatabase<Shelf>> {
  return openDB<Shelf>('cordon', 1, {
    upgrade(db) {
      db.createObjectStore('picture')
      db.createObjectStore('outbox', { keyPath: 'id' })
    },
  })
}

function shelf(): Promise<IDBPDatabase<Shelf> | null> {
  opened ??= openShelf().catch(() => null)
  return opened
}

export async function keepPicture(at: number, session: Session, snapshot: Snapshot, incidents: IncidentMessage[]): Promise<void> {
  const picture: Picture = { at, operator: session.operator!.name, session: { ...session, csrf: '' }, snapshot, incidents }
  await (await shelf())?.put('picture', picture, 'last').catch(() => undefined)
}

export async function lastPicture(operator?: string): Promise<Picture | null> {
  const it = await (await shelf())?.get('picture', 'last').catch(() => undefined)
  return it && (operator === undefined || it.operator === operator) ? it : null
}

export async function forgetPicture(): Promise<void> {
  await (await shelf())?.delete('picture', 'last').catch(() => undefined)
}

export async function keepCommand(command: Command): Promise<void> {
  const kept = await (await shelf())?.put('outbox', command).catch(() => undefined)
  keeping.value = kept === undefined ? 'memory' : 'disk'
}

export async function dropCommand(id: string): Promise<void> {
  await (await shelf())?.delete('outbox', id).catch(() => undefined)
}

export async function keptCommands(): Promise<Command[]> {
  return (await (await shelf())?.getAll('outbox').catch(() => [])) ?? []
}
