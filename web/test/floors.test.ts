import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rateOf } from '../src/state/clearing'
import type { Search } from '../src/state/clearing'
import { fitView, toPlan, toScreen, zoomed } from '../src/ui/plan_draw'
import { gridOf } from '../src/ui/plan_grid'
import type { GridZone } from '../src/ui/plan_grid'
import { areaOf, frameOf, gridPlan, isInside, neighbour, planOf, shortNames, toPoint, wallBetween, zoneAt } from '../src/ui/plan_shape'
import type { Point } from '../src/ui/plan_shape'

const zone = (name: string, zone_kind: string): GridZone => ({ id: 'B1/2/' + name, name, zone_kind })
const storey = [
  ...Array.from({ length: 12 }, (_, i) => zone(String(201 + i), 'room')), zone('Corridor', 'corridor'), zone('Stair W', 'stair'), zone('Stair E', 'stair'),
]
const near = (a: number, b: number) => Math.abs(a - b) < 1e-6

test('a grid holds every zone once, fills the floor, and does not hang on the order of the list', () => {
  const cells = gridOf(storey)
  assert.equal(cells.length, storey.length)
  assert.equal(new Set(cells.map((cell) => cell.id)).size, storey.length)
  assert.ok(near(cells.reduce((sum, cell) => sum + cell.w * cell.h, 0), 1), 'they fill the floor')
  for (const a of cells) {
    assert.ok(a.x >= -1e-9 && a.y >= -1e-9 && a.x + a.w <= 1 + 1e-9 && a.y + a.h <= 1 + 1e-9, a.id)
    for (const b of cells) {
      const apart = a === b || a.x + a.w <= b.x + 1e-9 || b.x + b.w <= a.x + 1e-9 || a.y + a.h <= b.y + 1e-9 || b.y + b.h <= a.y + 1e-9
      assert.ok(apart, `${a.id} over ${b.id}`)
    }
  }
  const sorted = (list: readonly { id: string }[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual(sorted(gridOf([...storey].reverse())), sorted(cells))
})

test('rooms stand on both sides of the corridor, stairs at the ends that their names say', () => {
  const at = new Map(gridOf(storey).map((cell) => [cell.id.slice(5), cell]))
  const [west, east, corridor] = [at.get('Stair W')!, at.get('Stair E')!, at.get('Corridor')!]
  assert.ok(west.x === 0 && near(west.h, 1) && near(east.x + east.w, 1))
  assert.ok(at.get('201')!.y > corridor.y && at.get('207')!.y < corridor.y && at.get('201')!.x === at.get('207')!.x)
  assert.ok(at.get('202')!.x > at.get('201')!.x && at.get('212')!.x > at.get('207')!.x)
})

test('four sides lie around what is between them; a roof alone is one cell; nothing makes nothing', () => {
  const sides = [...'ABCD'].map((name) => zone(name, 'side'))
  const at = new Map(gridOf([...sides, zone('core', 'core'), zone('stairs', 'stair'), zone('lift', 'lift')]).map((cell) => [cell.id.slice(5), cell]))
  assert.ok(at.get('B')!.x === 0 && at.get('D')!.x > at.get('core')!.x && at.get('C')!.y < at.get('core')!.y && at.get('A')!.y > at.get('core')!.y)
  assert.ok(at.get('stairs')!.x < at.get('core')!.x && at.get('core')!.x < at.get('lift')!.x)
  assert.deepEqual(gridOf([zone('roof', 'roof')]), [{ id: 'B1/2/roof', x: 0, y: 0, w: 1, h: 1 }])
  assert.deepEqual(gridOf([]), [])
  assert.equal(gridOf([zone('S1', 'stair'), zone('S2', 'stair')]).length, 2)
  assert.ok(gridOf([zone('S1', 'stair')]).every((cell) => Number.isFinite(cell.w) && cell.w > 0))
})

test('a click finds the zone under it, of two the smaller one', () => {
  const plan = gridPlan(storey, [])
  for (const it of plan.zones) assert.equal(zoneAt(plan, it.label)?.id, it.id)
  assert.equal(zoneAt(plan, [-1, -1]), null)
  const square = (at: number, size: number) => `${[[at, at], [at, at + size], [at + size, at + size], [at + size, at], [at, at]].map(([lat, lon]) => `${lat},${lon}`).join(' ')}`
  const hall = planOf([{ ...zone('hall', 'room'), shape: square(10, 0.001) }, { ...zone('stair', 'stair'), shape: square(10.0004, 0.0002) }], [], { lat: 10, lon: 10, turn: 0 })
  const inner = hall.zones.find((it) => it.id === 'B1/2/stair')!
  assert.equal(zoneAt(hall, inner.label)?.id, 'B1/2/stair')
  assert.equal(zoneAt(hall, [hall.box.x + 1, hall.box.y + 1])?.id, 'B1/2/hall')
})

test('keys walk to what lies that way, and nowhere past the edge', () => {
  const plan = gridPlan(storey, [])
  const walk = (from: string, ...ways: ('left' | 'right' | 'up' | 'down')[]) =>
    ways.reduce((at, way) => neighbour(plan.zones, at, way)?.id ?? at, 'B1/2/' + from).slice(5)
  assert.equal(walk('201', 'right'), '202')
  assert.equal(walk('201', 'up'), 'Corridor')
  assert.equal(walk('208', 'right', 'right', 'left'), '209')
  assert.equal(walk('201', 'left'), 'Stair W')
  assert.equal(walk('Stair W', 'left'), 'Stair W')
  assert.equal(walk('206', 'right'), 'Stair E')
  assert.equal(walk('212', 'up'), '212')
  // Every zone can be reached from every other.
  const seen = new Set(['B1/2/201'])
  for (const id of seen) for (const way of ['left', 'right', 'up', 'down'] as const) seen.add(neighbour(plan.zones, id, way)?.id ?? id)
  assert.equal(seen.size, storey.length)
})

test('a building lies along its long side, and north is known', () => {
  // 100 m by 20 m, the long side towards the north-east.
  const turn = Math.PI / 4
  const places = [[0, 0], [100, 0], [100, 20], [0, 20]].map(([x, y]) => ({
    lat: (x! * Math.sin(turn) + y! * Math.cos(turn)) / 110_574, lon: (x! * Math.cos(turn) - y! * Math.sin(turn)) / 111_320,
  }))
  const frame = frameOf(places)
  const points = places.map((place) => toPoint(frame, place))
  const width = Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x))
  const height = Math.max(...points.map(([, y]) => y)) - Math.min(...points.map(([, y]) => y))
  assert.ok(Math.abs(width - 100) < 2 && Math.abs(height - 20) < 2, `${width} by ${height}`)
  assert.ok(Math.abs(areaOf(points) - 2000) < 20)
  const north = toPoint({ ...frame }, { lat: frame.lat + 0.001, lon: frame.lon })
  assert.ok(near(Math.atan2(north[0], -north[1]), frame.turn), 'north is turned as the plan is')
})

