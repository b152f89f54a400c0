// Which units stand alone, which share one symbol with a count, and where each name finds room. Pure.
//
// Greedy, the most important first: a name stands right, left, below or above of its symbol, wherever neither a
// symbol nor another name is, else nowhere. All in pixels of the whole world at one resolution, so that a drag
// changes nothing and only a new zoom or new positions make it worth doing again.
import type { Unit } from '../state/tracks'

export interface Placed {
  unit: Unit
  /** Pixels of the world at this resolution, y down. */
  px: number
  py: number
  /** 0 calls for help, hostile or selected; 1 silent person; 2 person; 3 object. */
  rank: number
  others: Unit[]
  /** Where its name begins and the middle of its line, from the symbol's middle; null: there is no room. */
  label: { dx: number; dy: number } | null
}

export interface Box {
  x0: number
  y0: number
  x1: number
  y1: number
}

/** The letters of a place, and where they stand: their middle, from the place. */
export interface Mark {
  px: number
  py: number
  width: number
  at: { dx: number; dy: number }
}

export interface LayoutInput {
  units: Iterable<Unit>
  resolution: number
  half_w: number
  half_h: number
  labels: boolean
  /** How wide a unit's name is, px. */
  width: (unit: Unit) => number
  rank: (unit: Unit) => number
  /** Letters of places on the record: they find room before the names of units do. */
  marks?: readonly Mark[]
  /** Only what is in here gets a name: the view and some way around it. */
  near?: Box
}

const STRIDE = 1 << 25
const GAP = 7

const cell = (x: number, y: number) => (x + STRIDE / 2) * STRIDE + (y + STRIDE / 2)

/** Boxes by the squares they lie in, so that only neighbours are compared. */
class Boxes {
  private readonly squares = new Map<number, Box[]>()
  constructor(private readonly size: number) {}

  private each(box: Box, see: (key: number) => boolean): boolean {
    const s = this.size
    for (let y = Math.floor(box.y0 / s); y <= Math.floor(box.y1 / s); y++) {
      for (let x = Math.floor(box.x0 / s); x <= Math.floor(box.x1 / s); x++) if (see(cell(x, y))) return true
    }
    return false
  }

  put(box: Box): void {
    this.each(box, (key) => {
      const there = this.squares.get(key)
      if (there) there.push(box)
      else this.squares.set(key, [box])
      return false
    })
  }

  isFree(box: Box): boolean {
    return !this.each(box, (key) => this.squares.get(key)?.some((it) => it.x0 < box.x1 && box.x0 < it.x1 && it.y0 < box.y1 && box.y0 < it.y1) ?? false)
  }
}

/** A leader whose symbol `it` would touch. */
function cover(it: Placed, leaders: Map<number, Placed[]>, w: number, h: number): Placed | null {
  const cx = Math.floor(it.px / w)
  const cy = Math.floor(it.py / h)
  for (let y = cy - 1; y <= cy + 1; y++) {
    for (let x = cx - 1; x <= cx + 1; x++) {
      for (const leader of leaders.get(cell(x, y)) ?? []) {
        const same_kind = (leader.rank === 3) === (it.rank === 3)
        if (same_kind && Math.abs(leader.px - it.px) < w && Math.abs(leader.py - it.py) < h) return leader
      }
    }
  }
  return null
}

function stacked(input: LayoutInput): Placed[] {
  const { resolution } = input
  const by_rank: Placed[][] = [[], [], [], []]
  for (const unit of input.units) {
    if (unit.x !== unit.x || unit.y !== unit.y) continue
    const rank = input.rank(unit)
    by_rank[rank]!.push({ unit, px: unit.x / resolution, py: -unit.y / resolution, rank, others: [], label: null })
  }
  const w = input.half_w * 2
  const h = input.half_h * 2
  const leaders = new Map<number, Placed[]>()
  const placed: Placed[] = []
  for (const list of by_rank) {
    for (const it of list) {
      const leader = it.rank === 0 ? null : cover(it, leaders, w, h)
      if (leader) {
        leader.others.push(it.unit)
        continue
      }
      placed.push(it)
      const key = cell(Math.floor(it.px / w), Math.floor(it.py / h))
      const there = leaders.get(key)
      if (there) there.push(it)
      else leaders.set(key, [it])
    }
  }
  return placed
}

const isNear = (it: Placed, near: Box | undefined) => !near || (it.px > near.x0 && it.px < near.x1 && it.py > near.y0 && it.py < near.y1)

const MARK_HALF = 9
const MARK_GAP = 6

/** Above their place, else beside or below it: never over a symbol while there is another way. */
function placeMarks(marks: readonly Mark[], boxes: Boxes): void {
  for (const it of marks) {
    const half = it.width / 2
    const sides = [{ dx: 0, dy: -MARK_HALF - MARK_GAP }, { dx: half + MARK_GAP, dy: 0 }, { dx: -half - MARK_GAP, dy: 0 }, { dx: 0, dy: MARK_HALF + MARK_GAP }]
    const boxAt = (side: Mark['at']) => ({ x0: it.px + side.dx - half, y0: it.py + side.dy - MARK_HALF, x1: it.px + side.dx + half, y1: it.py + side.dy + MARK_HALF })
    it.at = sides.find((side) => boxes.isFree(boxAt(side))) ?? sides[0]!
    boxes.put(boxAt(it.at))
  }
}

export function layout(input: LayoutInput): Placed[] {
  const { half_w, half_h } = input
  const placed = stacked(input)
  const named = placed.filter((it) => isNear(it, input.near))
  const boxes = new Boxes(half_w * 2)
  for (const it of named) boxes.put({ x0: it.px - half_w, y0: it.py - half_h, x1: it.px + half_w, y1: it.py + half_h })
  placeMarks(input.marks ?? [], boxes)
  const line = half_h * 0.75
  for (const it of named) {
    if (it.rank > 0 && !input.labels) continue
    const width = input.width(it.unit)
    const sides = [
      { dx: half_w + GAP, dy: 0 }, { dx: -half_w - GAP - width, dy: 0 },
      { dx: -width / 2, dy: half_h + line + 4 }, { dx: -width / 2, dy: -half_h - line - 4 },
    ]
    const boxAt = (side: { dx: number; dy: number }) => ({
      x0: it.px + side.dx - 3, y0: it.py + side.dy - line, x1: it.px + side.dx + width + 3, y1: it.py + side.dy + line,
    })
    // Who calls for help or is looked at has a name in any case.
    it.label = sides.find((side) => boxes.isFree(boxAt(side))) ?? (it.rank === 0 ? sides[0]! : null)
    if (it.label) boxes.put(boxAt(it.label))
  }
  return placed
}
