// Where the operator is: screen, selection, recipient. The address carries it after '#', so that a wall
// screen is just a link: #s=map&c=LAT,LON,ZOOM&sel=UID&at=TIME&as=ROLE, #s=floors&f=STRUCTURE&k=KIND&l=LEVEL
import { computed, effect, signal } from '@preact/signals'
import { clearance_kind, level_id, structure_id } from './floor'
import { as_role, past_at } from './moment'
import { whyNot } from './rights'

export const screens = ['map', 'floors', 'log', 'people', 'casualties', 'tasks', 'statements', 'replay', 'points', 'admin'] as const
export type Screen = (typeof screens)[number]

/** The parts of People (4); the roll call is the first. */
export const people_tabs = ['roll', 'units', 'persons', 'agencies', 'occupants'] as const
export type PeopleTab = (typeof people_tabs)[number]
export const people_tab = signal<PeopleTab>('roll')

export const screen = signal<Screen>('map')
export const selected = signal<string | null>(null)
/** The other units of the stack that was clicked, by uid. */
export const stack = signal<readonly string[]>([])
export const following = signal(false)
export const centre = signal<{ lat: number; lon: number; zoom: number } | null>(null)
/** 'all', 'log' or a unit's uid. */
export const recipient = signal('all')
export const dialog = signal<'keys' | 'find' | 'layers' | 'account' | 'incident' | 'admit' | null>(null)
/** What Admin shows first when it is opened from an alarm. */
export const client_filter = signal('')

/** The entry that is being written: its kind, what is known already, and the event that it corrects. */
export interface Writing {
  kind: string
  preset: Record<string, unknown>
  supersedes?: number
  /** The phone's drawing that becomes it. */
  promote?: string
}
export const writing = signal<Writing | null>(null)
/** What stands in the composer. */
export const draft = signal('')
/** What follows the slash there; null: none is typed. */
export const slash = computed(() => (draft.value.startsWith('/') ? draft.value.slice(1) : null))
/** The line that stood there when the slash was pressed: it stands there again afterwards. */
let line_before = ''

export function beginSlash(): void {
  if (slash.peek() === null) line_before = draft.peek()
  draft.value = '/'
}

export function endSlash(): void {
  if (slash.peek() === null) return
  draft.value = line_before
  line_before = ''
}

/** The list of kinds while it is shown: takes a key of the composer, says whether it was one of its own. */
export const menu: { key: ((key: string) => boolean) | null } = { key: null }
/** The id of the element that the list of kinds points at. */
export const menu_active = signal('')
/** The line of the log that is shown whole. */
export const shown_event = signal<number | null>(null)
/** Shows an entry whole, in the log. */
export function openEvent(seq: number): void {
  shown_event.value = seq
  screen.value = 'log'
}
/** What a board shows first: "casualty/C-12", "task/TK-3", "statement/ST-1", until it has. */
export const shown_item = signal('')
/** The alarm or finding that the open points show first. */
export const shown_point = signal('')
/** What became of the last entry. */
export const said = signal<{ text: string; level: '' | 'warn' } | null>(null)

export function write(kind: string, preset: Record<string, unknown> = {}, supersedes?: number, promote?: string): void {
  const why = whyNot(kind)
  if (why !== '') {
    said.value = { text: why, level: 'warn' }
    return
  }
  endSlash()
  said.value = null
  writing.value = { kind, preset, ...(supersedes === undefined ? {} : { supersedes }), ...(promote === undefined ? {} : { promote }) }
}

/** What of the incident is shown in a card: "cordon/EX-inner". */
export const selected_entity = signal<string | null>(null)

export function selectEntity(key: string | null): void {
  selected_entity.value = key
  if (key) selected.value = null
}

export function select(uid: string | null, others: readonly string[] = []): void {
  selected.value = uid
  if (uid) selected_entity.value = null
  stack.value = others
  if (!uid) following.value = false
}

/** The moment that the address asked for, until it is shown (past.ts). */
export const asked_at = signal<number | null>(null)

/** The address as it was read or written last: one that differs was given by somebody, and is about to be read. */
let known_hash = ''

function read(): void {
  known_hash = location.hash
  const asked = new URLSearchParams(location.hash.slice(1))
  const s = asked.get('s') as Screen
  if (screens.includes(s)) screen.value = s
  const tab = asked.get('tab') as PeopleTab
  if (people_tabs.includes(tab)) people_tab.value = tab
  const c = (asked.get('c') ?? '').split(',').map(Number)
  if (c.length === 3 && c.every(Number.isFinite)) centre.value = { lat: c[0]!, lon: c[1]!, zoom: c[2]! }
  selected.value = asked.get('sel')
  structure_id.value = asked.get('f') ?? structure_id.value
  level_id.value = asked.get('l') ?? level_id.value
  clearance_kind.value = asked.get('k') ?? clearance_kind.value
  const at = Date.parse(asked.get('at') ?? '')
  if (Number.isNaN(at) || at === past_at.peek()) return
  as_role.value = asked.get('as') ?? ''
  asked_at.value = at
}

export function startView(): void {
  read()
  addEventListener('hashchange', read)
  let timer = 0
  effect(() => {
    const parts = ['s=' + screen.value]
    const c = centre.value
    if (screen.value === 'people') parts.push('tab=' + people_tab.value)
    if (c) parts.push(`c=${c.lat.toFixed(5)},${c.lon.toFixed(5)},${c.zoom.toFixed(2)}`)
    if (selected.value) parts.push('sel=' + encodeURIComponent(selected.value))
    if (structure_id.value) parts.push('f=' + encodeURIComponent(structure_id.value))
    if (level_id.value) parts.push('l=' + encodeURIComponent(level_id.value))
    if (clearance_kind.value !== 'threat') parts.push('k=' + encodeURIComponent(clearance_kind.value))
    if (past_at.value !== null) parts.push('at=' + new Date(past_at.value).toISOString())
    if (past_at.value !== null && as_role.value) parts.push('as=' + encodeURIComponent(as_role.value))
    const hash = '#' + parts.join('&')
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      if (hash === location.hash || known_hash !== location.hash) return
      history.replaceState(null, '', location.pathname + location.search + hash)
      known_hash = location.hash
    }, 300)
  })
}
