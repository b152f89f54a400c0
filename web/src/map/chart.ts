// The map with its layers, as one object that the parts of the engine pass around, and how our own canvas is drawn.
//
//   chart.ts      layers, drawing            travel.ts   where one can go: fit, zoom, a unit, a place; the commands
//   pointing.ts   pointer, click, menu       follow.ts   what of the page's state the layers follow
//   engine.ts     starts and ends them       probe.ts    what measurements and tests may ask
import OlMap from 'ol/Map'
import { defaults as interactions } from 'ol/interaction/defaults'
import type Layer from 'ol/layer/Layer'
import type VectorImageLayer from 'ol/layer/VectorImage'
import { mercatorY } from '../base/geo'
import { emergencies } from '../state/record'
import { link_state, lost_since, picture_at } from '../state/live'
import { show_incident, show_labels } from '../state/prefs'
import { placed } from '../state/places'
import { serverNow } from '../state/clock'
import { past_at } from '../state/moment'
import { centre, screen, selected } from '../state/view'
import { worldLayer } from './base'
import { Corners } from './corners'
import { gridLayer } from './grid_layer'
import { hintsOf } from './hints'
import { IncidentLayer, SketchLayer } from './incident_layer'
import { palette } from './palette'
import { redrawBeyond } from './reach'
import { UnitLayer } from './unit_layer'
import type { UnitLayerState } from './unit_layer'
import { WholePixelView } from './whole_pixels'

const ZOOM_MAX = 22

export interface Chart {
  readonly target: HTMLElement
  readonly view: WholePixelView
  readonly map: OlMap
  readonly world: VectorImageLayer
  readonly ground: IncidentLayer
  readonly sketch: SketchLayer
  readonly grid: Layer
  readonly units: UnitLayer
  /** Somebody chose what is seen: the first unit or place that comes takes him nowhere else. */
  is_placed: boolean
  /** What of the first picture was fitted, and when the first of it (performance.now(), 0: nothing yet). */
  readonly shown: Set<string>
  first_at: number
  /** Our canvas is drawn in the next frame. */
  is_due: boolean
  /** Where the pointer is, px of the map; null: elsewhere. */
  pointed: number[] | null
}

export function newChart(target: HTMLElement): Chart {
  const view = new WholePixelView({
    center: [0, mercatorY(20)], zoom: 2, minZoom: 1, maxZoom: ZOOM_MAX, enableRotation: false,
    smoothResolutionConstraint: true,
  })
  const map = new OlMap({
    target, view, controls: [],
    interactions: interactions({ altShiftDragRotate: false, pinchRotate: false, keyboard: false }),
  })
  const [world, ground, sketch, grid] = [worldLayer(), new IncidentLayer(palette.peek()!), new SketchLayer(), gridLayer()]
  for (const layer of [world, ground.layer, sketch.layer, grid]) map.addLayer(layer)
  map.addInteraction(new Corners(map))
  redrawBeyond(map)
  const units = new UnitLayer(unitState(ground))
  target.append(units.canvas)
  return { target, view, map, world, ground, sketch, grid, units, is_placed: centre.peek() !== null, shown: new Set(), first_at: 0, is_due: false, pointed: null }
}

export function endChart(chart: Chart): void {
  chart.map.setTarget(undefined)
  chart.units.canvas.remove()
}

function shownNow(): number {
  if (past_at.peek() !== null) return past_at.peek()!
  // While the server is away the picture is frozen: nobody falls silent because of us.
  if (link_state.peek() !== 'live' && lost_since.peek()) return picture_at.peek()
  return serverNow()
}

function unitState(ground: IncidentLayer): UnitLayerState {
  const with_incident = show_incident.peek() === 'on'
  return {
    palette: palette.peek()!,
    now: shownNow(),
    selected: selected.peek(),
    labels: show_labels.peek() === 'on',
    frozen: lost_since.peek() !== 0 && past_at.peek() === null,
    own_places: with_incident,
    emergencies: emergencies.peek(),
    letters: with_incident ? ground.letters() : [],
    hints: (seen) => hintsOf(seen, show_incident.peek() === 'on' ? placed.peek() : [], selected.peek()),
  }
}

export function draw({ map, view, units }: Chart): void {
  const [width = 0, height = 0] = map.getSize() ?? []
  if (!view.isDef() || width === 0) return
  const { center: [x, y], resolution } = view.getState()
  units.draw({ x: x!, y: y!, resolution, width, height }, view.getInteracting() || view.getAnimating())
}

export function drawSoon(chart: Chart): void {
  if (chart.is_due || screen.peek() !== 'map') return
  chart.is_due = true
  requestAnimationFrame(() => {
    chart.is_due = false
    draw(chart)
  })
}

/** Units, words, choices or time have changed. */
export function restate(chart: Chart): void {
  chart.units.set(unitState(chart.ground))
  drawSoon(chart)
}

/** "cordon/EX-inner": what of the incident stands at a pixel. */
export function entityAt({ map, view, ground }: Chart, pixel: number[]): string | null {
  if (show_incident.peek() !== 'on') return null
  return ground.at(map.getCoordinateFromPixel(pixel), view.getResolution() ?? 1)
}
