// What of the page's state the map's layers follow. Each gives what ends it.
import { effect } from '@preact/signals'
import { drawing, measured } from '../state/drawing'
import { floors } from '../state/incident'
import { placed } from '../state/places'
import { emergencies } from '../state/record'
import { lost_since } from '../state/live'
import { dim_map, hidden_maps, show_incident, show_labels, theme } from '../state/prefs'
import { moved, text_changed, units, units_by_uid } from '../state/tracks'
import { following, screen, selected, selected_entity } from '../state/view'
import { mapLayer, styleWorld, vectorStyle } from './base'
import type { MapLayer } from './base'
import { drawSoon, restate } from './chart'
import type { Chart } from './chart'
import { grid_shown, maps, scale_bar } from './commands'
import { palette, readPalette } from './palette'
import { fitFirst, showUnit } from './travel'

const REDRAW_SILENT_MS = 5_000

type Following = (chart: Chart) => () => void

/** Vector maps take their colours from the theme. */
function styleMap(layer: MapLayer): void {
  if (layer.get('map')?.format !== 'pbf') return
  ;(layer as MapLayer & { setStyle(style: unknown): void }).setStyle(vectorStyle(palette.peek()!))
}

const followTheme: Following = (chart) => effect(() => {
  void theme.value
  readPalette()
  styleWorld(chart.world, palette.peek()!)
  chart.map.getLayers().forEach((it) => styleMap(it as MapLayer))
  restate(chart)
})

const followPlaces: Following = (chart) => effect(() => {
  chart.ground.set(placed.value)
  if (placed.value.length > 0) fitFirst(chart, 'places')
})

/** The storey stack lies over the map, where nothing is put; it is there a frame after its floors. */
const followStack: Following = (chart) => effect(() => {
  if (floors.value.length > 0) requestAnimationFrame(() => fitFirst(chart, 'stack'))
})

const followGround: Following = (chart) => effect(() => {
  void theme.value
  chart.ground.restyle(palette.peek()!, selected_entity.value ?? '')
  chart.ground.layer.setVisible(show_incident.value === 'on')
  restate(chart)
})

const followSketch: Following = ({ sketch, view, target }) => effect(() => {
  void theme.value
  void scale_bar.value
  sketch.set(drawing.value, measured.value, palette.peek()!, view.getResolution() ?? 1)
  target.classList.toggle('drawing', drawing.value !== null)
})

const followGrid: Following = ({ grid }) => effect(() => {
  void theme.value
  grid.setVisible(grid_shown.value)
  grid.changed()
})

const followUnitState: Following = (chart) => effect(() => {
  void [show_incident.value, selected.value, show_labels.value, placed.value, lost_since.value, emergencies.value]
  restate(chart)
})

const followMoves: Following = (chart) => effect(() => {
  void [moved.value, text_changed.value]
  if (units.size > 0) fitFirst(chart, 'units')
  const followed = following.peek() && selected.peek() ? units_by_uid.get(selected.peek()!) : undefined
  if (followed && followed.x === followed.x) chart.view.setCenter([followed.x, followed.y])
  restate(chart)
})

const followOne: Following = (chart) => effect(() => {
  if (following.value && selected.value) showUnit(chart, selected.value)
})

const followLooks: Following = ({ target }) => effect(() => {
  target.classList.toggle('dim', dim_map.value === 'on')
  target.classList.toggle('frozen', lost_since.value !== 0)
})

/** Server's maps: their layers follow the list and the choice of the operator. */
const followMaps: Following = ({ map }) => effect(() => {
  const shown = maps.value.filter((it) => !hidden_maps.value.has(it.name))
  const names = new Set(shown.map((it) => it.name))
  const there = new Set<string>()
  for (const it of [...map.getLayers().getArray()]) {
    const name = it.get('map')?.name as string | undefined
    if (name === undefined) continue
    if (names.has(name)) there.add(name)
    else map.removeLayer(it)
  }
  for (const it of shown) {
    if (there.has(it.name)) continue
    const added = mapLayer(it)
    styleMap(added)
    map.addLayer(added)
  }
})

const followScreen: Following = (chart) => effect(() => {
  if (screen.value !== 'map') return
  requestAnimationFrame(() => {
    chart.map.updateSize()
    restate(chart)
  })
})

/** A unit falls silent without any message; who calls for help counts by the second. */
const followTime: Following = (chart) => {
  let turn = 0
  const timer = window.setInterval(() => {
    if (++turn % (REDRAW_SILENT_MS / 1000) === 0 || emergencies.peek().some((it) => !it.acknowledged_by)) restate(chart)
  }, 1_000)
  return () => clearInterval(timer)
}

const followFonts: Following = (chart) => {
  const loaded = () => {
    chart.units.redrawSymbols()
    drawSoon(chart)
  }
  document.fonts.addEventListener('loadingdone', loaded)
  return () => document.fonts.removeEventListener('loadingdone', loaded)
}

/** In this order: the theme first, whose colours the others draw with. */
export function followAll(chart: Chart): (() => void)[] {
  const all = [
    followTheme, followPlaces, followStack, followGround, followSketch, followGrid, followUnitState, followMoves, followOne, followLooks, followMaps,
    followScreen, followTime, followFonts,
  ]
  return all.map((follow) => follow(chart))
}
