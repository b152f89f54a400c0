// A floor on a canvas: each zone by its state, with hatch, sign and word, so that it reads without colour; doors;
// who is inside as frames with their call sign; threats, hazards, casualties. The browser shapes the words.
import type { Look } from '../state/clearing'
import { glyphs } from '../state/clearing'
import type { Box, Door, Plan, PlanZone, Point } from './plan_shape'

/** The theme's colours, or those of paper. */
export interface Inks {
  bg: string; quiet: string; clear: string; line: string; strong: string; text: string; dim: string
  crit: string; crit_bg: string; warn: string; warn_bg: string; work: string; sel: string; frame: string; frame_ink: string
}

const tokens: Record<keyof Inks, string> = {
  bg: '--bg1', quiet: '--bg2', clear: '--bg3', line: '--line2', strong: '--t2', text: '--t1', dim: '--t2', crit: '--crit', crit_bg: '--crit-bg',
  warn: '--warn', warn_bg: '--warn-bg', work: '--work', sel: '--sel', frame: '--u-fill', frame_ink: '--u-ink',
}

export const paper: Inks = {
  bg: '#fff', quiet: '#fff', clear: '#ddd', line: '#555', strong: '#000', text: '#000', dim: '#333', crit: '#a00', crit_bg: '#fff', warn: '#630', warn_bg: '#fff',
  work: '#333', sel: '#000', frame: '#000', frame_ink: '#fff',
}

export function readInks(): Inks {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(Object.entries(tokens).map(([key, name]) => [key, style.getPropertyValue(name).trim()])) as unknown as Inks
}

export interface Visitor {
  name: string
  code: string
  level: '' | 'warn' | 'crit'
  stranger: boolean
}

/** What is known of one zone, in the words of the page's language. */
export interface Mark {
  look: Look
  name: string
  word: string
  visitors: readonly Visitor[]
  /** Kinds of hazards, "glass", and how many are hurt there. */
  hazard: string
  hurt: number
  /** Who was in last, while nobody is. */
  last: string
}

export interface DoorMark {
  kind: string
  state: string
}

/** How the plan lies in its box: pixels a metre and where 0 is. A grid may be stretched. */
export interface View {
  sx: number
  sy: number
  x: number
  y: number
}

export const toScreen = (view: View, [x, y]: Point): Point => [x * view.sx + view.x, y * view.sy + view.y]
export const toPlan = (view: View, [x, y]: Point): Point => [(x - view.x) / view.sx, (y - view.y) / view.sy]

/** How much longer one side of a grid may become than the other, against how it was made. */
const STRETCH = 1.6

/** The whole plan in a box, with a margin; a grid fills it, a map keeps its angles. */
export function fitView(plan: Plan, width: number, height: number, margin: number): View {
  const w = Math.max(1, width - 2 * margin), h = Math.max(1, height - 2 * margin)
  const sx = w / (plan.box.w || 1), sy = h / (plan.box.h || 1)
  const [fx, fy] = plan.to_scale ? [Math.min(sx, sy), Math.min(sx, sy)] : [Math.min(sx, sy * STRETCH), Math.min(sy, sx * STRETCH)]
  return { sx: fx, sy: fy, x: (width - plan.box.w * fx) / 2 - plan.box.x * fx, y: (height - plan.box.h * fy) / 2 - plan.box.y * fy }
}

/** Nearer or farther, with the place under the pointer where it is. */
export function zoomed(view: View, at: Point, by: number): View {
  return { sx: view.sx * by, sy: view.sy * by, x: at[0] - (at[0] - view.x) * by, y: at[1] - (at[1] - view.y) * by }
}

const FONT = "'Noto Sans Variable', 'Noto Naskh Arabic Variable', system-ui, sans-serif"
const SMALLEST = 9

export interface Job {
  plan: Plan
  view: View
  inks: Inks
  marks: ReadonlyMap<string, Mark>
  doors: ReadonlyMap<string, DoorMark>
  /** px of body text on this screen. */
  text: number
}

function trace(ctx: CanvasRenderingContext2D, view: View, ring: readonly Point[]): void {
  ctx.beginPath()
  ring.forEach((point, i) => {
    const [x, y] = toScreen(view, point)
    if (i === 0) ctx.moveTo(x, y)
    else ctx.lineTo(x, y)
  })
  ctx.closePath()
}

