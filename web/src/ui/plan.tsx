// The plan of a floor: a canvas for the eyes, and a list box with each zone as an option for keys and screen
// readers. Arrow keys walk from zone to zone, Enter opens, Shift with Enter or a click takes several.
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { joined, lang, t } from '../base/i18n'
import type { LevelView, StructureView } from '../net/incident'
import { lookOf, lookText } from '../state/clearing'
import { floorLabel, marked_zones, zone_id, zoneName } from '../state/floor'
import { scale, theme } from '../state/prefs'
import { doorMarks, marksOf, planFor } from './plan_data'
import { drawPlan, drawRing, fitView, readInks, toPlan, toScreen, zoomed } from './plan_draw'
import type { Job, View } from './plan_draw'
import { neighbour, zoneAt } from './plan_shape'
import type { Direction, Plan as Geometry, Point } from './plan_shape'
import { Icon } from './icon'

interface PlanProps {
  structure: StructureView
  level: LevelView
  kind: string
  /** The inset on the map: no keys and no zoom of its own. */
  inset?: boolean
  onOpen: (zone: string) => void
  onMark?: (zone: string) => void
}

const TEXT_PX = 12
const MARGIN = 10
const ZOOM_STEP = 1.3
const ZOOM_MAX = 40
/** A hand that shakes is not a drag. */
const DRAG_PX = 5
const PICTURES_MAX = 24
const INSET_MARGIN = 4

/** Drawn floors by floor: coming back to one costs a copy. */
const pictures = new Map<string, { key: string; canvas: HTMLCanvasElement }>()
/** For measurements: floors drawn and not copied, and whether all of a building are. */
let drawn = 0
let all_drawn = false

interface Size { w: number; h: number }

interface Shown {
  structure: StructureView
  level: LevelView
  kind: string
  size: Size
  inset: boolean
  /** Null: all of it. */
  moved: View | null
}

function jobOf(it: Shown): Job {
  const plan = planFor(it.structure, it.level)
  const view = it.moved ?? fitView(plan, it.size.w, it.size.h, it.inset ? INSET_MARGIN : MARGIN)
  return { plan, view, inks: readInks(), marks: marksOf(it.level, it.kind), doors: doorMarks(plan), text: TEXT_PX * scale }
}

function pictureOf(it: Shown, job: Job): HTMLCanvasElement {
  const { w, h } = it.size
  const dpr = devicePixelRatio
  const id = `${it.level.id}${it.inset ? ' inset' : ''}`
  const key = JSON.stringify([w, h, dpr, theme.value, lang.value, it.kind, [...job.marks.values()], [...job.doors.values()], job.view, job.plan.zones.length])
  const known = pictures.get(id)
  if (known?.key === key) return known.canvas
  const canvas = document.createElement('canvas')
  canvas.width = w * dpr
  canvas.height = h * dpr
  const ctx = canvas.getContext('2d')!
  ctx.scale(dpr, dpr)
  drawPlan(ctx, job)
  if (!it.inset) drawn++
  pictures.delete(id)
  if (pictures.size >= PICTURES_MAX) pictures.delete(pictures.keys().next().value!)
  pictures.set(id, { key, canvas })
  return canvas
}

const ways: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' }

/** What a test or a measurement asks of the plan on the screen. */
interface Probe {
  level: () => string
  pixelOf: (zone: string) => Point | null
  zoneAt: (x: number, y: number) => string | null
  drawn: () => number
  allDrawn: () => boolean
}

/** A place of an event in the element that hears it. */
function placeIn(event: MouseEvent): Point {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

function usePointer(view: () => View | null, set: (view: View) => void, tap: (at: Point, several: boolean) => void) {
  const down = useRef(new Map<number, Point>())
  const dragged = useRef(false)
  const move = (event: PointerEvent) => {
    const before = down.current.get(event.pointerId)
    const from = view()
    if (!before || !from) return
    const now = placeIn(event)
    if (!dragged.current && Math.hypot(now[0] - before[0], now[1] - before[1]) < DRAG_PX) return
    dragged.current = true
    const other = [...down.current].find(([id]) => id !== event.pointerId)?.[1]
    down.current.set(event.pointerId, now)
    if (!other) return set({ ...from, x: from.x + now[0] - before[0], y: from.y + now[1] - before[1] })
    const apart = (point: Point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]))
    set(zoomed(from, [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2], apart(now) / apart(before)))
  }
  const up = (event: PointerEvent) => {
    const was_down = down.current.delete(event.pointerId)
    if (was_down && !dragged.current && event.type === 'pointerup') tap(placeIn(event), event.shiftKey)
    if (down.current.size === 0) dragged.current = false
  }
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      down.current.set(event.pointerId, placeIn(event))
    },
    onPointerMove: move, onPointerUp: up, onPointerCancel: up,
  }
}

