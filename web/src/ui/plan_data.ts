// What the plan of a floor is made of: outlines and openings of the record, and what is known of each zone. The
// geometry is kept until the record changes it.
import { wordText } from '../base/values'
import type { LevelView, StructureView, ZoneView } from '../net/incident'
import { clockText } from '../base/format'
import { lookOf, lookText, insideOf } from '../state/clearing'
import type { Presence } from '../state/clearing'
import { zoneName } from '../state/floor'
import { entitiesOf, entity, textOf } from '../state/incident'
import { events, events_changed } from '../state/record'
import { timeOf } from '../state/incident'
import { codeOf } from '../state/tracks'
import { parseShape } from '../base/place'
import type { DoorMark, Mark, Visitor } from './plan_draw'
import { frameOf, planOf, shortNames } from './plan_shape'
import type { Frame, Opening, Plan } from './plan_shape'

const KEPT_MAX = 64
const plans = new Map<string, { key: string; plan: Plan }>()
const frames = new Map<string, { key: string; frame: Frame }>()

const shapeOf = (zone: ZoneView) => textOf(entity('zone', zone.id), 'shape')

function kept<T extends { key: string }>(list: Map<string, T>, id: string, key: string, make: () => T): T {
  const known = list.get(id)
  if (known?.key === key) return known
  if (list.size >= KEPT_MAX) list.clear()
  const made = make()
  list.set(id, made)
  return made
}

/** One direction for all floors of a building, so that they lie over each other. */
function frameFor(structure: StructureView): Frame {
  const shapes = structure.levels.flatMap((level) => level.zones.map(shapeOf)).filter(Boolean)
  const key = `${shapes.length}:${shapes[0] ?? ''}:${shapes[shapes.length - 1] ?? ''}`
  return kept(frames, structure.id, key, () => ({ key, frame: frameOf(shapes.flatMap((shape) => parseShape(shape) ?? [])) })).frame
}

export function planFor(structure: StructureView, level: LevelView): Plan {
  const openings = entitiesOf('opening')
  const key = `${openings.length}:${level.zones.map((zone) => `${zone.id}@${entity('zone', zone.id)?.changed ?? 0}`).join()}`
  return kept(plans, level.id, key, () => {
    const zones = level.zones.map((zone) => ({ id: zone.id, name: zoneName(zone), zone_kind: zone.zone_kind, shape: shapeOf(zone) }))
    const here: Opening[] = openings.map((it) => ({ id: it.id, zones: (it.fields['zones'] ?? []) as readonly string[] }))
    return { key, plan: planOf(zones, here, frameFor(structure)) }
  }).plan
}

export function doorMarks(plan: Plan): Map<string, DoorMark> {
  return new Map(plan.doors.map((door) => {
    const it = entity('opening', door.id)
    return [door.id, { kind: textOf(it, 'opening_kind'), state: textOf(it, 'opening_state') }]
  }))
}

/** Who went into each zone last, of the entries that this page has. */
export function lastIns(): Map<string, { unit: string; at: number }> {
  void events_changed.value
  const found = new Map<string, { unit: string; at: number }>()
  for (const { kind, fields, at } of events) {
    if (kind !== 'unit.entered_zone' || !fields) continue
    found.set(String(fields['zone']), { unit: String(fields['unit'] ?? ''), at: timeOf(fields['at']) || at })
  }
  return found
}

export const levelOf = (it: Presence): Visitor['level'] => (it.par === 'missed' ? 'crit' : it.par === 'due' || it.stranger !== '' ? 'warn' : '')

/** Hazards in force by zone. */
function hazards(): Map<string, string> {
  const found = new Map<string, string>()
  for (const it of entitiesOf('hazard')) {
    const zone = textOf(it, 'zone')
    if (zone && textOf(it, 'state') !== 'controlled') found.set(zone, wordText(textOf(it, 'hazard_kind'), 'hazard_kind'))
  }
  return found
}

export function marksOf(level: LevelView, kind: string): Map<string, Mark> {
  const names = shortNames(level.zones.map(zoneName))
  const inside = insideOf(level)
  const danger = hazards()
  const last = lastIns()
  return new Map(level.zones.map((zone, i) => {
    const look = lookOf(zone, kind)
    const visitors = inside.filter((it) => it.zone === zone).map((it) => ({
      name: it.unit.replace(/^EX-(?=.)/, ''), code: codeOf('', it.unit), level: levelOf(it), stranger: it.stranger !== '',
    }))
    const before = last.get(zone.id)
    const mark: Mark = {
      look, name: names[i]!, word: lookText(look), visitors, hazard: danger.get(zone.id) ?? '', hurt: zone.casualties ?? 0,
      last: before ? `${before.unit.replace(/^EX-(?=.)/, '')} ${clockText(before.at, false)}` : '',
    }
    return [zone.id, mark]
  }))
}
