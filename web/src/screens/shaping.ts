// What stands on the map is changed and ended by entries of its own: the record keeps what was. Each can be taken back
// for ten seconds, by an entry that says the opposite.
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { isClosed, shapeText } from '../base/place'
import type { Place } from '../base/place'
import { specOf, startOf } from '../entry/forms'
import { keyOf, schema } from '../entry/schema'
import type { Entity, Fields } from '../net/incident'
import { entitiesOf, entity, nextId } from '../state/incident'
import { startDrawing } from '../state/drawing'
import { submit } from '../state/outbox'
import { whyNot } from '../state/rights'
import { placed } from '../state/places'
import { session } from '../state/session'
import { offerUndo } from '../state/undo'
import { said, selectEntity } from '../state/view'

interface Row {
  set: string
  /** The entry that has the new shape. */
  move: string
  end: string
  /** Who sets it again keeps its number; else it gets a new one. */
  same: boolean
}

const rows: Readonly<Record<string, Row>> = {
  cordon: { set: 'cordon.set', move: 'cordon.moved', end: 'cordon.lifted', same: false },
  closure: { set: 'closure.set', move: 'closure.changed', end: 'closure.lifted', same: false },
  tactical: { set: 'tactical.set', move: 'tactical.set', end: 'tactical.lifted', same: true },
  hazard: { set: 'hazard.reported', move: 'hazard.reported', end: 'hazard.controlled', same: true },
  point: { set: 'point.set', move: 'point.set', end: 'point.closed', same: false },
}

export const canShape = (it: Entity) => rows[it.kind] !== undefined && whyNot(rows[it.kind]!.move) === ''

const shapeOf = (it: Entity): readonly Place[] => placed.peek().find((one) => one.entity === it)?.places ?? []
const nameOf = (it: Entity) => placed.peek().find((one) => one.entity.id === it.id && one.entity.kind === it.kind)?.name || it.id

/** What an entry of that kind says of a place as it stands, but for where it is. */
function known(it: Entity, kind: string): Record<string, unknown> {
  const names = schema.kinds[kind]!.fields.map((field) => field.name).filter((name) => !['shape', 'lat', 'lon', 'replaces', 'start_at', 'reason'].includes(name))
  return Object.fromEntries(names.filter((name) => it.fields[name] !== undefined).map((name) => [name, it.fields[name]]))
}

function where(fields: Fields, places: readonly Place[]): Record<string, unknown> {
  const [one] = places
  if (places.length > 1) return { shape: shapeText(places) }
  if (one) return { lat: Number(one.lat.toFixed(6)), lon: Number(one.lon.toFixed(6)) }
  return fields['shape'] === undefined ? {} : { shape: fields['shape'] }
}

/** Enters something; whether it is on the record, and as which row. */
async function put(kind: string, fields: Record<string, unknown>): Promise<number | null> {
  const spec = specOf(kind)
  const key = keyOf(kind)
  const numbered = fields[key] === undefined && spec.numbered ? { entity: schema.kinds[kind]!.entity!, field: key, prefix: spec.numbered } : undefined
  const role = startOf({ kind, slash: '', first: [] }, {})
  const all = { ...role, ...fields, ...(numbered ? { [key]: nextId(numbered.entity, numbered.prefix) } : {}) }
  const outcome = await submit({ kind, fields: all, ...(numbered ? { numbered } : {}) })
  if (outcome.is === 'refused') said.value = { text: outcome.detail, level: 'warn' }
  else if (outcome.is === 'waiting') said.value = { text: t('entry.waits'), level: 'warn' }
  else said.value = { text: t('entry.done', { n: outcome.seq }), level: '' }
  return outcome.is === 'done' ? outcome.seq : null
}

/** The entry that puts a place at other places. A point that moves is a new one in the place of the old. */
function moved(it: Entity, places: readonly Place[]): Promise<number | null> {
  const row = rows[it.kind]!
  const key = keyOf(row.move)
  if (it.kind === 'point') return put(row.move, { ...known(it, row.move), ...where(it.fields, places), replaces: it.id })
  const more = row.move === row.set ? known(it, row.set) : {}
  return put(row.move, { ...more, [key]: it.id, ...where(it.fields, places) })
}

/** The entity that a row made or changed; the page may hear of it a moment after the answer. */
const madeBy = (kind: string, id: string, seq: number) => entitiesOf(kind).find((one) => one.made === seq) ?? entity(kind, id)

async function enterShape(it: Entity, before: readonly Place[], after: readonly Place[]): Promise<void> {
  if (shapeText(before) === shapeText(after)) return
  const seq = await moved(it, after)
  if (seq === null) return
  offerUndo(t('place.undo_move', { name: nameOf(it) }), () => {
    const now = madeBy(it.kind, it.id, seq)
    if (now) void moved(now, before)
  })
}

/** On the map: corners are dragged, or moved by keys; then one entry has the new shape. */
export function editShape(it: Entity): void {
  if (!canShape(it)) return
  const before = shapeOf(it)
  if (before.length < 2) {
    startDrawing('place', (after) => void enterShape(it, before, after), [], nameOf(it))
    return
  }
  const area = isClosed(before)
  startDrawing(area ? 'area' : 'line', (after) => void enterShape(it, before, after), area ? before.slice(0, -1) : before, nameOf(it))
}

/** It is over, for a reason. Taken back it stands again, under a new number where the record wants one. */
export async function endPlace(it: Entity, reason: string): Promise<void> {
  const row = rows[it.kind]!
  const key = keyOf(row.set)
  const places = shapeOf(it)
  const name = nameOf(it)
  const why = it.kind === 'hazard' ? { by: session.peek()?.operator?.name ?? '', text: reason } : { reason }
  if ((await put(row.end, { [key]: it.id, ...why })) === null) return
  selectEntity(null)
  const again = { ...known(it, row.set), ...where(it.fields, places), ...(row.same ? { [key]: it.id } : {}) }
  offerUndo(t(`place.undo_end.${it.kind}` as Key, { name }), () => void put(row.set, again))
}
