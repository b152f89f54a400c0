// The map: OpenLayers on canvas for what stands still, our own canvas for what moves. chart.ts tells which file does what.
import { batch } from '@preact/signals'
import { WORLD, latOf, lonOf, mercatorX, mercatorY } from '../base/geo'
import { metresText } from '../base/format'
import { centre } from '../state/view'
import { loadWorld } from './base'
import { draw, endChart, newChart } from './chart'
import type { Chart } from './chart'
import { map_commands, pointer, scale_bar } from './commands'
import { followAll } from './follow'
import { readPalette } from './palette'
import { listenToPointer, placeAt } from './pointing'
import { letProbe } from './probe'
import { commandsOf } from './travel'
import world_url from 'world-atlas/countries-110m.json?url'

const IDLE_MS = 5_000
/** From here on the coarse outline of the world is seen to be coarse. */
const CLOSE_ZOOM = 5.5
const BAR_PX = 140

export function startMap(target: HTMLElement): () => void {
  readPalette()
  const chart = newChart(target)
  const needCloseWorld = startWorld(chart)
  // The map draws itself: our canvas goes with it, in the same frame.
  chart.map.on('postrender', () => draw(chart))
  chart.map.on('moveend', () => {
    tellWhere(chart)
    needCloseWorld()
  })
  const stops = [listenToPointer(chart)]
  map_commands.value = commandsOf(chart)
  goBack(chart)
  stops.push(...followAll(chart))
  letProbe(chart)
  return () => {
    for (const stop of stops) stop()
    map_commands.value = null
    endChart(chart)
  }
}

/** To where the map was left. */
function goBack({ view }: Chart): void {
  const left = centre.peek()
  if (!left) return
  view.setCenter([mercatorX(left.lon), mercatorY(left.lat)])
  view.setZoom(left.zoom)
}

function tellWhere(chart: Chart): void {
  const { view } = chart
  const [x, y] = view.getCenter()!
  const middle = { lat: latOf(y!), lon: lonOf(x!) }
  batch(() => {
    centre.value = { ...middle, zoom: view.getZoom()! }
    pointer.value = chart.pointed ? placeAt(chart, chart.pointed) : middle
    scale_bar.value = scaleBar(view.getResolution()!, middle.lat)
  })
}

/** The outline of the world; gives what is called at each move, to fetch a closer one when it is needed. */
function startWorld({ view, world }: Chart): () => void {
  const outline = loadWorld(world, world_url).catch(() => undefined)
  let asked = false
  const fetchClose = () => outline.then(() => import('./world_close')).then(({ default: url }) => loadWorld(world, url)).catch(() => { asked = false })
  return () => {
    if (asked || view.getZoom()! < CLOSE_ZOOM) return
    asked = true
    // The first picture stands; what it needs goes first on a slow line. A lost server is asked again at the next move.
    requestIdleCallback(() => void fetchClose(), { timeout: IDLE_MS })
  }
}

function scaleBar(resolution: number, lat: number): { px: number; text: string } {
  const metres_per_px = resolution * Math.cos((lat * Math.PI) / 180)
  const most = Math.min(BAR_PX * metres_per_px, WORLD / 4)
  const power = 10 ** Math.floor(Math.log10(most))
  const metres = [5, 2, 1].map((it) => it * power).find((it) => it <= most) ?? power
  return { px: Math.round(metres / metres_per_px), text: metresText(metres).replace('.0', '') }
}