/** Slanted lines, as a tile that repeats without a seam. */
function hatch(ctx: CanvasRenderingContext2D, colour: string, step: number, width: number, alpha: number): CanvasPattern {
  const tile = document.createElement('canvas')
  tile.width = tile.height = step
  const to = tile.getContext('2d')!
  to.strokeStyle = colour
  to.globalAlpha = alpha
  to.lineWidth = width
  to.beginPath()
  for (const from of [-step, 0, step]) {
    to.moveTo(from - 1, step + 1)
    to.lineTo(from + step + 1, -1)
  }
  to.stroke()
  return ctx.createPattern(tile, 'repeat')!
}

type Fills = Record<'unknown' | 'work' | 'partial', CanvasPattern>

const fillOf = (look: Look, inks: Inks): string =>
  ({ threat: inks.crit_bg, eod: inks.warn_bg, 'no-go': inks.text, complete: inks.clear, confirmed: inks.clear, held: inks.clear }[look as string] ?? inks.quiet)
const edgeOf = (look: Look, inks: Inks): string =>
  ({ threat: inks.crit, eod: inks.warn, entered: inks.work, partial: inks.work, held: inks.strong }[look as string] ?? inks.line)

function drawZone(ctx: CanvasRenderingContext2D, job: Job, zone: PlanZone, look: Look, fills: Fills): void {
  trace(ctx, job.view, zone.ring)
  ctx.fillStyle = fillOf(look, job.inks)
  ctx.fill()
  const pattern = look === 'unknown' || look === 'void' ? fills.unknown : look === 'entered' ? fills.work : look === 'partial' ? fills.partial : null
  if (pattern) {
    ctx.fillStyle = pattern
    ctx.fill()
  }
  ctx.save()
  ctx.clip()
  ctx.strokeStyle = edgeOf(look, job.inks)
  // Half of it falls outside and is cut off.
  ctx.lineWidth = look === 'held' ? 6 : look === 'threat' || look === 'eod' || look === 'entered' || look === 'partial' ? 4 : 2
  ctx.stroke()
  ctx.restore()
  if (look !== 'confirmed') return
  const [x, y] = toScreen(job.view, [zone.box.x, zone.box.y])
  const w = zone.box.w * job.view.sx, h = zone.box.h * job.view.sy
  if (w < 16 || h < 16) return
  ctx.save()
  trace(ctx, job.view, zone.ring)
  ctx.clip()
  ctx.strokeStyle = job.inks.line
  ctx.lineWidth = 1
  ctx.strokeRect(x + 4, y + 4, w - 8, h - 8)
  ctx.restore()
}

const widths = new Map<string, number>()
const WIDTHS_MAX = 5_000

function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  const key = ctx.font + text
  const known = widths.get(key)
  if (known !== undefined) return known
  if (widths.size > WIDTHS_MAX) widths.clear()
  const width = ctx.measureText(text).width
  widths.set(key, width)
  return width
}

/** The words of a zone where they have room: name, sign and word below each other or side by side, else fewer. */
function linesOf(ctx: CanvasRenderingContext2D, mark: Mark, w: number, h: number, size: number): string[] {
  const sign = glyphs[mark.look] ?? '?'
  const fits = (text: string) => widthOf(ctx, text) <= w
  const rows = Math.floor(h / (size * 1.2))
  const second = mark.visitors.length === 0 && mark.last !== '' && fits(mark.last) ? [mark.last] : []
  const loud = mark.look === 'threat' || mark.look === 'eod' || mark.look === 'no-go'
  if (loud && rows >= 2 && fits(mark.word)) return fits(mark.name) ? [mark.name, mark.word] : [mark.word]
  if (fits(`${mark.name} ${sign}`) && rows >= 1) return rows >= 2 ? [`${mark.name} ${sign}`, ...second] : [`${mark.name} ${sign}`]
  if (rows >= 2 && fits(mark.name)) return [mark.name, sign]
  return rows >= 1 && fits(sign) ? [sign] : []
}

