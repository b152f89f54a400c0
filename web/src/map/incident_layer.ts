// What the record says about the ground: cordons, closed roads, tactical zones, points, hazards. Line, hatch and
// letters tell the kinds apart; colour only adds to it. Lies over the maps and under the units.
import Feature from 'ol/Feature'
import type { FeatureLike } from 'ol/Feature'
import LineString from 'ol/geom/LineString'
import Point from 'ol/geom/Point'
import Polygon from 'ol/geom/Polygon'
import type { Geometry } from 'ol/geom'
import VectorLayer from 'ol/layer/Vector'
import VectorImageLayer from 'ol/layer/VectorImage'
import VectorSource from 'ol/source/Vector'
import { Circle, Fill, Stroke, Style, Text } from 'ol/style'
import { metresText } from '../base/format'
import { mercatorX, mercatorY } from '../base/geo'
import { t } from '../base/i18n'
import { distance } from '../base/measure'
import { isClosed } from '../base/place'
import type { Place } from '../base/place'
import { wordText } from '../base/values'
import { scale } from '../state/prefs'
import { cornersOf } from '../state/drawing'
import type { Drawing } from '../state/drawing'
import type { Placed } from '../state/places'
import { middlesOf } from './corners'
import type { Palette } from './palette'
import { REACH } from './reach'
import type { Letters } from './unit_draw'

const FONT = '"Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif'
const HATCH_PX = 9
/** The letters of a point stand above it. */
const POINT_REACH_PX = 20
const LINE_REACH_PX = 7

interface Look {
  line: keyof Palette
  width: number
  dash?: number[]
  /** The letters of a hatched area say what it is. */
  hatch?: boolean
  sign?: string
}

const looks: Record<string, Look> = {
  'cordon.inner': { line: 'main', width: 3 },
  'cordon.outer': { line: 'main', width: 2.5, dash: [12, 7] },
  'cordon.traffic': { line: 'main', width: 2, dash: [2, 6] },
  'cordon.media': { line: 'dim_text', width: 2, dash: [2, 6] },
  'tactical.hot': { line: 'crit', width: 2, hatch: true, sign: 'HOT' },
  'tactical.exclusion': { line: 'crit', width: 3, hatch: true, sign: '✕' },
  'tactical.warm': { line: 'warn', width: 2, hatch: true, sign: 'WARM' },
  'tactical.cold': { line: 'main', width: 1.5, dash: [6, 4], sign: 'COLD' },
  closure: { line: 'warn', width: 5, dash: [3, 9], sign: '✕' },
}
const hazard: Look = { line: 'crit', width: 2, dash: [8, 4], hatch: true, sign: '!' }
const point: Look = { line: 'main', width: 2 }

const lookOf = (placed: Placed) => looks[placed.look] ?? (placed.entity.kind === 'hazard' ? hazard : point)

const at = (it: Place) => [mercatorX(it.lon), mercatorY(it.lat)]

function geometryOf(places: readonly Place[]): Geometry {
  if (places.length === 1) return new Point(at(places[0]!))
  return isClosed(places) ? new Polygon([places.map(at)]) : new LineString(places.map(at))
}

/** Where the name stands: the southern edge of an area, where fewer units stand in its way; the middle of a line. */
function nameAt(it: FeatureLike): Point | undefined {
  const geometry = (it as Feature).getGeometry()
  if (geometry instanceof Point) return geometry
  if (geometry instanceof LineString) return new Point(geometry.getCoordinateAt(0.5))
  if (!(geometry instanceof Polygon)) return undefined
  return new Point(geometry.getCoordinates()[0]!.reduce((best, corner) => (corner[1]! < best[1]! ? corner : best)))
}

function hatch(colour: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = HATCH_PX
  const ctx = tile.getContext('2d')!
  ctx.strokeStyle = colour
  ctx.globalAlpha = 0.45
  ctx.beginPath()
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    ctx.moveTo(shift, HATCH_PX)
    ctx.lineTo(shift + HATCH_PX, 0)
  }
  ctx.stroke()
  return ctx.createPattern(tile, 'repeat') ?? 'transparent'
}

