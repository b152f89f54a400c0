// Which units stand alone, which share one symbol with a count, and which labels find room. Pure.
//
// All in pixels of the whole world at one resolution, so that a drag changes nothing and only a new
// zoom or new positions make it worth doing again.
import type { Unit } from '../state/tracks'

export interface Placed {
  unit: Unit
  /** Pixels of the world at this resolution, y down. */
  px: number
  py: number
  /** 0 calls for help, hostile or selected; 1 person; 2 silent person; 3 object. */
  rank: number
  others: Unit[]
  label: boolean
}

export interface LayoutInput {
  units: Iterable<Unit>
  resolution: number
  half_w: number
  half_h: number
  labels: boolean
  letter_px: number
  rank: (unit: Unit) => number
}

const STRIDE = 1 << 25

const cell = (x: number, y: number) => (x + STRIDE / 2) * STRIDE + (y + STRIDE / 2)

class Cells {
  private readonly taken = new Set<number>()
  constructor(private readonly size: number) {}

  /** True when all cells of the box are free; then they are taken. `force` takes them anyway. */
  take(x0: number, y0: number, x1: number, y1: number, force: boolean): boolean {
    const s = this.size
    const left = Math.floor(x0 / s)
    const right = Math.floor(x1 / s)
    const top = Math.floor(y0 / s)
    const bottom = Math.floor(y1 / s)
    if (!force) {
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) if (this.taken.has(cell(x, y))) return false
      }
    }
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) this.taken.add(cell(x, y))
    }
    return true
  }
}

/** A leader that `it` would cover by a quarter or more. */
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

export function layout(input: LayoutInput): Placed[] {
  const { resolution, half_w, half_h } = input
  const by_rank: Placed[][] = [[], [], [], []]
  for (const unit of input.units) {
    if (unit.x !== unit.x || unit.y !== unit.y) continue
    const rank = input.rank(unit)
    by_rank[rank]!.push({ unit, px: unit.x / resolution, py: -unit.y / resolution, rank, others: [], label: false })
  }
  const w = half_w * 1.6
  const h = half_h * 1.6
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
  const cells = new Cells(half_h)
  for (const it of placed) cells.take(it.px - half_w, it.py - half_h, it.px + half_w, it.py + half_h, true)
  for (const it of placed) {
    if (it.rank > 0 && !input.labels) continue
    const x0 = it.px + half_w * 1.5
    const x1 = x0 + it.unit.callsign.length * input.letter_px
    it.label = cells.take(x0, it.py - half_h * 0.6, x1, it.py + half_h * 0.6, it.rank === 0)
  }
  return placed
}
