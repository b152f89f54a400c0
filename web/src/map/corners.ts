// Corners of a sketch under the pointer: dragged, put between two others, and snapped to corners that stand already.
import PointerInteraction from 'ol/interaction/Pointer'
import type OlMap from 'ol/Map'
import type MapBrowserEvent from 'ol/MapBrowserEvent'
import { latOf, lonOf, mercatorX, mercatorY } from '../base/geo'
import type { Place } from '../base/place'
import { chooseCorner, drawing, insertCorner, moveCorner } from '../state/drawing'
import { placed } from '../state/places'
import { scale } from '../state/prefs'

const REACH_PX = 14
const SNAP_PX = 10

const at = (place: Place) => [mercatorX(place.lon), mercatorY(place.lat)]
const placeOf = (coordinate: number[]): Place => ({ lat: latOf(coordinate[1]!), lon: lonOf(coordinate[0]!) })

/** A shorter side has no room for a corner between its two. */
const SIDE_PX = 40

/** The middles of the sides, where a corner can be put: the one after corner i is the i-th; null: the side is too short. */
export function middlesOf(it: { as: string; places: readonly Place[] }, resolution: number): (Place | null)[] {
  if (it.as === 'circle' || it.as === 'place') return []
  const round = it.as === 'area' && it.places.length > 2
  const ends = round ? [...it.places.slice(1), it.places[0]!] : it.places.slice(1)
  return ends.map((next, i) => {
    const [x0, y0, x1, y1] = [...at(it.places[i]!), ...at(next)] as [number, number, number, number]
    if (Math.hypot(x1 - x0, y1 - y0) / resolution < SIDE_PX * scale) return null
    return { lat: (it.places[i]!.lat + next.lat) / 2, lon: (it.places[i]!.lon + next.lon) / 2 }
  })
}

function nearest(map: OlMap, places: readonly (Place | null)[], pixel: number[], reach: number): number {
  let best = -1
  let least = reach * scale
  places.forEach((place, i) => {
    const there = place && map.getPixelFromCoordinate(at(place))
    if (!there) return
    const far = Math.hypot(there[0]! - pixel[0]!, there[1]! - pixel[1]!)
    if (far >= least) return
    least = far
    best = i
  })
  return best
}

/** A corner of the record near a pixel, else the place at the pixel. */
export function snapped(map: OlMap, pixel: number[]): Place {
  const corners = placed.peek().flatMap((it) => it.places)
  const found = nearest(map, corners, pixel, SNAP_PX)
  return corners[found] ?? placeOf(map.getCoordinateFromPixel(pixel))
}

/** Which corner of the sketch is at a pixel; -1: none. */
export function cornerAt(map: OlMap, pixel: number[]): number {
  return nearest(map, drawing.peek()?.places ?? [], pixel, REACH_PX)
}

export class Corners extends PointerInteraction {
  private held = -1

  constructor(private readonly olmap: OlMap) {
    super()
  }

  override handleDownEvent(event: MapBrowserEvent): boolean {
    const it = drawing.peek()
    if (!it) return false
    this.held = cornerAt(this.olmap, event.pixel)
    if (this.held >= 0) {
      chooseCorner(this.held)
      return true
    }
    const side = nearest(this.olmap, middlesOf(it, this.olmap.getView().getResolution() ?? 1), event.pixel, REACH_PX)
    if (side < 0) return false
    insertCorner(side)
    this.held = side + 1
    return true
  }

  override handleDragEvent(event: MapBrowserEvent): void {
    moveCorner(this.held, snapped(this.olmap, event.pixel))
  }

  override handleUpEvent(): boolean {
    return false
  }
}
