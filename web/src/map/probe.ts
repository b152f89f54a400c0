// For measurements and tests: what the map shows, which a canvas does not tell.
import { mercatorX, mercatorY } from '../base/geo'
import { cornersOf, drawing, measured } from '../state/drawing'
import { placed } from '../state/places'
import { units_by_uid } from '../state/tracks'
import { entityAt } from './chart'
import type { Chart } from './chart'
import { placeAt } from './pointing'

export function letProbe(chart: Chart): void {
  const { map, units } = chart
  ;(window as unknown as { cordon_map: unknown }).cordon_map = {
    draws: () => units.draws,
    at: (x: number, y: number) => units.at(x, y)?.unit.uid ?? null,
    pixel: (uid: string) => {
      const unit = units_by_uid.get(uid)
      return unit && unit.x === unit.x ? map.getPixelFromCoordinate([unit.x, unit.y]) : null
    },
    entityAt: (x: number, y: number) => entityAt(chart, [x, y]),
    labels: () => units.labels(),
    places: () => placed.peek().map((it) => ({ key: `${it.entity.kind}/${it.entity.id}`, places: it.places })),
    placeAt: (x: number, y: number) => placeAt(chart, [x, y]),
    sketch: () => (drawing.peek() ? cornersOf(drawing.peek()!) : measured.peek()),
    pixelOf: (lat: number, lon: number) => map.getPixelFromCoordinate([mercatorX(lon), mercatorY(lat)]),
  }
}