/** The lines stand around the middle, or above it when somebody's frame stands there. */
function drawWords(ctx: CanvasRenderingContext2D, job: Job, zone: PlanZone, mark: Mark): number {
  const w = zone.label_w * job.view.sx - 6, h = zone.label_h * job.view.sy - 4
  const size = Math.min(job.text, Math.max(SMALLEST, Math.min(h / 1.25, job.text)))
  if (h < SMALLEST || w < SMALLEST) return 0
  ctx.font = `700 ${size}px ${FONT}`
  const frame = mark.visitors.length > 0 ? size * 1.7 : 0
  const lines = linesOf(ctx, mark, w, h - frame, size)
  if (lines.length === 0) return 0
  const [x, y] = toScreen(job.view, zone.label)
  const top = y - (lines.length * size * 1.2 + frame) / 2
  const hatched = mark.look === 'unknown' || mark.look === 'void' || mark.look === 'entered' || mark.look === 'partial'
  lines.forEach((line, i) => {
    const at = top + (i + 0.5) * size * 1.2
    if (hatched) {
      const half = widthOf(ctx, line) / 2 + 3
      ctx.fillStyle = job.inks.quiet
      ctx.fillRect(x - half, at - size * 0.62, 2 * half, size * 1.24)
    }
    ctx.fillStyle = mark.look === 'no-go' ? job.inks.bg : mark.look === 'unknown' || mark.look === 'complete' ? job.inks.dim : job.inks.text
    ctx.fillText(line, x, at)
  })
  return lines.length * size * 1.2
}

/** Who is inside: a frame each while there is room, then one with how many they are. */
function drawVisitors(ctx: CanvasRenderingContext2D, job: Job, zone: PlanZone, mark: Mark, below: number): void {
  const size = Math.max(SMALLEST + 1, job.text - 1)
  ctx.font = `700 ${size}px ${FONT}`
  const w = zone.label_w * job.view.sx
  const [x, y] = toScreen(job.view, zone.label)
  const worst = mark.visitors.find((it) => it.level === 'crit') ?? mark.visitors.find((it) => it.level === 'warn') ?? mark.visitors[0]!
  const wide = (texts: readonly string[]) => texts.reduce((sum, text) => sum + widthOf(ctx, text) + 12, 0)
  // A threat that has no room for a word of its own stands in the frame.
  const loud = below === 0 && (mark.look === 'threat' || mark.look === 'eod') ? `${glyphs[mark.look]} ` : ''
  const sign = (it: Visitor) => (it.stranger ? '≠ ' : '')
  const names = mark.visitors.map((it, i) => (i === 0 ? loud : '') + sign(it) + it.name)
  const codes = mark.visitors.map((it, i) => (i === 0 ? loud : '') + sign(it) + it.code)
  const rest = [`${loud}${worst.code}${mark.visitors.length > 1 ? ` +${mark.visitors.length - 1}` : ''}`]
  const texts = wide(names) <= w ? names : wide(codes) <= w ? codes : rest
  const shown = texts.length === mark.visitors.length ? mark.visitors : [worst]
  const h = size * 1.5
  let left = x - wide(texts) / 2
  const middle = y + below / 2
  texts.forEach((text, i) => {
    const width = widthOf(ctx, text) + 8
    const level = loud ? 'crit' : shown[i]!.level
    ctx.fillStyle = level === 'crit' ? job.inks.crit : level === 'warn' ? job.inks.warn : job.inks.frame
    ctx.fillRect(left + 2, middle - h / 2, width, h)
    ctx.strokeStyle = job.inks.bg
    ctx.lineWidth = 1
    ctx.strokeRect(left + 2, middle - h / 2, width, h)
    ctx.fillStyle = level === '' ? job.inks.frame_ink : job.inks.bg
    ctx.fillText(text, left + 2 + width / 2, middle)
    left += width + 4
  })
}

/** In the corner: a diamond for a hazard, a cross with a number for who is hurt. */
function drawCorner(ctx: CanvasRenderingContext2D, job: Job, zone: PlanZone, mark: Mark): void {
  if (mark.hazard === '' && mark.hurt === 0) return
  const w = zone.label_w * job.view.sx, h = zone.label_h * job.view.sy
  if (w < 26 || h < 26) return
  const size = Math.max(SMALLEST, job.text - 3)
  const [x, y] = toScreen(job.view, [zone.label[0], zone.label[1] - zone.label_h / 2])
  const at = y + size * 0.9
  ctx.font = `700 ${size}px ${FONT}`
  ctx.fillStyle = ctx.strokeStyle = mark.look === 'no-go' ? job.inks.bg : job.inks.text
  const hurt = mark.hurt > 0 ? `✚${mark.hurt}` : ''
  if (hurt) ctx.fillText(hurt, x + w / 2 - widthOf(ctx, hurt) / 2 - 4, at)
  if (mark.hazard === '') return
  const left = x - w / 2 + 9
  ctx.lineWidth = 1.5
  ctx.beginPath()
  ctx.moveTo(left, at - 6)
  ctx.lineTo(left + 6, at)
  ctx.lineTo(left, at + 6)
  ctx.lineTo(left - 6, at)
  ctx.closePath()
  ctx.stroke()
  const room = w - widthOf(ctx, hurt) - 30
  if (widthOf(ctx, mark.hazard) <= room) ctx.fillText(mark.hazard, left + 10 + widthOf(ctx, mark.hazard) / 2, at)
}

