// What the pointer does on the map: shows a place, chooses what stands there, sets corners, asks what can be done.
import type MapBrowserEvent from 'ol/MapBrowserEvent'
import { latOf, lonOf } from '../base/geo'
import type { Place } from '../base/place'
import { addPlace, drawing, finishDrawing } from '../state/drawing'
import { mapMenu } from '../state/map_menu'
import { following, select, selectEntity } from '../state/view'
import { entityAt } from './chart'
import type { Chart } from './chart'
import { pointer } from './commands'
import { cornerAt, snapped } from './corners'
import { holdToMenu } from './hold'

/** Nearer together than that two clicks are one double click. */
const TWICE_PX = 8

export function placeAt({ map }: Chart, pixel: number[]): Place {
  const [x, y] = map.getCoordinateFromPixel(pixel)
  return { lat: latOf(y!), lon: lonOf(x!) }
}

/** The verbs of what is at a pixel of the map, or of the ground there. */
export function openMenu(chart: Chart, pixel: number[]): void {
  if (drawing.peek()) return
  const unit = chart.units.at(pixel[0]!, pixel[1]!)?.unit.uid ?? null
  const entity = unit ? null : entityAt(chart, pixel)
  mapMenu(pixel as [number, number], placeAt(chart, pixel), unit, entity)
}

function isOver(chart: Chart, { pixel, dragging }: MapBrowserEvent): boolean {
  if (drawing.peek()) return cornerAt(chart.map, pixel) >= 0
  if (dragging) return false
  return chart.units.at(pixel[0]!, pixel[1]!) !== null || entityAt(chart, pixel) !== null
}

function pointed(chart: Chart, event: MapBrowserEvent): void {
  chart.pointed = event.pixel
  // A map that is dragged takes the place under the pointer along: nothing of the page is laid out anew in its frames.
  if (chart.view.getInteracting()) return
  pointer.value = placeAt(chart, event.pixel)
  chart.target.classList.toggle('over', isOver(chart, event))
}

/** A corner of what is drawn, unless the click is on the first one: that closes an area. */
function addCorner({ map }: Chart, pixel: number[]): void {
  // The second click of a double click is on the corner that the first one made, and adds none.
  const corner = cornerAt(map, pixel)
  const it = drawing.peek()!
  if (corner < 0) addPlace(snapped(map, pixel))
  else if (corner === 0 && it.as === 'area' && it.name === '') finishDrawing()
}

function choose(chart: Chart, pixel: number[]): void {
  const it = chart.units.at(pixel[0]!, pixel[1]!)
  select(it?.unit.uid ?? null, it?.others.map((unit) => unit.uid) ?? [])
  if (!it) selectEntity(entityAt(chart, pixel))
}

/** Gives what ends it. */
export function listenToPointer(chart: Chart): () => void {
  const { map, target } = chart
  let clicked: number[][] = []
  map.on('pointermove', (event) => pointed(chart, event))
  map.on('pointerdrag', () => {
    following.value = false
    chart.is_placed = true
  })
  target.addEventListener('wheel', () => { chart.is_placed = true }, { passive: true })
  map.on('click', ({ pixel }) => {
    if (!drawing.peek()) return choose(chart, pixel)
    clicked = [pixel, ...clicked.slice(0, 1)]
    addCorner(chart, pixel)
  })
  map.on('dblclick', (event) => {
    if (!drawing.peek()) return
    event.stopPropagation()
    // Two quick clicks at two places are two corners.
    const [a, b] = clicked
    if (a && b && Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!) < TWICE_PX) finishDrawing()
  })
  target.addEventListener('pointerleave', () => { chart.pointed = null })
  return holdToMenu(target, (pixel) => openMenu(chart, pixel))
}