const optionId = (i: number) => `plan-zone-${i}`

/** Each zone as an option, by name. */
function Options(props: { level: LevelView; kind: string }) {
  return (
    <>
      {props.level.zones.map((zone, i) => (
        <div key={zone.id} id={optionId(i)} class="hidden" role="option" data-plan-zone={zone.id} aria-selected={zone_id.value === zone.id || marked_zones.value.has(zone.id)}>
          {joined([zoneName(zone), lookText(lookOf(zone, props.kind)), ...(zone.units ?? [])], t('comma'))}
        </div>
      ))}
    </>
  )
}

/** Follows the size of the box around the canvas. */
function useSize(canvas: RefObject<HTMLCanvasElement | null>): Signal<Size> {
  const size = useSignal<Size>({ w: 0, h: 0 })
  useLayoutEffect(() => {
    const box = canvas.current!.parentElement!
    const measure = () => {
      if (box.clientWidth !== size.value.w || box.clientHeight !== size.value.h) size.value = { w: box.clientWidth, h: box.clientHeight }
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    return () => observer.disconnect()
  }, [])
  return size
}

/** Which part of the plan is in sight: all of it until somebody zooms or drags. */
function useView(plan: Geometry, it: Omit<Shown, 'moved'>) {
  const moved = useSignal<View | null>(null)
  useEffect(() => { moved.value = null }, [it.structure.id])
  const { w, h } = it.size
  const fit = fitView(plan, w, h, it.inset ? INSET_MARGIN : MARGIN)
  const view = moved.value ?? fit
  const set = (to: View) => {
    const by = to.sx / fit.sx
    moved.value = by < 0.5 || by > ZOOM_MAX ? view : to
  }
  return {
    view, set, moved: moved.value,
    zoom: (by: number, at: Point = [w / 2, h / 2]) => set(zoomed(view, at, by)),
    reset: () => { moved.value = null },
  }
}

/** Copies the floor's picture to the screen and draws on it what changes often; `focus`: the zone that the keys are at. */
function paint(it: HTMLCanvasElement, shown: Shown, focus: string): void {
  const { w, h } = shown.size
  const dpr = devicePixelRatio
  if (it.width !== Math.round(w * dpr) || it.height !== Math.round(h * dpr)) {
    it.width = Math.round(w * dpr)
    it.height = Math.round(h * dpr)
  }
  const job = jobOf(shown)
  const ctx = it.getContext('2d')!
  ctx.setTransform(1, 0, 0, 1, 0, 0)
  ctx.clearRect(0, 0, it.width, it.height)
  ctx.drawImage(pictureOf(shown, job), 0, 0)
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0)
  for (const zone of job.plan.zones) {
    if (marked_zones.value.has(zone.id)) drawRing(ctx, job, zone, 'marked')
    if (zone_id.value === zone.id) drawRing(ctx, job, zone, 'chosen')
    if (focus === zone.id) drawRing(ctx, job, zone, 'focus')
  }
  it.dataset['level'] = shown.level.id
}

/** The other floors are drawn while nobody waits for them, one at a time. */
function drawOthers(shown: Shown): () => void {
  const others = shown.structure.levels.filter((one) => one !== shown.level)
  let next = 0
  const draw = () => {
    const other = others[next++]
    if (!shown.inset) all_drawn = !other
    if (!other) return
    pictureOf({ ...shown, level: other }, jobOf({ ...shown, level: other }))
    idle = requestIdleCallback(draw)
  }
  let idle = requestIdleCallback(draw)
  return () => cancelIdleCallback(idle)
}

function usePicture(canvas: RefObject<HTMLCanvasElement | null>, shown: Shown, focus: string): void {
  useLayoutEffect(() => {
    if (shown.size.w === 0 || shown.size.h === 0) return
    paint(canvas.current!, shown, focus)
    if (!shown.inset) all_drawn = false
    return shown.moved ? undefined : drawOthers(shown)
  })
}

