// Where one can go on the map, and the commands that the rest of the page gives it.
import { latOf, lonOf, mercatorX, mercatorY } from '../base/geo'
import { dir } from '../base/i18n'
import { drawing, moveCorner } from '../state/drawing'
import { show_incident } from '../state/prefs'
import { units, units_by_uid } from '../state/tracks'
import { selected } from '../state/view'
import type { Chart } from './chart'
import { grid_shown, maps } from './commands'
import type { MapCommands } from './commands'
import { mapPicture } from './picture'
import { openMenu } from './pointing'

const FIT_ZOOM_MAX = 17
const FIT_PX = 50
const PAN_PX = 160
/** How long after the first fit more of the first picture may come. */
const SETTLE_MS = 10_000
const UNIT_ZOOM_MIN = 15
/** How far an arrow key moves a chosen corner. */
const CORNER_PX = 8

/** West, south, east, north, metres of the map. */
type Extent = [number, number, number, number]

function goTo(chart: Chart, x: number, y: number): void {
  // Who went somewhere himself is not taken elsewhere by the first unit that comes.
  chart.is_placed = true
  const zoom = Math.max(chart.view.getZoom() ?? 2, UNIT_ZOOM_MIN)
  chart.view.animate({ center: [x, y], zoom, duration: 200 })
}

/** Room for what lies over the map: the storey stack at its beginning, the tools at its end. */
function around(): number[] {
  const stack = document.getElementById('stackbox')?.offsetWidth ?? 0
  const [start, end] = [stack + FIT_PX, FIT_PX * 1.5]
  return dir.peek() === 'rtl' ? [FIT_PX, start, FIT_PX * 1.5, end] : [FIT_PX, end, FIT_PX * 1.5, start]
}

function spread(into: Extent, [west, south, east, north]: readonly number[]): void {
  into[0] = Math.min(into[0], west!)
  into[1] = Math.min(into[1], south!)
  into[2] = Math.max(into[2], east!)
  into[3] = Math.max(into[3], north!)
}

/** All people and the incident, else the server's first map. */
function everything({ ground }: Chart): Extent | null {
  const extent: Extent = [Infinity, Infinity, -Infinity, -Infinity]
  for (const unit of units.values()) {
    if (unit.x === unit.x && unit.presence) spread(extent, [unit.x, unit.y, unit.x, unit.y])
  }
  const shapes = show_incident.peek() === 'on' ? ground.layer.getSource()!.getExtent() : null
  if (shapes && shapes[0]! <= shapes[2]!) spread(extent, shapes)
  if (extent[0] <= extent[2]) return extent
  const bounds = maps.peek()[0]?.bounds
  return bounds ? [mercatorX(bounds[0]), mercatorY(bounds[1]), mercatorX(bounds[2]), mercatorY(bounds[3])] : null
}

export function fit(chart: Chart): void {
  const extent = everything(chart)
  if (extent) chart.view.fit(extent, { padding: around(), maxZoom: FIT_ZOOM_MAX, duration: chart.is_placed ? 200 : 0 })
}

/** What comes first of each is shown: people, places, and the storey stack that lies over them; unless somebody has
 * chosen what he sees. The first cordon of an incident that runs takes nobody elsewhere. */
export function fitFirst(chart: Chart, what: 'units' | 'places' | 'stack'): void {
  if (chart.is_placed || chart.shown.has(what)) return
  chart.shown.add(what)
  const now = performance.now()
  if (chart.first_at === 0) chart.first_at = now
  if (now - chart.first_at > SETTLE_MS) chart.is_placed = true
  else fit(chart)
}

function zoom(chart: Chart, step: number): void {
  chart.is_placed = true
  chart.view.animate({ zoom: (chart.view.getZoom() ?? 2) + step, duration: 150 })
}

function pan(chart: Chart, right: number, down: number): void {
  const [x, y] = chart.view.getCenter()!
  const resolution = chart.view.getResolution()!
  chart.is_placed = true
  chart.view.animate({ center: [x! + right * PAN_PX * resolution, y! - down * PAN_PX * resolution], duration: 100 })
}

export function showUnit(chart: Chart, uid: string): void {
  const unit = units_by_uid.get(uid)
  if (unit && unit.x === unit.x) goTo(chart, unit.x, unit.y)
}

function showEntity(chart: Chart, key: string): void {
  const geometry = chart.ground.layer.getSource()!.getFeatureById(key)?.getGeometry()
  chart.is_placed = true
  if (geometry) chart.view.fit(geometry.getExtent(), { padding: around(), maxZoom: FIT_ZOOM_MAX, duration: 200 })
}

function nudge(chart: Chart, right: number, down: number): boolean {
  const it = drawing.peek()
  const corner = it?.places[it.at]
  if (!it || !corner) return false
  const step = CORNER_PX * chart.view.getResolution()!
  moveCorner(it.at, { lat: latOf(mercatorY(corner.lat) - down * step), lon: lonOf(mercatorX(corner.lon) + right * step) })
  return true
}

function menuAtMiddle(chart: Chart): void {
  const [width = 0, height = 0] = chart.map.getSize() ?? []
  const unit = selected.peek() ? units_by_uid.get(selected.peek()!) : undefined
  const there = unit && unit.x === unit.x ? chart.map.getPixelFromCoordinate([unit.x, unit.y]) : null
  openMenu(chart, there ?? [width / 2, height / 2])
}

async function picture({ map, grid, units }: Chart): Promise<HTMLCanvasElement> {
  // On paper there is a grid in any case.
  grid.setVisible(true)
  const rendered = new Promise((done) => map.once('rendercomplete', done))
  map.render()
  await rendered
  const picture = mapPicture(map, units.canvas)
  grid.setVisible(grid_shown.peek())
  return picture
}

export function commandsOf(chart: Chart): MapCommands {
  return {
    fit: () => fit(chart),
    zoom: (step) => zoom(chart, step),
    pan: (right, down) => pan(chart, right, down),
    showUnit: (uid) => showUnit(chart, uid),
    showEntity: (key) => showEntity(chart, key),
    showPlace: (lat, lon) => goTo(chart, mercatorX(lon), mercatorY(lat)),
    nudge: (right, down) => nudge(chart, right, down),
    menuAtMiddle: () => menuAtMiddle(chart),
    picture: () => picture(chart),
  }
}
