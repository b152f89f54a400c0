// How units are drawn: symbols with their names, the letters of places, how many share one symbol.
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { silence } from '../state/tracks'
import type { Unit } from '../state/tracks'
import type { Mark, Placed } from './layout'
import type { Palette } from './palette'
import { isAround, screenX, screenY, whole } from './seen'
import type { Seen } from './seen'
import { HALF_H, HALF_W, frameOf } from './symbols'
import type { Look, Symbols } from './symbols'
import { font, wordsOf } from './unit_words'
import type { Widths } from './unit_words'

/** The letters of a point (ICP, CCP), metres of the map. */
export interface Letters {
  x: number
  y: number
  text: string
  chosen: boolean
}

/** What is drawn with: the canvas, what it shows of the world, and what all of it needs to know. */
export interface Pen {
  ctx: CanvasRenderingContext2D
  seen: Seen
  symbols: Symbols
  widths: Widths
  palette: Palette
  now: number
  selected: string | null
  calls: ReadonlyMap<string, Emergency>
}

const EMERGENCY_SIZE = 1.25
const MOVES_MPS = 0.8

/** What matters most is drawn last, on top; counts after all of them, as a neighbour must not hide one. */
export function drawUnits(pen: Pen, placed: readonly Placed[], letters: readonly { mark: Mark; it: Letters }[]): void {
  for (let i = placed.length - 1; i >= 0; i--) drawPlaced(pen, placed[i]!)
  for (const { mark, it } of letters) drawLetters(pen, mark, it)
  for (const it of placed) if (it.others.length > 0) drawCount(pen, it)
}

function lookOf(call: Emergency | undefined, silent: 0 | 1 | 2): Look {
  if (call) return call.acknowledged_by ? 'acknowledged' : 'emergency'
  return silent ? 'silent' : 'live'
}

function drawPlaced(pen: Pen, it: Placed): void {
  const x = whole(screenX(it.px, pen.seen))
  const y = whole(screenY(it.py, pen.seen))
  if (!isAround(x, y, pen.seen)) return
  const { unit } = it
  const call = pen.calls.get(unit.uid)
  const silent = silence(unit, pen.now)
  if (unit.presence && !silent && unit.speed > MOVES_MPS && unit.course === unit.course) drawCourse(pen, x, y, unit)
  drawSymbol(pen, x, y, unit, lookOf(call, silent))
  if (unit.uid === pen.selected) drawChosen(pen, x, y)
  if (it.label) drawLabel(pen, x + it.label.dx, y + it.label.dy, unit, silent)
}

function drawSymbol({ ctx, symbols }: Pen, x: number, y: number, unit: Unit, look: Look): void {
  const frame = frameOf(unit.type)
  const image = symbols.get(frame, frame === 'hostile' || frame === 'friend' || unit.presence ? unit.code : '', look, unit.team)
  const size = look === 'emergency' ? EMERGENCY_SIZE : 1
  const { w, h } = symbols.half
  ctx.drawImage(image, x - w * size, y - h * size, w * 2 * size, h * 2 * size)
}

function drawChosen({ ctx, palette }: Pen, x: number, y: number): void {
  ctx.strokeStyle = palette.sel
  ctx.lineWidth = 2.5 * scale
  ctx.strokeRect(x - HALF_W - 4 * scale, y - HALF_H - 4 * scale, 2 * HALF_W + 8 * scale, 2 * HALF_H + 8 * scale)
}

function drawCourse({ ctx, palette }: Pen, x: number, y: number, unit: Unit): void {
  const angle = (unit.course * Math.PI) / 180
  ctx.strokeStyle = palette.silent
  ctx.lineWidth = 2.5 * scale
  ctx.beginPath()
  ctx.moveTo(x, y)
  ctx.lineTo(x + Math.sin(angle) * 27 * scale, y - Math.cos(angle) * 22 * scale)
  ctx.stroke()
}

function drawLabel(pen: Pen, x: number, y: number, unit: Unit, silent: 0 | 1 | 2): void {
  const { ctx, palette: p, widths } = pen
  const call = pen.calls.get(unit.uid)
  const bold = call !== undefined
  const { name, count } = wordsOf(unit, call, pen.now)
  const name_w = widths.of(name, bold)
  const count_w = widths.ofCount(count, bold)
  ctx.font = font(bold ? 700 : 600, 12)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = call ? p.crit_bg : p.halo
  ctx.beginPath()
  ctx.roundRect(x - 3 * scale, y - 8.5 * scale, name_w + count_w + 6 * scale, 17 * scale, 2 * scale)
  ctx.fill()
  ctx.fillStyle = call ? p.crit : silent ? p.dim_text : p.text
  ctx.fillText(name, x, y + 0.5 * scale)
  if (!count) return
  ctx.fillStyle = call || silent === 2 ? p.crit : p.warn
  ctx.fillText(count, x + name_w + 6 * scale, y + 0.5 * scale)
}

function drawLetters({ ctx, seen, palette: p }: Pen, mark: Mark, it: Letters): void {
  const x = whole(screenX(mark.px, seen)) + mark.at.dx
  const y = whole(screenY(mark.py, seen)) + mark.at.dy
  if (!isAround(x, y, seen)) return
  ctx.fillStyle = it.chosen ? p.sel : p.text
  ctx.fillRect(x - mark.width / 2, y - 9 * scale, mark.width, 18 * scale)
  ctx.fillStyle = p.bg
  ctx.font = font(700, 12)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(it.text, x, y + 0.5 * scale)
}

function drawCount({ ctx, seen, palette: p }: Pen, it: Placed): void {
  const x = whole(screenX(it.px, seen)) + HALF_W - 2 * scale
  const y = whole(screenY(it.py, seen)) - HALF_H
  if (!isAround(x, y, seen)) return
  const count = it.others.length + 1
  const text = count > 99 ? '99+' : String(count)
  const w = (text.length * 6.5 + 8) * scale
  const h = 15 * scale
  ctx.fillStyle = p.text
  ctx.beginPath()
  ctx.roundRect(x - w / 2, y - h / 2, w, h, h / 2)
  ctx.fill()
  ctx.fillStyle = p.bg
  ctx.font = font(700, 11)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(text, x, y + 0.5 * scale)
}
