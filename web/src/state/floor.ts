// Which building, floor, zone and kind of search the operator looks at, on the map as on Floors. What was not
// chosen follows the incident: the first building, its highest floor with somebody inside.
import { computed, signal } from '@preact/signals'
import type { LevelView, StructureView, ZoneView } from '../net/incident'
import { t } from '../base/i18n'
import { floors } from './incident'
import { floorText, zoneText } from './names'

export const structure_id = signal('')
export const level_id = signal('')
export const zone_id = signal('')
export const clearance_kind = signal('threat')
/** Several zones that one step is for. */
export const marked_zones = signal<ReadonlySet<string>>(new Set())

export const structure = computed<StructureView | undefined>(() => floors.value.find((it) => it.id === structure_id.value) ?? floors.value[0])

const isOccupied = (level: LevelView) => level.zones.some((zone) => (zone.units?.length ?? 0) > 0)

export const level = computed<LevelView | undefined>(() => {
  const levels = structure.value?.levels ?? []
  return levels.find((it) => it.id === level_id.value) ?? levels.find(isOccupied) ?? levels.find((it) => it.ordinal === 0) ?? levels[0]
})

export interface Found {
  zone: ZoneView
  level: LevelView
  structure: StructureView
}

/** A zone with its floor and building. */
export function findZone(id: string): Found | null {
  for (const it of floors.value) {
    for (const at of it.levels) {
      const zone = at.zones.find((one) => one.id === id)
      if (zone) return { zone, level: at, structure: it }
    }
  }
  return null
}

export const chosen = computed(() => (zone_id.value ? findZone(zone_id.value) : null))

export function chooseStructure(id: string): void {
  structure_id.value = id
  level_id.value = zone_id.value = ''
  marked_zones.value = new Set()
}

export function chooseLevel(id: string): void {
  level_id.value = id
}

/** The zone's card opens; its floor is the one that is shown. '' closes the card. */
export function chooseZone(id: string): void {
  marked_zones.value = new Set()
  zone_id.value = id
  const found = id ? findZone(id) : null
  if (!found) return
  structure_id.value = found.structure.id
  level_id.value = found.level.id
}

/** Adds a zone to the several, or takes it out; what was chosen alone is one of them. */
export function markZone(id: string): void {
  const several = new Set(marked_zones.value)
  if (several.size === 0 && zone_id.value) several.add(zone_id.value)
  if (!several.delete(id)) several.add(id)
  marked_zones.value = several
  zone_id.value = ''
  level_id.value = findZone(id)?.level.id ?? level_id.value
}

export function markZones(ids: readonly string[]): void {
  zone_id.value = ''
  marked_zones.value = new Set(ids)
}

/** One floor up (1) or down (-1). */
export function stepFloor(by: 1 | -1): void {
  const levels = structure.value?.levels ?? []
  const at = levels.findIndex((it) => it === level.value)
  const next = levels[at - by]
  if (next) level_id.value = next.id
}

/** The floor of a number, 0 being the ground, if the building has it. */
export function floorAt(ordinal: number): void {
  const found = structure.value?.levels.find((it) => it.ordinal === ordinal)
  if (found) level_id.value = found.id
}

export const zoneName = (zone: ZoneView): string => zoneText(zone.name, zone.zone_kind)

const isRoof = (it: LevelView) => it.zones.length > 0 && it.zones.every((zone) => zone.zone_kind === 'roof')

/** What stands large beside a floor: its number, G, B1, or its name when that says more. */
export function floorName(it: LevelView): string {
  const name = floorText({ ...it, roof: isRoof(it) })
  if (isRoof(it) || (it.name && !/^(level|floor|etage|ebene)?\s*-?\d+$/i.test(it.name))) return name
  if (it.ordinal === 0) return t('floor.g')
  return it.ordinal < 0 ? t('floor.b', { n: -it.ordinal }) : String(it.ordinal)
}

/** The same in a sentence. */
export function floorLabel(it: LevelView): string {
  const name = floorText({ ...it, roof: isRoof(it) })
  return /^\d+$/.test(name) ? t('floor.label', { name }) : name
}
