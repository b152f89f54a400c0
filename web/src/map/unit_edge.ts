// What is drawn anew at each place of the map: the rings of emergencies, and arrows at the edge for what is out of sight.
import { metresText } from '../base/format'
import { mercatorX, mercatorY } from '../base/geo'
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { units_by_uid } from '../state/tracks'
import type { Hint } from './hints'
import { screenX, screenY } from './seen'
import type { Seen } from './seen'
import type { Pen } from './unit_draw'
import { font } from './unit_words'

const RING = 23 * scale
const EDGE = 18 * scale
/** The tools stand at one side, whichever way the page runs, the legend below. */
const EDGE_SIDE = 66 * scale
const EDGE_BELOW = 64 * scale
/** A call that nobody takes grows for so long, and to so much. */
const GROW_MS = 120_000
const GROW = 1.6

type Arrow = Pick<Hint, 'x' | 'y' | 'name'> & { level: Hint['level'] | 'crit' }

/** The ring of an emergency; an arrow at the edge when its place is out of sight. */
export function drawCall(pen: Pen, emergency: Emergency): void {
  const unit = units_by_uid.get(emergency.unit_uid)
  const with_fix = unit && unit.x === unit.x
  const mx = with_fix ? unit.x : emergency.lon === null ? NaN : mercatorX(emergency.lon)
  const my = with_fix ? unit.y : emergency.lat === null ? NaN : mercatorY(emergency.lat)
  if (mx !== mx || my !== my) return
  const { ctx, seen, palette: p } = pen
  const x = screenX(mx / seen.resolution, seen)
  const y = screenY(-my / seen.resolution, seen)
  const inside = x >= 0 && y >= 0 && x <= seen.width && y <= seen.height
  if (!inside) return drawHint(pen, { x: mx, y: my, name: unit?.callsign ?? emergency.from, level: 'crit' })
  const waited = emergency.acknowledged_by ? 0 : Math.min(1, Math.max(0, pen.now - emergency.raised) / GROW_MS)
  ctx.strokeStyle = p.crit
  ctx.lineWidth = (emergency.acknowledged_by ? 1.5 : 3.5) * scale
  ctx.beginPath()
  ctx.arc(x, y, RING * (1 + waited * (GROW - 1)), 0, 2 * Math.PI)
  ctx.stroke()
  if (!with_fix) drawLost(pen, x, y, emergency)
}

function drawLost({ ctx, palette }: Pen, x: number, y: number, emergency: Emergency): void {
  ctx.font = font(700, 12)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = palette.crit
  ctx.fillText(emergency.from, x, y)
}

/** An arrow at the edge with the name and how far it is, for what is out of sight. */
export function drawHint(pen: Pen, it: Arrow): void {
  const { seen, palette: p } = pen
  const x = screenX(it.x / seen.resolution, seen)
  const y = screenY(-it.y / seen.resolution, seen)
  const ex = Math.min(seen.width - EDGE_SIDE, Math.max(EDGE_SIDE, x))
  const ey = Math.min(seen.height - EDGE_BELOW, Math.max(EDGE, y))
  const colour = it.level === 'crit' ? p.crit : it.level === 'sel' ? p.sel : p.main
  drawArrow(pen.ctx, ex, ey, Math.atan2(y - ey, x - ex), colour)
  drawWords(pen, ex, ey, it, colour)
}

function drawArrow(ctx: CanvasRenderingContext2D, x: number, y: number, angle: number, colour: string): void {
  ctx.save()
  ctx.translate(x, y)
  ctx.rotate(angle)
  ctx.fillStyle = colour
  ctx.beginPath()
  ctx.moveTo(12 * scale, 0)
  ctx.lineTo(-7 * scale, 8 * scale)
  ctx.lineTo(-7 * scale, -8 * scale)
  ctx.fill()
  ctx.restore()
}

function metresTo(seen: Seen, it: Arrow): number {
  return Math.hypot(it.x - seen.x, it.y - seen.y) / Math.cosh(seen.y / 6378137)
}

function drawWords({ ctx, seen, palette: p, widths }: Pen, ex: number, ey: number, it: Arrow, colour: string): void {
  const text = `${it.name}  ${metresText(metresTo(seen, it))}`
  const width = widths.of(text, true)
  const x = Math.min(seen.width - EDGE_SIDE - width / 2, Math.max(EDGE_SIDE + width / 2, ex))
  const y = ey + (ey < seen.height / 2 ? 20 : -20) * scale
  ctx.fillStyle = it.level === 'crit' ? p.crit_bg : p.halo
  ctx.beginPath()
  ctx.roundRect(x - width / 2 - 4 * scale, y - 9 * scale, width + 8 * scale, 18 * scale, 2 * scale)
  ctx.fill()
  ctx.fillStyle = it.level === 'calm' ? p.text : colour
  ctx.font = font(700, 12)
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(text, x, y + 0.5 * scale)
}
