// The incidents that the server told of: entities by kind and id, and its views. One is on the screen: the
// newest open one, until the operator chooses another.
//
// The server computes what follows from the record; the page only shows it. An entity that changed is a new
// object, so that what was drawn from the old one is known to be old.
import { computed, effect, signal } from '@preact/signals'
import { time_zone } from '../base/zone'
import { now } from './clock'
import type { Entity, IncidentMessage, Value, Views } from '../net/incident'

export interface Book {
  id: string
  seq: number
  entities: Map<string, Map<string, Entity>>
  views: Partial<Views>
}

const books = signal<ReadonlyMap<string, Book>>(new Map())
const chosen = signal('')

/** How far an incident's name in a list orders before another: open ones first, then the newest. */
function order(a: Book, b: Book): number {
  const open = (book: Book) => Number(book.views.strip?.state !== 'closed')
  const made = (book: Book) => book.entities.get('incident')?.get(book.id)?.made ?? 0
  return open(b) - open(a) || made(b) - made(a)
}

const listed = computed(() => [...books.value.values()].sort(order))
const live_book = computed(() => books.value.get(chosen.value) ?? listed.value[0])
/** A past moment that is shown in the place of now (past.ts). */
export const past_book = signal<Book | null>(null)
const book = computed(() => past_book.value ?? live_book.value)
/** What ages on the boards are counted to. */
export const shown_now = now

export const incidents = computed(() => listed.value.map((it) => ({ id: it.id, strip: it.views.strip })))
export const incident_id = computed(() => book.value?.id ?? '')
export const strip = computed(() => book.value?.views.strip ?? null)
export const live_id = computed(() => live_book.value?.id ?? '')
export const counters = computed(() => book.value?.views.counters ?? null)
export const findings = computed(() => book.value?.views.findings?.findings ?? [])
export const duties = computed(() => book.value?.views.alarms?.alarms ?? [])
/** Those that ask for an answer now, whatever moment is shown. */
export const live_duties = computed(() => live_book.value?.views.alarms?.alarms ?? [])
export const par = computed(() => book.value?.views.par ?? null)
export const floors = computed(() => book.value?.views.floors?.structures ?? [])
export const gaps = computed(() => book.value?.views.gaps?.gaps ?? [])
export const release = computed(() => book.value?.views.release ?? null)

/** How many places and sources have names by now: what was said about them before reads better now. */
export const names_known = computed(() => ['zone', 'point', 'source', 'structure'].reduce((n, kind) => n + (book.value?.entities.get(kind)?.size ?? 0), 0))

effect(() => {
  time_zone.value = textOf(entity('incident', incident_id.value), 'time_zone')
})

export function chooseIncident(id: string): void {
  past_book.value = null
  chosen.value = id
}

/** What a message says, over what was known. */
export function toBook(message: IncidentMessage, known?: Book): Book {
  const entities = new Map(known?.entities)
  const copied = new Set<string>()
  for (const entity of message.entities) {
    if (!copied.has(entity.kind)) {
      entities.set(entity.kind, new Map(entities.get(entity.kind)))
      copied.add(entity.kind)
    }
    entities.get(entity.kind)!.set(entity.id, entity)
  }
  return { id: message.id, seq: message.seq, entities, views: { ...known?.views, ...message.views } }
}

/** True while the server is not known to have none: before it said anything, and from when it has one until that comes. */
const expected = signal(true)
let had_one = false
export const incident_awaited = computed(() => expected.value && books.value.size === 0)

/** The whole picture is here, its incidents follow. `any`: something in it says that there is one. */
export function expectIncidents(any: boolean): void {
  expected.value = any || had_one
}

export function takeIncident(message: IncidentMessage): void {
  had_one = expected.value = true
  // One that is not known yet was opened while this page was connected: what comes is all there is of it.
  const known = message.whole ? undefined : books.peek().get(message.id)
  books.value = new Map(books.peek()).set(message.id, toBook(message, known))
}

/** All of a kind in the incident on the screen, in the order in which they were made. */
export function entitiesOf(kind: string): Entity[] {
  return [...(book.value?.entities.get(kind)?.values() ?? [])].sort((a, b) => a.made - b.made)
}

export function entity(kind: string, id: string): Entity | undefined {
  return book.value?.entities.get(kind)?.get(id)
}

/** A field as text; '' when it is not there. */
export function textOf(it: Entity | undefined, name: string): string {
  const value: Value | undefined = it?.fields[name]
  return Array.isArray(value) ? value.join(', ') : value === undefined || typeof value === 'object' ? '' : String(value)
}

export function timeOf(value: Value | null | undefined): number {
  return typeof value === 'string' ? Date.parse(value) : NaN
}

/** A task that is not done past its time. */
export function isOverdue(task: Entity, now: number): boolean {
  return ['open', 'blocked'].includes(textOf(task, 'state')) && timeOf(task.fields['due_at']) < now
}

/** A need that is neither here, nor refused, nor over. */
export const isWanted = (need: Entity) => ['requested', 'committed', 'enroute'].includes(textOf(need, 'state'))

/** When a need is to be here: as was said when it was promised or set out, else as it was wanted. */
export const needDue = (need: Entity) => timeOf(need.fields['expected_at'] ?? need.fields['due_at'])

export const isLateNeed = (need: Entity, now: number) => isWanted(need) && needDue(need) < now

/** The last number that this page had taken, before it hears of it as of all entities: who writes line after line
 * would take the same one twice. */
const taken = new Map<string, number>()
const takenKey = (kind: string, prefix: string) => `${incident_id.peek()}/${kind}/${prefix}`

export function noteTaken(kind: string, prefix: string, id: unknown): void {
  const n = Number(String(id).slice(prefix.length + 1))
  if (n > (taken.get(takenKey(kind, prefix)) ?? 0)) taken.set(takenKey(kind, prefix), n)
}

/** The next free "R-12" of an entity's kind. */
export function nextId(kind: string, prefix: string): string {
  let last = taken.get(takenKey(kind, prefix)) ?? 0
  for (const id of live_book.peek()?.entities.get(kind)?.keys() ?? []) {
    const n = id.startsWith(prefix + '-') ? Number(id.slice(prefix.length + 1)) : NaN
    if (Number.isInteger(n) && n > last) last = n
  }
  return `${prefix}-${last + 1}`
}

/** All that is known, for the copy kept in the browser. */
export function incidentMessages(): IncidentMessage[] {
  return [...books.peek().values()].map((it) => ({
    type: 'incident', id: it.id, seq: it.seq, whole: true, views: it.views,
    entities: [...it.entities.values()].flatMap((list) => [...list.values()]),
  }))
}

export function clearIncidents(): void {
  books.value = new Map()
}
