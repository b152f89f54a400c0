// How a unit or an object looks: drawn once per look into a small canvas, then copied.
//
// The APP-6 frame says the affiliation (rectangle friend, diamond hostile, square neutral, clover
// unknown) and stays readable in grey and to the colour-blind; the agency's letters stand inside.
// Grey is normal. Colour means: red an emergency or hostile, blue outline selected.
import { scale } from '../state/prefs'
import { team_colours } from './palette'
import type { Palette } from './palette'

export type Frame = 'friend' | 'hostile' | 'neutral' | 'unknown' | 'point' | 'area' | 'line' | 'medical'
export type Look = 'live' | 'silent' | 'emergency' | 'acknowledged'

export const HALF_W = 18 * scale
export const HALF_H = 12 * scale
const MARGIN = 5 * scale

export function frameOf(type: string): Frame {
  if (type.startsWith('a-')) {
    const affiliation = type[2]
    if (affiliation === 'h' || affiliation === 's' || affiliation === 'j' || affiliation === 'k') return 'hostile'
    if (affiliation === 'n') return 'neutral'
    return affiliation === 'f' || affiliation === 'a' ? 'friend' : 'unknown'
  }
  if (type.startsWith('b-r-f-h-c')) return 'medical'
  if (type.startsWith('b-m-r') || type.startsWith('u-rb')) return 'line'
  return type.startsWith('u-d') ? 'area' : 'point'
}

function outline(ctx: CanvasRenderingContext2D, frame: Frame): void {
  const w = HALF_W
  const h = HALF_H
  ctx.beginPath()
  switch (frame) {
    case 'friend':
      ctx.rect(-w, -h, 2 * w, 2 * h)
      break
    case 'neutral':
      ctx.rect(-h * 1.15, -h * 1.15, 2.3 * h, 2.3 * h)
      break
    case 'hostile':
      ctx.moveTo(0, -h * 1.35)
      ctx.lineTo(w * 1.05, 0)
      ctx.lineTo(0, h * 1.35)
      ctx.lineTo(-w * 1.05, 0)
      ctx.closePath()
      break
    case 'unknown': {
      const r = h * 0.72
      ctx.moveTo(-r, -r)
      ctx.arc(0, -r, r, Math.PI, 0)
      ctx.arc(r, 0, r, -Math.PI / 2, Math.PI / 2)
      ctx.arc(0, r, r, 0, Math.PI)
      ctx.arc(-r, 0, r, Math.PI / 2, -Math.PI / 2)
      ctx.closePath()
      break
    }
    case 'point':
      ctx.arc(0, 0, 5 * scale, 0, 2 * Math.PI)
      break
    case 'area':
      ctx.rect(-6 * scale, -6 * scale, 12 * scale, 12 * scale)
      break
    case 'line':
      ctx.moveTo(-8 * scale, 5 * scale)
      ctx.lineTo(-1 * scale, -5 * scale)
      ctx.lineTo(8 * scale, 2 * scale)
      break
    case 'medical':
      ctx.rect(-8 * scale, -8 * scale, 16 * scale, 16 * scale)
      break
  }
}

const framed = (frame: Frame) => frame === 'friend' || frame === 'hostile' || frame === 'neutral' || frame === 'unknown'

function colours(frame: Frame, look: Look, p: Palette): { fill: string; line: string; ink: string } {
  if (look === 'emergency') return { fill: p.crit, line: p.halo, ink: p.crit_ink }
  if (look === 'acknowledged') return { fill: p.crit_bg, line: p.crit, ink: p.crit }
  if (look === 'silent') return { fill: p.silent_bg, line: p.silent, ink: p.silent }
  if (frame === 'hostile') return { fill: p.crit_bg, line: p.crit, ink: p.crit }
  if (frame === 'medical') return { fill: p.bg, line: p.crit, ink: p.crit }
  if (!framed(frame)) return { fill: p.bg, line: p.main, ink: p.main }
  return { fill: p.unit_fill, line: p.unit_line, ink: p.unit_ink }
}

function draw(ctx: CanvasRenderingContext2D, frame: Frame, code: string, look: Look, team: string, p: Palette): void {
  const { fill, line, ink } = colours(frame, look, p)
  outline(ctx, frame)
  if (frame !== 'line') {
    ctx.fillStyle = fill
    ctx.fill()
  }
  ctx.lineWidth = (framed(frame) ? 1.5 : 2) * scale
  ctx.strokeStyle = line
  if (look === 'silent') ctx.setLineDash([4 * scale, 3 * scale])
  ctx.stroke()
  ctx.setLineDash([])
  if (frame === 'medical') {
    ctx.fillStyle = ink
    ctx.fillRect(-5 * scale, -1.5 * scale, 10 * scale, 3 * scale)
    ctx.fillRect(-1.5 * scale, -5 * scale, 3 * scale, 10 * scale)
  }
  const colour = p.night ? undefined : team_colours[team.toLowerCase()]
  if (colour && framed(frame) && look !== 'silent') {
    const w = frame === 'friend' ? HALF_W : HALF_H
    ctx.fillStyle = colour
    ctx.fillRect(-w + scale, HALF_H - 3 * scale, 2 * w - 2 * scale, 2.5 * scale)
  }
  if (!framed(frame)) return
  ctx.fillStyle = ink
  ctx.font = `700 ${(code.length > 3 ? 10 : 11) * scale}px "Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(code, 0, colour ? -0.5 * scale : 0.5 * scale, frame === 'friend' ? 2 * HALF_W - 4 : 1.5 * HALF_W)
}

/** Copies looks onto a canvas. A new one is made per theme and pixel ratio. */
export class Symbols {
  /** Whole pixels of the screen: else each copy would be a scaled one. */
  readonly half: { w: number; h: number }
  private readonly made = new Map<string, HTMLCanvasElement>()

  constructor(
    private readonly p: Palette,
    private readonly ratio: number,
  ) {
    this.half = { w: Math.ceil((HALF_W * 1.1 + MARGIN) * ratio) / ratio, h: Math.ceil((HALF_H * 1.5 + MARGIN) * ratio) / ratio }
  }

  get(frame: Frame, code: string, look: Look, team: string): HTMLCanvasElement {
    const key = `${frame}|${code}|${look}|${team}`
    const known = this.made.get(key)
    if (known) return known
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(this.half.w * 2 * this.ratio)
    canvas.height = Math.round(this.half.h * 2 * this.ratio)
    const ctx = canvas.getContext('2d')!
    ctx.scale(this.ratio, this.ratio)
    ctx.translate(this.half.w, this.half.h)
    draw(ctx, frame, code, look, team, this.p)
    // Codes come from phones: a hostile one must not fill the memory.
    if (this.made.size > 2_000) this.made.clear()
    this.made.set(key, canvas)
    return canvas
  }
}
