// What of the incident stands on the map: entities in force that have a shape or a place.
import { computed } from '@preact/signals'
import { parseShape } from '../base/place'
import type { Place } from '../base/place'
import { wordText } from '../base/values'
import { lang } from '../base/i18n'
import type { Entity } from '../net/incident'
import { incident_id, entitiesOf, textOf } from './incident'

export interface Placed {
  entity: Entity
  /** What decides how it looks: 'cordon.inner', 'point.ccp', 'hazard.glass', 'tactical.hot', 'closure'. */
  look: string
  name: string
  places: readonly Place[]
}

const kinds: Record<string, string> = { cordon: 'cordon_kind', closure: '', tactical: 'tactical_kind', hazard: 'hazard_kind', point: 'point_kind' }
const over = new Set(['lifted', 'closed', 'controlled', 'replaced'])

const remembered = new WeakMap<Entity, { lang: string; placed: Placed | null }>()

function nameOf(it: Entity, field: string): string {
  const word = field ? wordText(textOf(it, field), field) : ''
  const own = textOf(it, 'name') || textOf(it, it.kind === 'closure' ? 'road' : it.kind === 'point' ? 'place' : 'name')
  return it.kind === 'point' || !own ? [word, own].filter(Boolean).join(' ') : own
}

function place(it: Entity): Placed | null {
  if (over.has(textOf(it, 'state'))) return null
  const shape = textOf(it, 'shape')
  const lat = it.fields['lat']
  const lon = it.fields['lon']
  const one = typeof lat === 'number' && typeof lon === 'number' ? [{ lat, lon }] : null
  const places = shape ? parseShape(shape) : one
  if (!places) return null
  const field = kinds[it.kind]!
  return { entity: it, look: field ? `${it.kind}.${textOf(it, field)}` : it.kind, name: nameOf(it, field), places }
}

/** Remembered by entity: one that changed is another object. */
export const placed = computed<readonly Placed[]>(() => Object.keys(kinds).flatMap((kind) => entitiesOf(kind).flatMap((it) => {
  const known = remembered.get(it)
  const found = known?.lang === lang.value ? known.placed : place(it)
  if (known?.lang !== lang.value) remembered.set(it, { lang: lang.value, placed: found })
  return found ? [found] : []
})))

/** Kinds that a drawing of a phone can become, and how many of the incident stand nowhere on the map yet. */
export const unplaced = computed(() => Object.keys(kinds).flatMap((kind) => entitiesOf(kind)).filter((it) =>
  !over.has(textOf(it, 'state')) && !it.fields['shape'] && it.fields['lat'] === undefined))

/** The server puts the incident's own places on the phones' maps too: here they are drawn from the record. */
export function isOwnObject(uid: string): boolean {
  return incident_id.peek() !== '' && uid.startsWith(`cordon-${incident_id.peek()}-`)
}
