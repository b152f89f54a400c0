// The map: OpenLayers on canvas for what stands still, our own canvas for what moves.
import OlMap from 'ol/Map'
import { defaults as interactions } from 'ol/interaction/defaults'
import { batch, effect } from '@preact/signals'
import { WORLD, lonOf, latOf, mercatorX, mercatorY } from '../base/geo'
import { metresText } from '../base/format'
import { dir } from '../base/i18n'
import { addPlace, cornersOf, drawing, finishDrawing, measured, moveCorner } from '../state/drawing'
import { mapMenu } from '../state/map_menu'
import { placed } from '../state/places'
import { emergencies } from '../state/record'
import { link_state, lost_since, picture_at } from '../state/live'
import { dim_map, hidden_maps, show_incident, show_labels, theme } from '../state/prefs'
import { serverNow } from '../state/clock'
import { past_at } from '../state/moment'
import { moved, text_changed, units, units_by_uid } from '../state/tracks'
import { centre, following, screen, select, selectEntity, selected, selected_entity } from '../state/view'
import { loadWorld, mapLayer, styleWorld, vectorStyle, worldLayer } from './base'
import type { MapLayer } from './base'
import { grid_shown, map_commands, maps, pointer, scale_bar } from './commands'
import { Corners, cornerAt, snapped } from './corners'
import { gridLayer } from './grid_layer'
import { hintsOf } from './hints'
import { holdToMenu } from './hold'
import { mapPicture } from './picture'
import { palette, readPalette } from './palette'
import { IncidentLayer, SketchLayer } from './incident_layer'
import { UnitLayer } from './unit_layer'
import type { Seen } from './seen'
import { WholePixelView } from './whole_pixels'
import world_url from 'world-atlas/countries-110m.json?url'

const ZOOM_MAX = 22
const FIT_ZOOM_MAX = 17
const FIT_PX = 50
const PAN_PX = 160
const REDRAW_SILENT_MS = 5_000
const IDLE_MS = 5_000
/** From here on the coarse outline of the world is seen to be coarse. */
const CLOSE_ZOOM = 5.5
/** Nearer together than that two clicks are one double click. */
const TWICE_PX = 8
/** How far an arrow key moves a chosen corner. */
const CORNER_PX = 8