export class IncidentLayer {
  /** A picture larger than the view: a drag moves it and draws nothing. */
  readonly layer = new VectorImageLayer({ source: new VectorSource(), zIndex: 30, imageRatio: 1 + 2 * REACH })
  private readonly hatches = new Map<string, CanvasPattern | string>()
  private palette: Palette
  private chosen = ''

  constructor(palette: Palette) {
    this.palette = palette
    this.layer.setStyle((it) => this.style(it))
  }

  set(list: readonly Placed[]): void {
    const features = list.map((placed) => {
      const it = new Feature({ geometry: geometryOf(placed.places), placed })
      it.setId(`${placed.entity.kind}/${placed.entity.id}`)
      return it
    })
    const source = this.layer.getSource()!
    source.clear(true)
    source.addFeatures(features)
  }

  /** The letters of points: drawn with the units, as they must find room among them. */
  letters(): Letters[] {
    return this.layer.getSource()!.getFeatures().flatMap((it) => {
      const geometry = it.getGeometry()
      const placed = it.get('placed') as Placed
      if (!(geometry instanceof Point) || placed.entity.kind !== 'point') return []
      const [x, y] = geometry.getCoordinates()
      const kind = placed.look.slice('point.'.length)
      return [{ x: x!, y: y!, text: kind.length <= 4 ? kind.toUpperCase() : wordText(kind, 'point_kind'), chosen: it.getId() === this.chosen }]
    })
  }

  /** What stands at a place: a point before an area, a small one before a large one. */
  at(coordinate: number[], resolution: number): string | null {
    let best: { id: string; size: number } | null = null
    for (const it of this.layer.getSource()!.getFeatures()) {
      const geometry = it.getGeometry()!
      const [x, y] = geometry.getClosestPoint(coordinate)
      const reach = (geometry instanceof Point ? POINT_REACH_PX : LINE_REACH_PX) * scale * resolution
      if (Math.hypot(x! - coordinate[0]!, y! - coordinate[1]!) > reach) continue
      const [west, south, east, north] = geometry.getExtent()
      const size = (east! - west!) * (north! - south!)
      if (!best || size < best.size) best = { id: String(it.getId()), size }
    }
    return best?.id ?? null
  }

  restyle(palette: Palette, chosen: string): void {
    this.palette = palette
    this.chosen = chosen
    this.layer.changed()
  }

  private fill(look: Look): Fill {
    // Nearly nothing, so that a click into an area finds it.
    if (!look.hatch) return new Fill({ color: 'rgba(128,128,128,0.04)' })
    const colour = this.palette[look.line]
    if (!this.hatches.has(colour)) this.hatches.set(colour, hatch(colour))
    return new Fill({ color: this.hatches.get(colour)! })
  }

  private label(text: string, colour: string, offset: number): Text {
    const p = this.palette
    return new Text({
      text, font: `700 ${12 * scale}px ${FONT}`, fill: new Fill({ color: colour }), offsetY: offset, overflow: true,
      backgroundFill: new Fill({ color: p.halo }), padding: [2, 5, 1, 5].map((px) => px * scale),
    })
  }

  private style(it: FeatureLike): Style[] {
    const placed = it.get('placed') as Placed
    const look = lookOf(placed)
    const p = this.palette
    const chosen = it.getId() === this.chosen
    const colour = chosen ? p.sel : p[look.line]
    const z = placed.entity.kind === 'point' ? 3 : placed.entity.kind === 'cordon' ? 1 : 2
    if (placed.places.length === 1) return this.spot(placed, look, colour, z)
    const lane = placed.entity.fields['emergency_lane'] === true
    const name = [look.sign, placed.name, lane ? t('place.lane') : ''].filter(Boolean).join(' ')
    return [
      new Style({ stroke: new Stroke({ color: p.halo, width: (look.width + 3) * scale }), zIndex: z }),
      new Style({
        stroke: new Stroke({ color: colour, width: look.width * scale, lineCap: 'butt', ...(look.dash ? { lineDash: look.dash.map((px) => px * scale) } : {}) }),
        fill: this.fill(look), zIndex: z,
      }),
      // A thin line that is not broken: the lane that ambulances may still use.
      ...(lane ? [new Style({ stroke: new Stroke({ color: p.main, width: 1.5 * scale }), zIndex: z })] : []),
      new Style({ geometry: (feature) => nameAt(feature as FeatureLike), text: this.label(name, colour === p.crit ? p.crit : p.text, 0), zIndex: z + 3 }),
    ]
  }