function useProbe(geometry: Geometry, view: View, level: string, inset: boolean): void {
  useEffect(() => {
    if (inset) return
    const probe: Probe = {
      level: () => level, drawn: () => drawn, allDrawn: () => all_drawn,
      pixelOf: (id) => { const zone = geometry.zones.find((it) => it.id === id); return zone ? toScreen(view, zone.label) : null },
      zoneAt: (x, y) => zoneAt(geometry, toPlan(view, [x, y]))?.id ?? null,
    }
    ;(window as unknown as { cordon_plan: Probe }).cordon_plan = probe
  })
}

function North(props: { north: number | null }) {
  if (props.north === null) return <>{t('floor.plan_grid')}</>
  return (
    <>
      <svg class="north" viewBox="0 0 24 24" aria-hidden="true"><path transform={`rotate(${(props.north * 180) / Math.PI} 12 12)`} d="M12 3 16.500 20 12 16 7.500 20Z" /></svg>
      {t('floor.north')}
    </>
  )
}

function Tools(props: { north: number | null; zoom: (by: number) => void; reset: () => void }) {
  const { zoom, reset } = props
  return (
    <div class="plantools" role="group" aria-label={t('floor.plan_tools')}>
      <button type="button" aria-label={t('act.zoom_in')} title={t('act.zoom_in')} onClick={() => zoom(ZOOM_STEP)}><Icon name="plus" /></button>
      <button type="button" aria-label={t('act.zoom_out')} title={t('act.zoom_out')} onClick={() => zoom(1 / ZOOM_STEP)}><Icon name="minus" /></button>
      <button type="button" aria-label={t('floor.plan_fit')} title={t('floor.plan_fit')} onClick={reset}><Icon name="fit" /></button>
      <p class="planfoot"><North north={props.north} /></p>
    </div>
  )
}

export function Plan(props: PlanProps) {
  const { structure, level, kind, inset = false } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(canvas).value
  const focus = useSignal('')
  const has_focus = useSignal(false)
  const geometry = planFor(structure, level)
  const { view, set, zoom, reset, moved } = useView(geometry, { structure, level, kind, size, inset })
  const active = level.zones.some((zone) => zone.id === focus.value) ? focus.value : level.zones[0]?.id ?? ''
  usePicture(canvas, { structure, level, kind, size, inset, moved }, has_focus.value && !inset ? active : '')
  useProbe(geometry, view, level.id, inset)
  const tap = (at: Point, several: boolean) => {
    const zone = zoneAt(geometry, toPlan(view, at))
    if (!zone) return
    focus.value = zone.id
    if (several && props.onMark) props.onMark(zone.id)
    else props.onOpen(zone.id)
  }
  const pointer = usePointer(() => view, set, tap)
  const title = t('floor.plan_of', { name: floorLabel(level) })
  if (inset) {
    return (
      <div class="planbox inset">
        <canvas ref={canvas} role="img" aria-label={title} onClick={(event) => tap(placeIn(event), false)} />
      </div>
    )
  }
  const onKey = (event: KeyboardEvent) => {
    const way = ways[event.key]
    const act = way ? () => { focus.value = neighbour(geometry.zones, active, way)?.id ?? active }
      : event.key === 'Enter' || event.key === ' ' ? () => (event.shiftKey ? props.onMark?.(active) : props.onOpen(active))
      : event.key === '+' || event.key === '=' ? () => zoom(ZOOM_STEP) : event.key === '-' ? () => zoom(1 / ZOOM_STEP)
      : event.key === 'Home' ? reset : null
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    act()
  }
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, placeIn(event))
  }
  return (
    <div class="planframe">
      <div class="planbox">
        <canvas ref={canvas} aria-hidden="true" />
        <div
          class="planlist" id="planlist" role="listbox" tabIndex={0} aria-multiselectable="true" aria-label={title}
          aria-activedescendant={optionId(level.zones.findIndex((zone) => zone.id === active))} aria-description={t('floor.plan_keys')}
          {...pointer} onKeyDown={onKey} onFocus={() => { has_focus.value = true }} onBlur={() => { has_focus.value = false }} onWheel={onWheel}
        >
          <Options level={level} kind={kind} />
        </div>
      </div>
      <Tools north={geometry.north} zoom={zoom} reset={reset} />
    </div>
  )
}