const DOOR_M = 1

/** An open door is a gap, a closed one a bar, a locked one a thick bar, a blocked one a cross, a guarded one a dot; a breach is jagged. */
function drawDoor(ctx: CanvasRenderingContext2D, job: Job, door: Door, mark: DoorMark): void {
  const [x, y] = toScreen(job.view, door.at)
  const half = Math.min(16, Math.max(3, (DOOR_M * job.view.sx) / 2))
  if (job.plan.to_scale && job.view.sx < 4) return
  ctx.save()
  ctx.translate(x, y)
  ctx.rotate(Math.atan2(door.along[1], door.along[0]))
  const line = (points: readonly (readonly [number, number])[], width: number, colour: string) => {
    ctx.beginPath()
    points.forEach(([px, py], i) => (i === 0 ? ctx.moveTo(px, py) : ctx.lineTo(px, py)))
    ctx.lineWidth = width
    ctx.strokeStyle = colour
    ctx.stroke()
  }
  line([[-half, 0], [half, 0]], 5, job.inks.quiet)
  if (mark.kind === 'breach') line([[-half, -3], [-half / 2, 3], [0, -3], [half / 2, 3], [half, -3]], 1.5, job.inks.text)
  else if (mark.state === 'closed' || mark.state === 'locked') line([[-half, 0], [half, 0]], mark.state === 'locked' ? 4 : 1.5, job.inks.dim)
  if (mark.state === 'open' || mark.state === 'guarded') {
    line([[-half, -3], [-half, 3]], 1.5, job.inks.dim)
    line([[half, -3], [half, 3]], 1.5, job.inks.dim)
  }
  if (mark.state === 'blocked') {
    line([[-4, -4], [4, 4]], 2, job.inks.text)
    line([[-4, 4], [4, -4]], 2, job.inks.text)
  }
  if (mark.state === 'guarded') {
    ctx.beginPath()
    ctx.arc(0, 0, 3, 0, 2 * Math.PI)
    ctx.fillStyle = job.inks.text
    ctx.fill()
  }
  ctx.restore()
}

/** All of a floor that stays until something changes: it is kept as a picture. */
export function drawPlan(ctx: CanvasRenderingContext2D, job: Job): void {
  const fills: Fills = {
    unknown: hatch(ctx, job.inks.line, 7, 0.8, 1), work: hatch(ctx, job.inks.work, 11, 3.5, 0.4), partial: hatch(ctx, job.inks.work, 14, 1, 1),
  }
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  // A stair inside a hall is drawn after it.
  const zones = [...job.plan.zones].sort((a, b) => b.area - a.area)
  for (const zone of zones) {
    const mark = job.marks.get(zone.id)
    if (mark) drawZone(ctx, job, zone, mark.look, fills)
  }
  for (const door of job.plan.doors) {
    const mark = job.doors.get(door.id)
    if (mark) drawDoor(ctx, job, door, mark)
  }
  for (const zone of zones) {
    const mark = job.marks.get(zone.id)
    if (!mark) continue
    const below = drawWords(ctx, job, zone, mark)
    if (mark.visitors.length > 0) drawVisitors(ctx, job, zone, mark, below)
    drawCorner(ctx, job, zone, mark)
  }
}

/** An outline around what is chosen (solid), one of several (dashed), or where the keys are (thin, doubled). */
export function drawRing(ctx: CanvasRenderingContext2D, job: Job, zone: PlanZone, how: 'chosen' | 'marked' | 'focus'): void {
  trace(ctx, job.view, zone.ring)
  ctx.strokeStyle = job.inks.bg
  ctx.lineWidth = 6
  ctx.stroke()
  ctx.strokeStyle = how === 'marked' ? job.inks.text : job.inks.sel
  ctx.lineWidth = 3
  ctx.setLineDash(how === 'marked' ? [6, 4] : how === 'focus' ? [2, 3] : [])
  ctx.stroke()
  ctx.setLineDash([])
}

export const boxOnScreen = (view: View, box: Box): Box => {
  const [x, y] = toScreen(view, [box.x, box.y])
  return { x, y, w: box.w * view.sx, h: box.h * view.sy }
}
