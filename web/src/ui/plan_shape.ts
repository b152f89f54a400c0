// The geometry of a floor's plan: outlines in metres as they stand on the screen, x to the right and y down. An
// imported building is turned so that its long side lies level, and the plan knows where north is. Pure.
import type { Place } from '../base/place'
import { parseShape } from '../base/place'
import { gridOf } from './plan_grid'
import type { GridZone } from './plan_grid'

export type Point = readonly [number, number]
export interface Box { x: number; y: number; w: number; h: number }

export interface PlanZone {
  id: string
  ring: readonly Point[]
  box: Box
  area: number
  /** Where its words stand, and how much room they have there. */
  label: Point
  label_w: number
  label_h: number
}

export interface Door {
  id: string
  at: Point
  /** Along the wall, of length 1. */
  along: Point
}

export interface Plan {
  zones: readonly PlanZone[]
  doors: readonly Door[]
  box: Box
  /** Clockwise from up, in radians; null: the plan is a grid without directions. */
  north: number | null
  /** Of a map, in metres; a grid may be stretched to its box. */
  to_scale: boolean
}

export interface ShapedZone extends GridZone {
  shape: string
}

export interface Opening {
  id: string
  zones: readonly string[]
}

const LAT_M = 110_574
const LON_M = 111_320
const GRID_W = 48
const GRID_H = 24

export function boxOf(points: readonly Point[]): Box {
  let x = Infinity, y = Infinity, right = -Infinity, bottom = -Infinity
  for (const [px, py] of points) {
    x = Math.min(x, px)
    y = Math.min(y, py)
    right = Math.max(right, px)
    bottom = Math.max(bottom, py)
  }
  return { x, y, w: right - x, h: bottom - y }
}

export function areaOf(ring: readonly Point[]): number {
  let sum = 0
  ring.forEach(([x, y], i) => {
    const [nx, ny] = ring[(i + 1) % ring.length]!
    sum += x * ny - nx * y
  })
  return Math.abs(sum) / 2
}

export function isInside(ring: readonly Point[], [x, y]: Point): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i]!
    const [bx, by] = ring[j]!
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

/** How far one gets from a place inside before a wall, along x (axis 0) or y (axis 1), in both directions. */
function run(ring: readonly Point[], from: Point, axis: 0 | 1): [number, number] {
  const across = axis === 0 ? 1 : 0
  let low = -Infinity, high = Infinity
  ring.forEach((a, i) => {
    const b = ring[(i + 1) % ring.length]!
    if (a[across] > from[across] === b[across] > from[across]) return
    const at = a[axis] + ((from[across] - a[across]) / (b[across] - a[across])) * (b[axis] - a[axis])
    if (at <= from[axis]) low = Math.max(low, at)
    else high = Math.min(high, at)
  })
  return [low, high]
}

const LABEL_STEPS = 9

/** The place with the most room around it: words stand there and not over a wall. */
function labelOf(ring: readonly Point[], box: Box): { label: Point; label_w: number; label_h: number } {
  let best = { label: [box.x + box.w / 2, box.y + box.h / 2] as Point, label_w: box.w, label_h: box.h }
  let most = -1
  const try_at = (at: Point, better: number) => {
    if (!isInside(ring, at)) return
    const [left, right] = run(ring, at, 0)
    const [top, bottom] = run(ring, at, 1)
    const room = Math.min(Math.min(at[0] - left, right - at[0]), 2 * Math.min(at[1] - top, bottom - at[1]))
    if (room <= most * better) return
    most = room
    best = { label: at, label_w: 2 * Math.min(at[0] - left, right - at[0]), label_h: 2 * Math.min(at[1] - top, bottom - at[1]) }
  }
  try_at(best.label, 1)
  // Another place must be clearly better than the middle.
  for (let i = 0; i < LABEL_STEPS; i++) {
    for (let j = 0; j < LABEL_STEPS; j++) {
      try_at([box.x + (box.w * (i + 0.5)) / LABEL_STEPS, box.y + (box.h * (j + 0.5)) / LABEL_STEPS], 1.2)
    }
  }
  return best
}

