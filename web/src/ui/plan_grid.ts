// Where the zones of a floor stand when nobody has drawn it: rooms on both sides of a corridor, stairs and lifts
// at the ends, yards below. The same zones always stand in the same places, by the order of their names. Pure.
//
//   +---+-----+-----+-----+---+      the generated grid of     +---+-------------+---+
//   |   | 104 | 105 | 106 |   |      four sides is drawn as    |   |      C      |   |
//   | W +-----+-----+-----+ E |      one walks around it:      | B +----+----+---+ D |
//   |   |     corridor    |   |                                |   |stair core   |   |
//   |   +-----+-----+-----+   |                                |   |        lift |   |
//   |   | 101 | 102 | 103 |   |                                |   +-------------+   |
//   +---+-----+-----+-----+---+                                |   |      A      |   |
//                                                              +---+-------------+---+
export interface GridZone {
  id: string
  name: string
  zone_kind: string
}

/** A share of the floor: from 0 to 1, x to the right and y down. */
export interface Cell {
  id: string
  x: number
  y: number
  w: number
  h: number
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
export const byName = (a: GridZone, b: GridZone) => collator.compare(a.name, b.name) || collator.compare(a.id, b.id)

const ROW_ROOMS = 5
const ROW_CORRIDOR = 3
const ROW_SIDE = 4
const END_WIDTH = 1
const ROOM_WIDTH = 2
const SIDES = 'ABCD'

const ends_of = new Set(['stair', 'lift'])
const corridors = new Set(['corridor', 'core'])

interface Row {
  zones: readonly GridZone[]
  weight: number
}

/** Rows one below the other in a box; the zones of a row share its width. */
function stack(rows: readonly Row[], box: Omit<Cell, 'id'>): Cell[] {
  const shown = rows.filter((row) => row.zones.length > 0)
  const all = shown.reduce((sum, row) => sum + row.weight, 0)
  let y = box.y
  return shown.flatMap((row) => {
    const h = (box.h * row.weight) / all
    const w = box.w / row.zones.length
    const cells = row.zones.map((zone, i) => ({ id: zone.id, x: box.x + i * w, y, w, h }))
    y += h
    return cells
  })
}

const westerly = (zone: GridZone) => /^(w|west)\b|\b(w|west)$/i.test(zone.name)
const easterly = (zone: GridZone) => /^(e|east)\b|\b(e|east)$/i.test(zone.name)

/** Stairs and lifts at the two ends: a name that says west or east decides, else the end that has fewer. */
function ends(zones: readonly GridZone[]): { left: GridZone[]; right: GridZone[] } {
  const left = zones.filter(westerly)
  const right = zones.filter((zone) => !westerly(zone) && easterly(zone))
  for (const zone of zones) {
    if (left.includes(zone) || right.includes(zone)) continue
    if (left.length <= right.length) left.push(zone)
    else right.push(zone)
  }
  return { left, right }
}

const column = (zones: readonly GridZone[], x: number, w: number): Cell[] =>
  stack([{ zones, weight: 1 }], { x, y: 0, w: w * zones.length, h: 1 })

/** The four sides of a building around what is between them. */
function around(zones: readonly GridZone[], sides: ReadonlyMap<string, GridZone>): Cell[] {
  const middle = zones.filter((zone) => zone.zone_kind !== 'side')
  const order = ['stair', 'core', 'corridor', 'lift']
  const between = [...middle].sort((a, b) => order.indexOf(a.zone_kind) - order.indexOf(b.zone_kind) || byName(a, b))
  const end = 0.16
  return [
    { id: sides.get('B')!.id, x: 0, y: 0, w: end, h: 1 },
    ...stack([
      { zones: [sides.get('C')!], weight: ROW_SIDE }, { zones: between, weight: ROW_ROOMS }, { zones: [sides.get('A')!], weight: ROW_SIDE },
    ], { x: end, y: 0, w: 1 - 2 * end, h: 1 }),
    { id: sides.get('D')!.id, x: 1 - end, y: 0, w: end, h: 1 },
  ]
}

/** The cells of a floor. Every zone has one, and they fill the floor. */
export function gridOf(all: readonly GridZone[]): Cell[] {
  const zones = [...all].sort(byName)
  const of = (test: (kind: string) => boolean) => zones.filter((zone) => test(zone.zone_kind))
  const sides = new Map(of((kind) => kind === 'side').map((zone) => [zone.name, zone]))
  const plain = zones.every((zone) => zone.zone_kind === 'side' || ends_of.has(zone.zone_kind) || corridors.has(zone.zone_kind))
  if (plain && sides.size === SIDES.length && [...SIDES].every((side) => sides.has(side))) return around(zones, sides)

  const stairs = [...of((kind) => kind === 'stair'), ...of((kind) => kind === 'lift')]
  const rooms = of((kind) => !ends_of.has(kind) && !corridors.has(kind) && kind !== 'roof' && kind !== 'yard')
  const half = Math.ceil(rooms.length / 2)
  const rows: Row[] = [
    { zones: of((kind) => kind === 'roof'), weight: ROW_ROOMS },
    { zones: rooms.slice(half), weight: ROW_ROOMS },
    { zones: of((kind) => corridors.has(kind)), weight: ROW_CORRIDOR },
    { zones: rooms.slice(0, half), weight: ROW_ROOMS },
    { zones: of((kind) => kind === 'yard'), weight: ROW_CORRIDOR },
  ]
  const inside = rows.reduce((most, row) => Math.max(most, row.zones.length), 0)
  const { left, right } = ends(stairs)
  const width = (left.length + right.length) * END_WIDTH + inside * ROOM_WIDTH
  const unit = END_WIDTH / (width || 1)
  const between = { x: left.length * unit, y: 0, w: 1 - (left.length + right.length) * unit, h: 1 }
  return [...column(left, 0, unit), ...stack(rows, between), ...column(right, 1 - right.length * unit, unit)]
}
