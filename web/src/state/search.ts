// Everything that can be found by words: units, what the record has, actions, lines of the log, a typed place.
//
// What is searched is made once a thing and remembered until it changes. Lines of the log are many: they are made
// ready newest first, a few milliseconds at a time, while the question is open (readLines).
import { signal } from '@preact/signals'
import { joined, lang, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { coordinateText } from '../base/geo'
import { parsePlace } from '../base/place'
import { wordText } from '../base/values'
import { map_commands } from '../map/commands'
import { call } from '../net/api'
import type { Entity } from '../net/incident'
import type { RecordEvent } from '../net/protocol'
import { describeLine } from '../shell/lines'
import { chooseZone } from './floor'
import { entitiesOf, textOf } from './incident'
import { entityName, levelName } from './names'
import { isOwnObject, placed } from './places'
import { events, reached_start, takeOlder } from './record'
import { text_changed, units } from './tracks'
import type { Unit } from './tracks'
import { screen, select, selectEntity, shown_event, shown_item } from './view'
import type { Screen } from './view'

export const groups = ['coordinate', 'units', 'actions', 'places', 'zones', 'people', 'tasks', 'decisions', 'statements', 'log'] as const
export type Group = (typeof groups)[number]

export interface Found {
  key: string
  group: Group
  title: string
  detail: string
  shown: string
  run: () => void
}

export interface Result {
  group: Group
  found: Found[]
  /** There are more than are shown. */
  more: boolean
}

const GROUP_MAX = 6
const SLICE_MS = 8
const OLDER = 1_000
const OLDER_CALLS = 10

// Units: their words change seldom.
let unit_texts: { unit: Unit; name: string; all: string }[] = []
let unit_texts_of = -1

function unitTexts() {
  if (unit_texts_of === text_changed.peek()) return unit_texts
  unit_texts_of = text_changed.peek()
  unit_texts = [...units.values()].filter((unit) => !isOwnObject(unit.uid)).map((unit) => ({
    unit, name: unit.callsign.toLowerCase(), all: [unit.callsign, unit.uid, unit.user, unit.agency, unit.team].join(' ').toLowerCase(),
  }))
  return unit_texts
}

const entity_texts = new WeakMap<Entity, string>()

function entityText(it: Entity): string {
  const known = entity_texts.get(it)
  if (known !== undefined) return known
  const text = [it.id, ...Object.values(it.fields).filter((value) => typeof value === 'string' || Array.isArray(value))].join(' ').toLowerCase()
  entity_texts.set(it, text)
  return text
}

const line_texts = new WeakMap<RecordEvent, { lang: string; text: string }>()
/** How many of the newest lines can be searched by now. */
export const lines_read = signal(0)

function lineText(event: RecordEvent): string | undefined {
  const known = line_texts.get(event)
  return known?.lang === lang.peek() ? known.text : undefined
}

function readLine(event: RecordEvent): void {
  const { source, text } = describeLine(event)
  line_texts.set(event, { lang: lang.peek(), text: `${event.seq} ${source} ${text}`.toLowerCase() })
}

/** Makes lines ready until all are, a slice at a time; gives what ends it. */
export function readLines(): () => void {
  let timer = 0
  let next = events.length - 1
  const slice = () => {
    const until = performance.now() + SLICE_MS
    while (next >= 0 && performance.now() < until) {
      const event = events[next--]
      if (event && lineText(event) === undefined) readLine(event)
    }
    lines_read.value = events.length - 1 - next
    if (next >= 0) timer = window.setTimeout(slice)
  }
  slice()
  return () => clearTimeout(timer)
}

function unitFound(unit: Unit): Found {
  const run = () => {
    select(unit.uid)
    screen.value = 'map'
    map_commands.value?.showUnit(unit.uid)
  }
  return { key: unit.uid, group: 'units', title: unit.callsign, detail: joined([unit.agency, unit.user, unit.device], ' · '), shown: '', run }
}

function placeFound(it: (typeof placed.value)[number]): Found {
  const key = `${it.entity.kind}/${it.entity.id}`
  const run = () => {
    screen.value = 'map'
    selectEntity(key)
    map_commands.value?.showEntity(key)
  }
  return { key, group: 'places', title: it.name || it.entity.id, detail: t(`place.${it.entity.kind}` as Key), shown: '', run }
}

/** Where each kind of the record is looked at; the others are shown as their entry in the log. */
const screens: Readonly<Record<string, { group: Group; screen: Screen | null }>> = {
  structure: { group: 'zones', screen: 'floors' }, level: { group: 'zones', screen: 'floors' }, zone: { group: 'zones', screen: 'floors' },
  casualty: { group: 'people', screen: 'casualties' }, person: { group: 'people', screen: 'people' }, unit: { group: 'units', screen: 'people' },
  task: { group: 'tasks', screen: 'tasks' }, decision: { group: 'decisions', screen: null }, statement: { group: 'statements', screen: 'statements' },
  fact: { group: 'statements', screen: 'statements' },
}

/** Boards that open at one of theirs. */
const itemised = new Set(['casualty', 'task', 'statement'])

function entityFound(it: Entity): Found {
  const { group, screen: shown_on } = screens[it.kind]!
  const run = () => {
    if (shown_on === null) shown_event.value = it.made
    if (it.kind === 'zone') chooseZone(it.id)
    if (itemised.has(it.kind)) shown_item.value = `${it.kind}/${it.id}`
    screen.value = shown_on ?? 'log'
  }
  const title = it.kind === 'level' ? levelName(it.id) : entityName(it)
  const where = it.kind === 'zone' ? levelName(textOf(it, 'level')) : ''
  const state = textOf(it, 'triage') ? wordText(textOf(it, 'triage'), 'triage') : textOf(it, 'state') ? wordText(textOf(it, 'state')) : ''
  return { key: `${it.kind}/${it.id}`, group, title, detail: joined([where, state], ' · '), shown: '', run }
}

function lineFound(event: RecordEvent): Found {
  const { source, text } = describeLine(event)
  const run = () => {
    if (event.fields) shown_event.value = event.seq
    screen.value = 'log'
  }
  return { key: 'e' + event.seq, group: 'log', title: text, detail: source, shown: `#${event.seq}`, run }
}

function coordinateFound(words: string): Found[] {
  const at = parsePlace(words)
  if (!at) return []
  const title = coordinateText('mgrs', at.lat, at.lon) || coordinateText('degrees', at.lat, at.lon)
  const run = () => {
    screen.value = 'map'
    map_commands.value?.showPlace(at.lat, at.lon)
  }
  return [{ key: 'coordinate', group: 'coordinate', title, detail: coordinateText('degrees', at.lat, at.lon), shown: '', run }]
}

/** Those of a list that match, what begins with the words first; looks no further than it must. */
function pick<It>(list: Iterable<It>, wanted: string, textOfIt: (it: It) => string | undefined, nameOfIt: (it: It) => string): It[] {
  const starts: It[] = []
  const holds: It[] = []
  for (const it of list) {
    if (!textOfIt(it)?.includes(wanted)) continue
    if (nameOfIt(it).startsWith(wanted)) starts.push(it)
    else if (holds.length <= GROUP_MAX) holds.push(it)
    if (starts.length > GROUP_MAX) break
  }
  return [...starts, ...holds]
}

function* newestFirst(): Iterable<RecordEvent> {
  for (let i = events.length - 1; i >= 0; i--) yield events[i]!
}

const numeric = (a: Found, b: Found) => a.title.localeCompare(b.title, undefined, { numeric: true })

/** The answer to some words, by group; actions come from whoever asks, as only he knows them. */
export function search(words: string, actions: readonly Found[]): Result[] {
  const wanted = words.trim().toLowerCase()
  const acts = actions.filter((found) => found.title.toLowerCase().includes(wanted))
  if (!wanted) return [{ group: 'actions', found: acts.slice(0, 2 * GROUP_MAX), more: false }]
  const by_group = new Map<Group, Found[]>(groups.map((group) => [group, []]))
  const add = (found: Found) => by_group.get(found.group)!.push(found)
  coordinateFound(words).forEach(add)
  pick(unitTexts(), wanted, (it) => it.all, (it) => it.name).map((it) => unitFound(it.unit)).forEach(add)
  acts.forEach(add)
  pick(placed.peek(), wanted, (it) => `${it.name.toLowerCase()} ${entityText(it.entity)}`, (it) => it.name.toLowerCase()).map(placeFound).forEach(add)
  for (const kind of Object.keys(screens)) {
    // A unit that has a phone was found as that.
    const list = entitiesOf(kind).filter((it) => kind !== 'unit' || !unitTexts().some((one) => one.unit.callsign === it.id))
    pick(list, wanted, entityText, (it) => it.id.toLowerCase()).map(entityFound).forEach(add)
  }
  if (wanted.length > 1) pick(newestFirst(), wanted, lineText, () => '').map(lineFound).forEach(add)
  const results = groups.map((group) => {
    const found = by_group.get(group)!
    // Lines stand in the order of time; of the others, what begins with the words comes first.
    const begins = (it: Found) => Number(it.title.toLowerCase().startsWith(wanted))
    if (group !== 'log') found.sort((a, b) => begins(b) - begins(a) || numeric(a, b))
    return { group, found: found.slice(0, GROUP_MAX), more: found.length > GROUP_MAX }
  }).filter((it) => it.found.length > 0)
  // What is called so comes before what only has to do with it; the log stays last.
  const called = (it: Result) => it.group !== 'log' && it.found.some((one) => one.title.toLowerCase().includes(wanted) || it.group === 'coordinate')
  return [...results.filter(called), ...results.filter((it) => !called(it))]
}

export const asking_older = signal(false)

/** Fetches older lines from the server until one of them matches, or some thousands were looked through. */
export async function searchOlder(words: string): Promise<void> {
  const wanted = words.trim().toLowerCase()
  if (asking_older.peek()) return
  asking_older.value = true
  for (let i = 0; i < OLDER_CALLS && !reached_start.peek(); i++) {
    const answer = await call<{ events: RecordEvent[] }>('GET', `/api/events?before=${events[0]?.seq ?? 0}&limit=${OLDER}`)
    if (!answer.ok) break
    takeOlder(answer.data.events)
    answer.data.events.forEach(readLine)
    lines_read.value += answer.data.events.length
    if (answer.data.events.some((event) => lineText(event)?.includes(wanted))) break
  }
  asking_older.value = false
}