export function startMap(target: HTMLElement): () => void {
  readPalette()
  const view = new WholePixelView({
    center: [0, mercatorY(20)], zoom: 2, minZoom: 1, maxZoom: ZOOM_MAX, enableRotation: false,
    smoothResolutionConstraint: true,
  })
  const map = new OlMap({
    target, view, controls: [],
    interactions: interactions({ altShiftDragRotate: false, pinchRotate: false, keyboard: false }),
  })
  const world = worldLayer()
  map.addLayer(world)
  const outline = loadWorld(world, world_url).catch(() => undefined)
  let close_world = false

  const ground = new IncidentLayer(palette.peek()!)
  const sketch = new SketchLayer()
  map.addLayer(ground.layer)
  map.addLayer(sketch.layer)
  const grid = gridLayer()
  map.addLayer(grid)
  map.addInteraction(new Corners(map))

  const layer = new UnitLayer(layerState())
  target.append(layer.canvas)
  let dirty = false
  let placed_view = centre.peek() !== null
  const stops: (() => void)[] = []

  function layerState() {
    return {
      palette: palette.peek()!,
      // While the server is away the picture is frozen: nobody falls silent because of us.
      now: past_at.peek() ?? (link_state.peek() === 'live' ? serverNow() : lost_since.peek() ? picture_at.peek() : serverNow()),
      selected: selected.peek(),
      labels: show_labels.peek() === 'on',
      frozen: lost_since.peek() !== 0 && past_at.peek() === null,
      own_places: show_incident.peek() === 'on',
      emergencies: emergencies.peek(),
      letters: show_incident.peek() === 'on' ? ground.letters() : [],
      hints: (seen: Seen) => hintsOf(seen, show_incident.peek() === 'on' ? placed.peek() : [], selected.peek()),
    }
  }

  function draw(): void {
    const size = map.getSize()
    if (!size || !view.isDef() || size[0] === 0) return
    const { center: [x, y], resolution } = view.getState()
    layer.draw({ x: x!, y: y!, resolution, width: size[0]!, height: size[1]! }, view.getInteracting() || view.getAnimating())
  }

  function soon(): void {
    if (dirty || screen.peek() !== 'map') return
    dirty = true
    requestAnimationFrame(() => {
      dirty = false
      draw()
    })
  }

  function restate(): void {
    layer.set(layerState())
    soon()
  }

  // The map draws itself: our canvas goes with it, in the same frame.
  map.on('postrender', draw)
  map.on('moveend', () => {
    const [x, y] = view.getCenter()!
    const resolution = view.getResolution()!
    batch(() => {
      centre.value = { lat: latOf(y!), lon: lonOf(x!), zoom: view.getZoom()! }
      if (!hovered) pointer.value = { lat: latOf(y!), lon: lonOf(x!) }
      scale_bar.value = scaleBar(resolution, latOf(y!))
    })
    if (close_world || view.getZoom()! < CLOSE_ZOOM) return
    close_world = true
    // The first picture stands; what it needs goes first on a slow line. A lost server is asked again at the next move.
    const fetchClose = () => outline.then(() => import('./world_close')).then(({ default: url }) => loadWorld(world, url)).catch(() => { close_world = false })
    requestIdleCallback(() => void fetchClose(), { timeout: IDLE_MS })
  })

  let hovered = false
  map.on('pointermove', (event) => {
    hovered = true
    // The place under the pointer goes along with the map that it drags.
    if (view.getInteracting()) return
    const at = event.coordinate
    pointer.value = { lat: latOf(at[1]!), lon: lonOf(at[0]!) }
    if (drawing.peek()) {
      target.classList.toggle('over', cornerAt(map, event.pixel) >= 0)
      return
    }
    const over = event.dragging ? null : layer.at(event.pixel[0]!, event.pixel[1]!) ?? entityAt(event.pixel)
    target.classList.toggle('over', over !== null)
  })
  target.addEventListener('pointerleave', () => { hovered = false })
  map.on('pointerdrag', () => {
    following.value = false
    placed_view = true
  })
  let clicked: number[][] = []
  map.on('dblclick', (event) => {
    if (!drawing.peek()) return
    event.stopPropagation()
    // Two quick clicks at two places are two corners.
    const [a, b] = clicked
    if (a && b && Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!) < TWICE_PX) finishDrawing()
  })
  map.on('click', (event) => {
    if (drawing.peek()) {
      clicked = [event.pixel, ...clicked.slice(0, 1)]
      // The second click of a double click is on the corner that the first one made, and adds none.
      const corner = cornerAt(map, event.pixel)
      if (corner < 0) addPlace(snapped(map, event.pixel))
      else if (corner === 0 && drawing.peek()!.as === 'area' && drawing.peek()!.name === '') finishDrawing()
      return
    }
    const it = layer.at(event.pixel[0]!, event.pixel[1]!)
    select(it?.unit.uid ?? null, it?.others.map((unit) => unit.uid) ?? [])
    if (!it) selectEntity(entityAt(event.pixel))
  })

  /** The verbs of what is at a pixel of the map, or of the ground there. */
  function openMenu(pixel: number[]): void {
    if (drawing.peek()) return
    const unit = layer.at(pixel[0]!, pixel[1]!)?.unit.uid ?? null
    const entity = unit ? null : entityAt(pixel)
    const [x, y] = map.getCoordinateFromPixel(pixel)
    mapMenu(pixel as [number, number], { lat: latOf(y!), lon: lonOf(x!) }, unit, entity)
  }
  stops.push(holdToMenu(target, openMenu))

  /** "cordon/EX-inner": what of the incident stands at a pixel. */
  function entityAt(pixel: number[]): string | null {
    if (show_incident.peek() !== 'on') return null
    return ground.at(map.getCoordinateFromPixel(pixel), view.getResolution() ?? 1)
  }

  function goTo(x: number, y: number, zoom_min: number): void {
    // Who went somewhere himself is not taken elsewhere by the first unit that comes.
    placed_view = true
    const zoom = Math.max(view.getZoom() ?? 2, zoom_min)
    view.animate({ center: [x, y], zoom, duration: 200 })
  }

  /** Room for what lies over the map: the storey stack at its beginning, the tools at its end. */
  function around(): number[] {
    const stack = document.getElementById('stackbox')?.offsetWidth ?? 0
    const [start, end] = [stack + FIT_PX, FIT_PX * 1.5]
    return dir.peek() === 'rtl' ? [FIT_PX, start, FIT_PX * 1.5, end] : [FIT_PX, end, FIT_PX * 1.5, start]
  }

  function fit(): void {
    let west = Infinity
    let east = -Infinity
    let south = Infinity
    let north = -Infinity
    for (const unit of units.values()) {
      if (unit.x !== unit.x || !unit.presence) continue
      west = Math.min(west, unit.x)
      east = Math.max(east, unit.x)
      south = Math.min(south, unit.y)
      north = Math.max(north, unit.y)
    }
    const shapes = show_incident.peek() === 'on' ? ground.layer.getSource()!.getExtent() : null
    if (shapes && shapes[0]! <= shapes[2]!) {
      west = Math.min(west, shapes[0]!)
      south = Math.min(south, shapes[1]!)
      east = Math.max(east, shapes[2]!)
      north = Math.max(north, shapes[3]!)
    }
    if (west > east) {
      const bounds = maps.peek()[0]?.bounds
      if (!bounds) return
      ;[west, east, south, north] = [mercatorX(bounds[0]), mercatorX(bounds[2]), mercatorY(bounds[1]), mercatorY(bounds[3])]
    }
    view.fit([west, south, east, north], { padding: around(), maxZoom: FIT_ZOOM_MAX, duration: placed_view ? 200 : 0 })
  }

  map_commands.value = {
    fit,
    zoom(step) {
      placed_view = true
      view.animate({ zoom: (view.getZoom() ?? 2) + step, duration: 150 })
    },
    pan(right, down) {
      const [x, y] = view.getCenter()!
      const resolution = view.getResolution()!
      placed_view = true
      view.animate({ center: [x! + right * PAN_PX * resolution, y! - down * PAN_PX * resolution], duration: 100 })
    },
    showUnit(uid) {
      const unit = units_by_uid.get(uid)
      if (unit && unit.x === unit.x) goTo(unit.x, unit.y, 15)
    },
    showEntity(key) {
      const geometry = ground.layer.getSource()!.getFeatureById(key)?.getGeometry()
      placed_view = true
      if (geometry) view.fit(geometry.getExtent(), { padding: around(), maxZoom: FIT_ZOOM_MAX, duration: 200 })
    },
    showPlace: (lat, lon) => goTo(mercatorX(lon), mercatorY(lat), 15),
    nudge(right, down) {
      const it = drawing.peek()
      const corner = it?.places[it.at]
      if (!it || !corner) return false
      const step = CORNER_PX * view.getResolution()!
      moveCorner(it.at, { lat: latOf(mercatorY(corner.lat) - down * step), lon: lonOf(mercatorX(corner.lon) + right * step) })
      return true
    },
    menuAtMiddle() {
      const [width = 0, height = 0] = map.getSize() ?? []
      const unit = selected.peek() ? units_by_uid.get(selected.peek()!) : undefined
      const there = unit && unit.x === unit.x ? map.getPixelFromCoordinate([unit.x, unit.y]) : null
      openMenu(there ?? [width / 2, height / 2])
    },
    async picture() {
      // On paper there is a grid in any case.
      grid.setVisible(true)
      const rendered = new Promise((done) => map.once('rendercomplete', done))
      map.render()
      await rendered
      const picture = mapPicture(map, layer.canvas)
      grid.setVisible(grid_shown.peek())
      return picture
    },
  }

  const asked = centre.peek()
  if (asked) {
    view.setCenter([mercatorX(asked.lon), mercatorY(asked.lat)])
    view.setZoom(asked.zoom)
  }

  stops.push(effect(() => {
    void theme.value
    readPalette()
    const p = palette.peek()!
    styleWorld(world, p)
    map.getLayers().forEach((it) => {
      if (it.get('map')?.format === 'pbf') (it as MapLayer & { setStyle(style: unknown): void }).setStyle(vectorStyle(p))
    })
    restate()
  }))

  stops.push(effect(() => {
    ground.set(placed.value)
    if (!placed_view && placed.value.length > 0) {
      fit()
      placed_view = true
    }
  }))

  stops.push(effect(() => {
    void theme.value
    ground.restyle(palette.peek()!, selected_entity.value ?? '')
    ground.layer.setVisible(show_incident.value === 'on')
    restate()
  }))

  stops.push(effect(() => {
    void theme.value
    void scale_bar.value
    sketch.set(drawing.value, measured.value, palette.peek()!, view.getResolution() ?? 1)
    target.classList.toggle('drawing', drawing.value !== null)
  }))

  stops.push(effect(() => {
    void theme.value
    grid.setVisible(grid_shown.value)
    grid.changed()
  }))

  stops.push(effect(() => {
    void [show_incident.value, selected.value, show_labels.value, placed.value, lost_since.value, emergencies.value]
    restate()
  }))

  stops.push(effect(() => {
    void [moved.value, text_changed.value]
    if (!placed_view && units.size > 0) {
      fit()
      placed_view = true
    }
    const followed = following.peek() && selected.peek() ? units_by_uid.get(selected.peek()!) : undefined
    if (followed && followed.x === followed.x) view.setCenter([followed.x, followed.y])
    restate()
  }))

  stops.push(effect(() => {
    if (following.value && selected.value) map_commands.peek()?.showUnit(selected.value)
  }))

  stops.push(effect(() => {
    target.classList.toggle('dim', dim_map.value === 'on')
    target.classList.toggle('frozen', lost_since.value !== 0)
  }))

  // Server's maps: their layers follow the list and the choice of the operator.
  stops.push(effect(() => {
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
      if ('setDeclutter' in added || it.format === 'pbf') (added as MapLayer & { setStyle(style: unknown): void }).setStyle(vectorStyle(palette.peek()!))
      map.addLayer(added)
    }
  }))

  stops.push(effect(() => {
    if (screen.value !== 'map') return
    requestAnimationFrame(() => {
      map.updateSize()
      restate()
    })
  }))

  // A unit falls silent without any message; who calls for help counts by the second.
  let turn = 0
  const silent_timer = window.setInterval(() => {
    if (++turn % (REDRAW_SILENT_MS / 1000) === 0 || emergencies.peek().some((it) => !it.acknowledged_by)) restate()
  }, 1_000)
  const fonts = () => {
    layer.redrawSymbols()
    soon()
  }
  document.fonts.addEventListener('loadingdone', fonts)
  // For measurements and tests.
  ;(window as unknown as { cordon_map: unknown }).cordon_map = {
    draws: () => layer.draws,
    at: (x: number, y: number) => layer.at(x, y)?.unit.uid ?? null,
    pixel: (uid: string) => {
      const unit = units_by_uid.get(uid)
      return unit && unit.x === unit.x ? map.getPixelFromCoordinate([unit.x, unit.y]) : null
    },
    entityAt: (x: number, y: number) => entityAt([x, y]),
    labels: () => layer.labels(),
    places: () => placed.peek().map((it) => ({ key: `${it.entity.kind}/${it.entity.id}`, places: it.places })),
    placeAt(x: number, y: number) {
      const [mx, my] = map.getCoordinateFromPixel([x, y])
      return { lat: latOf(my!), lon: lonOf(mx!) }
    },
    sketch: () => (drawing.peek() ? cornersOf(drawing.peek()!) : measured.peek()),
    pixelOf: (lat: number, lon: number) => map.getPixelFromCoordinate([mercatorX(lon), mercatorY(lat)]),
  }

  return () => {
    clearInterval(silent_timer)
    document.fonts.removeEventListener('loadingdone', fonts)
    for (const stop of stops) stop()
    map_commands.value = null
    map.setTarget(undefined)
    layer.canvas.remove()
  }
}

function scaleBar(resolution: number, lat: number): { px: number; text: string } {
  const metres_per_px = resolution * Math.cos((lat * Math.PI) / 180)
  const most = Math.min(140 * metres_per_px, WORLD / 4)
  const power = 10 ** Math.floor(Math.log10(most))
  const metres = [5, 2, 1].map((it) => it * power).find((it) => it <= most) ?? power
  return { px: Math.round(metres / metres_per_px), text: metresText(metres).replace('.0', '') }
}
