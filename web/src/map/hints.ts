// What an arrow at the edge tells of: a cordon whose line is out of sight, and the selected unit.
import LineString from 'ol/geom/LineString'
import { mercatorX, mercatorY } from '../base/geo'
import type { Placed } from '../state/places'
import { units_by_uid } from '../state/tracks'
import type { Seen } from './seen'

export interface Hint {
  /** Where it is nearest, metres of the map. */
  x: number
  y: number
  name: string
  level: 'sel' | 'calm'
}

interface Line {
  name: string
  line: LineString
}

let lines_of: readonly Placed[] = []
let lines: Line[] = []

function cordons(list: readonly Placed[]): Line[] {
  if (list === lines_of) return lines
  lines_of = list
  lines = list.filter((it) => it.entity.kind === 'cordon' && it.places.length > 1).map((it) => ({
    name: it.name, line: new LineString(it.places.map((at) => [mercatorX(at.lon), mercatorY(at.lat)])),
  }))
  return lines
}

export function hintsOf(seen: Seen, list: readonly Placed[], selected: string | null): Hint[] {
  const half_w = (seen.width / 2) * seen.resolution
  const half_h = (seen.height / 2) * seen.resolution
  const extent = [seen.x - half_w, seen.y - half_h, seen.x + half_w, seen.y + half_h]
  const hints: Hint[] = []
  for (const { name, line } of cordons(list)) {
    if (line.intersectsExtent(extent)) continue
    const [x, y] = line.getClosestPoint([seen.x, seen.y])
    hints.push({ x: x!, y: y!, name, level: 'calm' })
  }
  const unit = selected ? units_by_uid.get(selected) : undefined
  if (unit && unit.x === unit.x && (unit.x < extent[0]! || unit.x > extent[2]! || unit.y < extent[1]! || unit.y > extent[3]!)) {
    hints.push({ x: unit.x, y: unit.y, name: unit.callsign, level: 'sel' })
  }
  return hints
}