export function planZone(id: string, ring: readonly Point[]): PlanZone {
  const box = boxOf(ring)
  return { id, ring, box, area: areaOf(ring), ...labelOf(ring, box) }
}

const rectangle = ({ x, y, w, h }: Box): Point[] => [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]

/** How the ground lies on the screen: a place of the earth becomes a point of the plan. */
export interface Frame {
  lat: number
  lon: number
  turn: number
}

export function toPoint(frame: Frame, { lat, lon }: Place): Point {
  const x = (lon - frame.lon) * LON_M * Math.cos((frame.lat * Math.PI) / 180)
  const y = (frame.lat - lat) * LAT_M
  const cos = Math.cos(frame.turn), sin = Math.sin(frame.turn)
  return [x * cos - y * sin, x * sin + y * cos]
}

/** Turns a building so that it needs the smallest box, lying: as much of the screen is used as can be. */
export function frameOf(places: readonly Place[]): Frame {
  const first = places[0] ?? { lat: 0, lon: 0 }
  const flat: Frame = { ...first, turn: 0 }
  const points = places.map((place) => toPoint(flat, place))
  let best = 0, least = Infinity
  for (let degrees = 0; degrees < 90; degrees++) {
    const turn = (degrees * Math.PI) / 180
    const cos = Math.cos(turn), sin = Math.sin(turn)
    const box = boxOf(points.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos]))
    if (box.w * box.h >= least * 0.999) continue
    least = box.w * box.h
    // A quarter of a turn back where the building would stand upright.
    best = box.w >= box.h ? turn : turn - Math.PI / 2
  }
  return { ...first, turn: best }
}

/** The outline that a zone of the record has, as the plan needs it: closed outlines alone. */
function ringOf(frame: Frame, shape: string): Point[] | null {
  const places = shape ? parseShape(shape) : null
  if (!places || places.length < 4) return null
  return places.slice(0, -1).map((place) => toPoint(frame, place))
}

const TOUCH_M = 0.6

/** Where two rooms have a wall in common: the middle of the longest piece, or where they come nearest. */
export function wallBetween(a: readonly Point[], b: readonly Point[]): { at: Point; along: Point } | null {
  let longest = 0, nearest = Infinity
  let found: { at: Point; along: Point } | null = null
  for (let i = 0; i < a.length; i++) {
    const [px, py] = a[i]!
    const [qx, qy] = a[(i + 1) % a.length]!
    const length = Math.hypot(qx - px, qy - py)
    if (length === 0) continue
    const along: Point = [(qx - px) / length, (qy - py) / length]
    for (let j = 0; j < b.length; j++) {
      // The other wall in the coordinates of this one: how far along it, how far off.
      const ends = [b[j]!, b[(j + 1) % b.length]!].map(([x, y]) => [
        (x - px) * along[0] + (y - py) * along[1], (y - py) * along[0] - (x - px) * along[1],
      ] as const)
      const from = Math.max(0, Math.min(ends[0]![0], ends[1]![0]))
      const to = Math.min(length, Math.max(ends[0]![0], ends[1]![0]))
      const off = Math.max(Math.abs(ends[0]![1]), Math.abs(ends[1]![1]))
      const middle = (from + to) / 2
      const at: Point = [px + along[0] * middle, py + along[1] * middle]
      if (off < TOUCH_M && to - from > longest) {
        longest = to - from
        found = { at, along }
      } else if (longest === 0 && to >= from && off < nearest) {
        nearest = off
        found = { at, along }
      }
    }
  }
  return found
}

/** Openings between two zones of this floor; those to another floor are stairs and lifts, which stand there already. */
function doorsOf(zones: readonly PlanZone[], openings: readonly Opening[]): Door[] {
  const rings = new Map(zones.map((zone) => [zone.id, zone.ring]))
  return openings.flatMap(({ id, zones: [one = '', other = ''] }) => {
    const a = rings.get(one), b = rings.get(other)
    const wall = a && b ? wallBetween(a, b) : null
    return wall ? [{ id, ...wall }] : []
  })
}

