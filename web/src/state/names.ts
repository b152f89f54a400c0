// What people call the things that the record refers to by id.
import { joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { entity, textOf } from './incident'

/** The zones of the generated grid have English names: those are said in the page's language. */
const generated: Record<string, string> = { core: 'core', stair: 'stairs', lift: 'lift', roof: 'roof' }

export function zoneText(name: string, zone_kind: string): string {
  return generated[zone_kind] === name ? wordText(zone_kind, 'zone_kind') : name
}

/** A zone is called by its building, floor and name; everything else by its id and name. */
export function entityName(it: Entity): string {
  const name = textOf(it, 'name') || textOf(it, 'text') || textOf(it, 'road') || textOf(it, 'place')
  if (it.kind === 'zone') return name || it.id
  return name && name !== it.id ? `${it.id} ${name.slice(0, 48)}` : it.id
}

/** What a floor is called: its own name, or its number as one says it. */
export function floorText(level: { name: string | null; ordinal: number; roof: boolean }): string {
  if (level.roof) return t('floor.roof')
  if (level.name) return level.name
  if (level.ordinal === 0) return t('floor.ground')
  return level.ordinal < 0 ? t('floor.basement', { n: -level.ordinal }) : String(level.ordinal)
}

/** "Main block, floor 2": where a zone is. */
export function levelName(id: string): string {
  const level = entity('level', id)
  const structure = entity('structure', textOf(level, 'structure'))
  const name = floorText({ name: textOf(level, 'name'), ordinal: Number(textOf(level, 'ordinal')), roof: textOf(level, 'roof') !== '' })
  const floor = /^\d+$/.test(name) ? t('floor.label', { name }) : name
  return joined([structure ? textOf(structure, 'name') || structure.id : '', floor], t('comma'))
}

/** A place or a source in a line of the log; its id while the page does not know it. */
export function placeName(kind: string, id: string): string {
  const it = entity(kind, id)
  if (!it) return id
  if (kind === 'level') return levelName(id)
  if (kind === 'zone') return joined([levelName(textOf(it, 'level')), zoneText(textOf(it, 'name') || id, textOf(it, 'zone_kind'))], t('comma'))
  const name = textOf(it, 'name') || textOf(it, 'place')
  if (kind !== 'point' || !name) return name || id
  // ICP, CCP, RVP are said by their letters.
  const word = textOf(it, 'point_kind')
  return `${word.length <= 4 ? word.toUpperCase() : wordText(word, 'point_kind')} ${name}`
}