test('a door stands in the wall that two rooms share', () => {
  const a: Point[] = [[0, 0], [10, 0], [10, 10], [0, 10]]
  const b: Point[] = [[10, 2], [20, 2], [20, 6], [10, 6]]
  const wall = wallBetween(a, b)!
  assert.deepEqual(wall.at, [10, 4])
  assert.ok(near(Math.abs(wall.along[1]), 1))
  const plan = gridPlan(storey, [{ id: 'D1', zones: ['B1/2/201', 'B1/2/Corridor'] }, { id: 'D2', zones: ['B1/2/201', 'B1/3/301'] }])
  assert.equal(plan.doors.length, 1)
  assert.ok(isInside(plan.zones.find((it) => it.id === 'B1/2/Corridor')!.ring, [plan.doors[0]!.at[0], plan.doors[0]!.at[1] - 0.01]))
})

test('the plan fits its box, and zooming keeps the place under the pointer', () => {
  const plan = gridPlan(storey, [])
  const view = fitView(plan, 500, 300, 10)
  for (const it of plan.zones) {
    const [x, y] = toScreen(view, [it.box.x + it.box.w, it.box.y + it.box.h])
    assert.ok(x <= 490.001 && y <= 290.001)
  }
  const at: Point = [120, 80]
  const before = toPlan(view, at)
  const after = toPlan(zoomed(view, at, 1.7), at)
  assert.ok(near(before[0], after[0]) && near(before[1], after[1]))
})

test('a word that most names begin with is left out of the plan', () => {
  assert.deepEqual(shortNames(['Room 301', 'Room 302', 'Room 303', 'Foyer']), ['301', '302', '303', 'Foyer'])
  assert.deepEqual(shortNames(['Stair W', 'Stair E']), ['Stair W', 'Stair E'])
  assert.deepEqual(shortNames(['A', 'B']), ['A', 'B'])
})

test('how fast it goes: rooms of the last half hour, and the floor that was finished last', () => {
  const at = Date.parse('2026-02-17T21:00:00Z')
  const minutes = (n: number) => at - n * 60_000
  const search = (name: string, from: number, to: number, clear = true): Search => ({ zone: name, clear, start: minutes(from), end: minutes(to) })
  const levels = [['3a', '3b'], ['2a', '2b'], ['1a', '1b']]
  const known = [search('1a', 90, 80), search('1b', 85, 48), search('2a', 40, 20), search('2b', 28, 5), search('3a', 4, 1)]
  assert.deepEqual(rateOf(levels, known, at), { per_hour: 6, floor_min: 35 })
  // What does not hold any more does not count, and a later moment does not change an earlier one.
  assert.deepEqual(rateOf(levels, [...known.slice(0, 3), search('2b', 28, 5, false)], at), { per_hour: 2, floor_min: 42 })
  assert.deepEqual(rateOf(levels, known, minutes(30)), { per_hour: 2, floor_min: 42 })
  assert.deepEqual(rateOf(levels, [], at), { per_hour: 0, floor_min: null })
  // On paper only the end is known.
  assert.deepEqual(rateOf([['1a']], [{ zone: '1a', clear: true, start: NaN, end: minutes(5) }], at), { per_hour: 2, floor_min: 0 })
})
