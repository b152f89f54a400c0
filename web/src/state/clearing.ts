// What was searched, as the boards say it: the look of a zone, sums by floor, who is inside, how fast it goes.
import type { Entity, Inside, LevelView, ZoneView } from '../net/incident'
import { wordText } from '../base/values'
import { t } from '../base/i18n'
import { duties, entitiesOf, entity, par, textOf, timeOf } from './incident'
import { past_at } from './past'

/** domain.md 5.4: a sign for each state, so that colour is never alone. */
export const glyphs: Record<string, string> = {
  unknown: '?', entered: '/', partial: '½', complete: 'X', confirmed: '⊗', held: 'H', 'no-go': 'N', void: '~', threat: '!', eod: 'B',
}
/** As a bar shows them, the quietest first. */
export const looks = ['confirmed', 'held', 'complete', 'partial', 'entered', 'void', 'unknown', 'no-go', 'eod', 'threat'] as const
export type Look = (typeof looks)[number]

const searched = new Set(['complete', 'confirmed', 'held'])
/** States of a threat that does not threaten any more. */
const over = new Set(['discounted', 'safe', 'dead', 'in-custody', 'self-detonated'])

export const stateOf = (zone: ZoneView, kind: string): string => zone.clearance[kind]?.state ?? 'unknown'
export const isClear = (zone: ZoneView, kind: string): boolean => searched.has(stateOf(zone, kind))

/** The threats of a zone that are not over. One that this page does not know counts as one that is there. */
export const openThreats = (zone: ZoneView): string[] => (zone.threats ?? []).filter((id) => !over.has(textOf(entity('threat', id), 'state')))

/** What a zone shows: a threat that is known comes before what was searched. */
export function lookOf(zone: ZoneView, kind: string): Look {
  const state = stateOf(zone, kind) as Look
  if (state === 'no-go') return state
  const open = openThreats(zone)
  if (open.some((id) => textOf(entity('threat', id), 'state') === 'render-safe-pending')) return 'eod'
  if (open.length > 0) return 'threat'
  return looks.includes(state) ? state : 'unknown'
}

export const lookText = (look: string) => (look === 'threat' ? t('floor.threat') : look === 'eod' ? t('floor.eod') : wordText(look))

export interface Tally {
  total: number
  clear: number
  looks: ReadonlyMap<Look, number>
}

export function tally(zones: readonly ZoneView[], kind: string): Tally {
  const count = new Map<Look, number>()
  for (const zone of zones) {
    const look = lookOf(zone, kind)
    count.set(look, (count.get(look) ?? 0) + 1)
  }
  return { total: zones.length, clear: zones.filter((zone) => isClear(zone, kind)).length, looks: count }
}

/** A floor in a word: the worst that is known of it. */
export function worstOf(sum: Tally): Look | '' {
  return (['threat', 'eod', 'no-go', 'entered'] as const).find((look) => sum.looks.has(look)) ?? ''
}

export interface Presence {
  unit: string
  zone: ZoneView
  strength: number | null
  since: number
  par: Inside['state'] | ''
  missed: number
  /** Beside a unit of another agency, and their supervisors have not agreed; the server's sentence. */
  stranger: string
}

/** What the alarms say of units that stand beside another agency's: both are marked. */
export function strangers(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (past_at.value !== null) return found
  for (const { rule, id, text } of duties.value) {
    if (rule !== 'deconfliction.missing') continue
    found.set(id.slice(rule.length + 1), text)
    const other = entitiesOf('unit').find((unit) => text.startsWith(unit.id + ' and '))
    if (other) found.set(other.id, text)
  }
  return found
}

/** Who is on a floor and where. */
export function insideOf(level: LevelView): Presence[] {
  const clocks = new Map((par.value?.units ?? []).map((it) => [it.unit, it]))
  const near = strangers()
  return level.zones.flatMap((zone) => (zone.units ?? []).map((unit) => {
    const clock = clocks.get(unit)
    const known = entity('unit', unit)
    const strength = clock?.strength ?? (Number(textOf(known, 'count') || textOf(known, 'strength')) || null)
    const since = timeOf(clock?.inside_at ?? known?.fields['inside_at'])
    return { unit, zone, strength, since, par: clock?.state ?? '', missed: clock?.missed ?? 0, stranger: near.get(unit) ?? '' }
  }))
}

export const heads = (inside: readonly Presence[]): number => inside.reduce((sum, it) => sum + (it.strength ?? 0), 0)

/** The search of a zone for a kind, with its times. */
export const clearanceOf = (zone: string, kind: string): Entity | undefined => entity('clearance', `${zone}|${kind}`)

const RATE_MS = 30 * 60_000
const MINUTE_MS = 60_000

export interface Search {
  zone: string
  clear: boolean
  start: number
  end: number
}

/** The searches of one kind that the record knows, zone by zone. */
export function searchesOf(kind: string): Search[] {
  return entitiesOf('clearance').filter((it) => textOf(it, 'kind') === kind).map((it) => ({
    zone: textOf(it, 'zone'), clear: searched.has(textOf(it, 'state')), start: timeOf(it.fields['start_at']), end: timeOf(it.fields['end_at']),
  }))
}

export interface Rate {
  /** Rooms an hour, of those that were finished within the last half hour. */
  per_hour: number
  /** How long the floor took that was finished last; null: none is. */
  floor_min: number | null
}

/** How fast it goes: from the times of the record, never from a guess. */
export function rateOf(levels: readonly (readonly string[])[], searches: readonly Search[], at: number): Rate {
  const clear = new Map(searches.filter((it) => it.clear && it.end <= at).map((it) => [it.zone, it]))
  const own = new Set(levels.flat())
  const fresh = [...clear.values()].filter((it) => own.has(it.zone) && it.end > at - RATE_MS).length
  let last = -Infinity
  let floor_min: number | null = null
  for (const zones of levels) {
    const done = zones.map((zone) => clear.get(zone))
    if (zones.length === 0 || done.some((it) => it === undefined)) continue
    const end = Math.max(...done.map((it) => it!.end))
    // A search that came in on paper has no start: its end is all that is known.
    const start = Math.min(...done.map((it) => (Number.isNaN(it!.start) ? it!.end : it!.start)))
    if (end <= last) continue
    last = end
    floor_min = Math.round((end - start) / MINUTE_MS)
  }
  return { per_hour: (fresh * 3_600_000) / RATE_MS, floor_min }
}