  /** A point is a dot, with its letters among the units; a hazard a sign with its name. */
  private spot(placed: Placed, look: Look, colour: string, z: number): Style[] {
    const p = this.palette
    if (placed.entity.kind !== 'point') {
      return [
        new Style({ image: new Circle({ radius: 11 * scale, fill: new Fill({ color: p.crit_bg }), stroke: new Stroke({ color: colour, width: 2 * scale }) }), zIndex: z }),
        new Style({ text: this.label(look.sign ?? '', p.crit, 0), zIndex: z }),
        new Style({ text: this.label(placed.name, p.crit, 22 * scale), zIndex: z }),
      ]
    }
    return [new Style({ image: new Circle({ radius: 4 * scale, fill: new Fill({ color: colour }), stroke: new Stroke({ color: p.bg, width: 1 }) }), zIndex: z })]
  }
}

/** The sketch of what is drawn or measured, above everything else of the map. */
export class SketchLayer {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 40, updateWhileAnimating: true, updateWhileInteracting: true })

  private put(geometry: Geometry, style: Style): void {
    const it = new Feature(geometry)
    it.setStyle(style)
    this.layer.getSource()!.addFeature(it)
  }

  /** How long each side is stands at its middle. */
  private lengths(places: readonly Place[], p: Palette): void {
    places.slice(1).forEach((place, i) => {
      const text = new Text({
        text: metresText(distance(places[i]!, place)), font: `700 ${12 * scale}px ${FONT}`, fill: new Fill({ color: p.text }), backgroundFill: new Fill({ color: p.halo }),
        padding: [2, 4, 1, 4].map((px) => px * scale), overflow: true,
      })
      this.put(new LineString([at(places[i]!), at(place)]), new Style({ geometry: (side) => new Point(((side as Feature<LineString>).getGeometry()!).getCoordinateAt(0.5)), text }))
    })
  }

  set(it: Drawing | null, measured: readonly Place[], p: Palette, resolution: number): void {
    const source = this.layer.getSource()!
    source.clear(true)
    const corners = it ? cornersOf(it) : measured
    const area = it?.as === 'area' || (it?.as === 'circle' && corners.length > 2)
    const line = new Style({ stroke: new Stroke({ color: p.sel, width: 3 * scale }), ...(area ? { fill: new Fill({ color: 'rgba(128,128,128,0.2)' }) } : {}) })
    if (corners.length > 1) {
      const points = corners.map(at)
      this.put(area && points.length > 2 ? new Polygon([[...points, points[0]!]]) : new LineString(points), line)
    }
    if (!it || it.as === 'measure') this.lengths(corners, p)
    if (it?.as === 'circle') this.lengths(it.places, p)
    const dot = (radius: number, fill: string, stroke: string) =>
      new Style({ image: new Circle({ radius: radius * scale, fill: new Fill({ color: fill }), stroke: new Stroke({ color: stroke, width: 2 * scale }) }) })
    for (const middle of it ? middlesOf(it, resolution) : []) if (middle) this.put(new Point(at(middle)), dot(4, p.bg, p.sel))
    const places = it?.places ?? measured
    places.forEach((place, i) => this.put(new Point(at(place)), i === it?.at ? dot(9, p.text, p.sel) : dot(6, p.sel, p.bg)))
  }
}