/** The plan of a floor from its outlines; zones without one stand in a row below. */
export function planOf(zones: readonly ShapedZone[], openings: readonly Opening[], frame: Frame): Plan {
  const drawn: PlanZone[] = []
  const rest: GridZone[] = []
  for (const zone of zones) {
    const ring = ringOf(frame, zone.shape)
    if (ring) drawn.push(planZone(zone.id, ring))
    else rest.push(zone)
  }
  if (drawn.length === 0) return gridPlan(zones, openings)
  const box = boxOf(drawn.flatMap((zone) => zone.ring))
  const gap = box.h / 12, h = box.h / 6
  const below = gridOf(rest).map((cell) => planZone(cell.id, rectangle({ x: box.x + cell.x * box.w, y: box.y + box.h + gap + cell.y * h, w: cell.w * box.w, h: cell.h * h })))
  const all = [...drawn, ...below]
  return { zones: all, doors: doorsOf(all, openings), box: boxOf(all.flatMap((zone) => zone.ring)), north: frame.turn, to_scale: true }
}

export function gridPlan(zones: readonly GridZone[], openings: readonly Opening[]): Plan {
  const cells = gridOf(zones).map((cell) => planZone(cell.id, rectangle({ x: cell.x * GRID_W, y: cell.y * GRID_H, w: cell.w * GRID_W, h: cell.h * GRID_H })))
  return { zones: cells, doors: doorsOf(cells, openings), box: { x: 0, y: 0, w: GRID_W, h: GRID_H }, north: null, to_scale: false }
}

/** The zone at a point; of several the smallest, as a stair stands inside a hall. */
export function zoneAt(plan: Plan, at: Point): PlanZone | null {
  let found: PlanZone | null = null
  for (const zone of plan.zones) if (isInside(zone.ring, at) && (!found || zone.area < found.area)) found = zone
  return found
}

export type Direction = 'left' | 'right' | 'up' | 'down'

/** The zone that one walks to from another: the nearest that lies that way, rather straight ahead than aside. */
export function neighbour<Z extends { id: string; box: Box }>(zones: readonly Z[], from: string, way: Direction): Z | null {
  const here = zones.find((zone) => zone.id === from)
  if (!here) return null
  const sign = way === 'right' || way === 'down' ? 1 : -1
  const sideways = way === 'left' || way === 'right'
  const span = ({ box }: Z, along: boolean): [number, number] => (along === sideways ? [box.x, box.x + box.w] : [box.y, box.y + box.h])
  const middle = (zone: Z, along: boolean) => (span(zone, along)[0] + span(zone, along)[1]) / 2
  const gap = (zone: Z, along: boolean) => Math.max(0, span(zone, along)[0] - span(here, along)[1], span(here, along)[0] - span(zone, along)[1])
  /** It begins past the middle of this one: a stair along the whole end is beside its rooms, not above them. */
  const isBeyond = (zone: Z) => (sign > 0 ? span(zone, true)[0] - middle(here, true) : middle(here, true) - span(zone, true)[1]) >= -1e-9
  const ahead = (zone: Z) => sign * (middle(zone, true) - middle(here, true))
  const far = (zone: Z) =>
    gap(zone, true) * 2 + gap(zone, false) * 8 + ahead(zone) * 0.2 + Math.abs(middle(zone, false) - middle(here, false)) * 0.4
  const there = zones.filter((zone) => zone !== here && ahead(zone) > 1e-9)
  const beyond = there.filter(isBeyond)
  return (beyond.length > 0 ? beyond : there).reduce<Z | null>((best, zone) => (!best || far(zone) < far(best) ? zone : best), null)
}

/** What is left of the names when a word that most of them begin with is left out: "Room 3078" is 3078. */
export function shortNames(names: readonly string[]): string[] {
  const first = (name: string) => /^(\p{L}+)\s+(?=\S)/u.exec(name)?.[1] ?? ''
  const count = new Map<string, number>()
  for (const name of names) count.set(first(name), (count.get(first(name)) ?? 0) + 1)
  return names.map((name) => {
    const word = first(name)
    return word !== '' && count.get(word)! > names.length / 2 && count.get(word)! > 2 ? name.slice(word.length).trim() : name
  })
}
