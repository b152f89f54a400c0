// All units on one canvas above the map. The map itself is not drawn again when positions come; this
// canvas is not laid out again when the map is only dragged.
import { ageText, counterText, metresText } from '../base/format'
import { WORLD, mercatorX, mercatorY } from '../base/geo'
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { isOwnObject } from '../state/places'
import { silence, units, units_by_uid } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { layout } from './layout'
import type { Box, Mark, Placed } from './layout'
import type { Hint } from './hints'
import type { Palette } from './palette'
import { HALF_H, HALF_W, Symbols, frameOf } from './symbols'
import type { Look } from './symbols'

/** What the layer needs of the map engine. */
export interface View {
  x: number
  y: number
  resolution: number
  width: number
  height: number
}

/** The letters of a point (ICP, CCP), metres of the map. */
export interface Letters {
  x: number
  y: number
  text: string
  chosen: boolean
}

export interface UnitLayerState {
  palette: Palette
  now: number
  selected: string | null
  labels: boolean
  frozen: boolean
  /** The places of the incident are drawn by a layer of their own. */
  own_places: boolean
  emergencies: readonly Emergency[]
  /** Points of the record: their letters are drawn here, where they do not lie under a unit. */
  letters: readonly Letters[]
  /** What is out of sight and should be known of. */
  hints: (view: View) => readonly Hint[]
}

const RING = 23 * scale
const EDGE = 18 * scale
/** The tools stand at one side, whichever way the page runs, the legend below. */
const EDGE_SIDE = 66 * scale
const EDGE_BELOW = 64 * scale
/** A call that nobody takes grows for so long, and to so much. */
const GROW_MS = 120_000
const GROW = 1.6
const font = (weight: number, px: number) => `${weight} ${px * scale}px "Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif`

export class UnitLayer {
  readonly canvas = document.createElement('canvas')
  /** For measurements: how often it was drawn. */
  draws = 0
  private readonly ctx = this.canvas.getContext('2d')!
  private placed: Placed[] = []
  private laid_at = 0
  private symbols: Symbols | null = null
  private symbols_for = ''
  private calls = new Map<string, Emergency>()
  private view: View | null = null
  private near: Box | null = null
  private marks: Mark[] = []
  private readonly widths = new Map<string, number>()

  constructor(private state: UnitLayerState) {
    this.canvas.className = 'units'
  }

  set(state: UnitLayerState): void {
    this.state = state
    this.laid_at = 0
  }

  /** New positions or words: lay out again at the next draw. */
  stale(): void {
    this.laid_at = 0
  }

  private prepare(view: View): Symbols {
    const ratio = window.devicePixelRatio
    const width = Math.round(view.width * ratio)
    const height = Math.round(view.height * ratio)
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width
      this.canvas.height = height
    }
    const key = `${ratio}|${JSON.stringify(this.state.palette)}`
    if (!this.symbols || key !== this.symbols_for) {
      this.symbols = new Symbols(this.state.palette, ratio)
      this.symbols_for = key
    }
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.ctx.clearRect(0, 0, view.width, view.height)
    return this.symbols
  }

  /** Forget drawn symbols: a font has come. */
  redrawSymbols(): void {
    this.symbols = null
    this.widths.clear()
  }

  private lay(view: View): void {
    const { resolution } = view
    const left = view.x / resolution - view.width / 2
    const top = -view.y / resolution - view.height / 2
    const seen = this.near && left > this.near.x0 && top > this.near.y0 && left + view.width < this.near.x1 && top + view.height < this.near.y1
    if (this.laid_at === resolution && seen) return
    this.laid_at = resolution
    // Half a view on each side, so that a drag finds its names there.
    this.near = { x0: left - view.width / 2, y0: top - view.height / 2, x1: left + view.width * 1.5, y1: top + view.height * 1.5 }
    this.calls = new Map(this.state.emergencies.map((it) => [it.unit_uid, it]))
    const { now, selected, own_places } = this.state
    this.marks = this.state.letters.map((it) => ({
      px: it.x / resolution, py: -it.y / resolution, width: this.measure(it.text, true) + 10 * scale, at: { dx: 0, dy: 0 },
    }))
    this.placed = layout({
      units: own_places ? [...units.values()].filter((unit) => unit.presence || !isOwnObject(unit.uid)) : units.values(),
      resolution,
      half_w: HALF_W,
      half_h: HALF_H,
      labels: this.state.labels,
      width: (unit) => this.widthOf(unit),
      near: this.near,
      marks: this.marks,
      rank: (unit) => {
        if (this.calls.has(unit.uid) || unit.uid === selected) return 0
        if (frameOf(unit.type) === 'hostile') return 0
        if (!unit.presence) return 3
        return silence(unit, now) ? 1 : 2
      },
    })
  }

  /** The name with its floor; and what counts behind it: how long it calls, how long it is silent. */
  private words(unit: Unit): { name: string; count: string } {
    const { now } = this.state
    const call = this.calls.get(unit.uid)
    const name = unit.callsign + (unit.floor === unit.floor ? '  F' + unit.floor : '')
    if (call) return { name, count: call.acknowledged_by ? '' : counterText(now - call.raised) }
    return { name, count: unit.presence && silence(unit, now) ? ageText(now - unit.heard) : '' }
  }

  private measure(text: string, bold: boolean): number {
    const key = (bold ? 'b' : '') + text
    const known = this.widths.get(key)
    if (known !== undefined) return known
    this.ctx.font = font(bold ? 700 : 600, 12)
    const width = this.ctx.measureText(text).width
    // Names come from phones.
    if (this.widths.size > 30_000) this.widths.clear()
    this.widths.set(key, width)
    return width
  }

  private widthOf(unit: Unit): number {
    const bold = this.calls.has(unit.uid)
    const { name, count } = this.words(unit)
    return this.measure(name, bold) + (count ? this.measure(count, bold) + 6 * scale : 0)
  }

  draw(view: View): void {
    this.view = view
    this.draws++
    const symbols = this.prepare(view)
    this.lay(view)
    this.ctx.globalAlpha = this.state.frozen ? 0.55 : 1
    // What matters most is drawn last, on top.
    for (let i = this.placed.length - 1; i >= 0; i--) this.drawPlaced(this.placed[i]!, view, symbols)
    this.marks.forEach((mark, i) => this.drawLetters(mark, this.state.letters[i]!, view))
    // Counts last: a neighbour must not hide one.
    for (const it of this.placed) {
      if (it.others.length > 0) this.drawCount(it, view)
    }
    this.ctx.globalAlpha = 1
    for (const hint of this.state.hints(view)) this.drawHint(hint.x, hint.y, hint, view)
    for (const emergency of this.state.emergencies) this.drawCall(emergency, view)
  }

  private screenX(px: number, view: View): number {
    const world = WORLD / view.resolution
    const dx = px - view.x / view.resolution
    return dx - Math.round(dx / world) * world + view.width / 2
  }

  private screenY(py: number, view: View): number {
    return py + view.y / view.resolution + view.height / 2
  }

  private drawPlaced(it: Placed, view: View, symbols: Symbols): void {
    const x = this.screenX(it.px, view)
    const y = this.screenY(it.py, view)
    if (x < -60 || y < -40 || x > view.width + 60 || y > view.height + 40) return
    const { ctx } = this
    const { palette: p, now, selected } = this.state
    const { unit } = it
    const call = this.calls.get(unit.uid)
    const silent = silence(unit, now)
    const look: Look = call ? (call.acknowledged_by ? 'acknowledged' : 'emergency') : silent ? 'silent' : 'live'
    const frame = frameOf(unit.type)
    if (unit.presence && !silent && unit.speed > 0.8 && unit.course === unit.course) this.drawCourse(x, y, unit)
    const image = symbols.get(frame, frame === 'hostile' || frame === 'friend' || unit.presence ? unit.code : '', look, unit.team)
    const size = look === 'emergency' ? 1.25 : 1
    ctx.drawImage(image, x - symbols.half.w * size, y - symbols.half.h * size, symbols.half.w * 2 * size, symbols.half.h * 2 * size)
    if (unit.uid === selected) {
      ctx.strokeStyle = p.sel
      ctx.lineWidth = 2.5 * scale
      ctx.strokeRect(x - HALF_W - 4 * scale, y - HALF_H - 4 * scale, 2 * HALF_W + 8 * scale, 2 * HALF_H + 8 * scale)
    }
    if (it.label) this.drawLabel(x + it.label.dx, y + it.label.dy, unit, silent, call !== undefined)
  }

  private drawLetters(mark: Mark, it: Letters, view: View): void {
    const x = this.screenX(mark.px, view) + mark.at.dx
    const y = this.screenY(mark.py, view) + mark.at.dy
    if (x < -60 || y < -40 || x > view.width + 60 || y > view.height + 40) return
    const { ctx } = this
    const { palette: p } = this.state
    ctx.fillStyle = it.chosen ? p.sel : p.text
    ctx.fillRect(x - mark.width / 2, y - 9 * scale, mark.width, 18 * scale)
    ctx.fillStyle = p.bg
    ctx.font = font(700, 12)
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillText(it.text, x, y + 0.5 * scale)
  }

  private drawCourse(x: number, y: number, unit: Unit): void {
    const { ctx } = this
    const angle = (unit.course * Math.PI) / 180
    const dx = Math.sin(angle)
    const dy = -Math.cos(angle)
    ctx.strokeStyle = this.state.palette.silent
    ctx.lineWidth = 2.5 * scale
    ctx.beginPath()
    ctx.moveTo(x, y)
    ctx.lineTo(x + dx * 27 * scale, y + dy * 22 * scale)
    ctx.stroke()
  }

  private drawCount(it: Placed, view: View): void {
    const x = this.screenX(it.px, view) + HALF_W - 2 * scale
    const y = this.screenY(it.py, view) - HALF_H
    const count = it.others.length + 1
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) return
    const { ctx } = this
    const { palette: p } = this.state
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

  private drawLabel(x: number, y: number, unit: Unit, silent: 0 | 1 | 2, call: boolean): void {
    const { ctx } = this
    const { palette: p } = this.state
    const { name, count } = this.words(unit)
    const name_w = this.measure(name, call)
    const count_w = count ? this.measure(count, call) + 6 * scale : 0
    ctx.font = font(call ? 700 : 600, 12)
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

  /** The ring of an emergency; an arrow at the edge when its place is out of sight. */
  private drawCall(emergency: Emergency, view: View): void {
    const unit = units_by_uid.get(emergency.unit_uid)
    const with_fix = unit && unit.x === unit.x
    const mx = with_fix ? unit.x : emergency.lon === null ? NaN : mercatorX(emergency.lon)
    const my = with_fix ? unit.y : emergency.lat === null ? NaN : mercatorY(emergency.lat)
    if (mx !== mx || my !== my) return
    const { ctx } = this
    const { palette: p } = this.state
    const x = this.screenX(mx / view.resolution, view)
    const y = this.screenY(-my / view.resolution, view)
    ctx.strokeStyle = p.crit
    ctx.lineWidth = (emergency.acknowledged_by ? 1.5 : 3.5) * scale
    const inside = x >= 0 && y >= 0 && x <= view.width && y <= view.height
    const name = unit?.callsign ?? emergency.from
    if (!inside) return this.drawHint(mx, my, { name, level: 'crit' }, view)
    const waited = emergency.acknowledged_by ? 0 : Math.min(1, Math.max(0, this.state.now - emergency.raised) / GROW_MS)
    ctx.beginPath()
    ctx.arc(x, y, RING * (1 + waited * (GROW - 1)), 0, 2 * Math.PI)
    ctx.stroke()
    if (!with_fix) this.drawLost(x, y, emergency)
  }

  /** An arrow at the edge with the name and how far it is, for what is out of sight. */
  private drawHint(mx: number, my: number, it: { name: string; level: 'crit' | 'sel' | 'calm' }, view: View): void {
    const { ctx } = this
    const { palette: p } = this.state
    const x = this.screenX(mx / view.resolution, view)
    const y = this.screenY(-my / view.resolution, view)
    const ex = Math.min(view.width - EDGE_SIDE, Math.max(EDGE_SIDE, x))
    const ey = Math.min(view.height - EDGE_BELOW, Math.max(EDGE, y))
    const colour = it.level === 'crit' ? p.crit : it.level === 'sel' ? p.sel : p.main
    ctx.save()
    ctx.translate(ex, ey)
    ctx.rotate(Math.atan2(y - ey, x - ex))
    ctx.fillStyle = colour
    ctx.beginPath()
    ctx.moveTo(12 * scale, 0)
    ctx.lineTo(-7 * scale, 8 * scale)
    ctx.lineTo(-7 * scale, -8 * scale)
    ctx.fill()
    ctx.restore()
    const metres = (Math.hypot(mx - view.x, my - view.y)) / Math.cosh(view.y / 6378137)
    const text = `${it.name}  ${metresText(metres)}`
    const width = this.measure(text, true)
    const tx = Math.min(view.width - EDGE_SIDE - width / 2, Math.max(EDGE_SIDE + width / 2, ex))
    const ty = ey + (ey < view.height / 2 ? 20 : -20) * scale
    ctx.fillStyle = it.level === 'crit' ? p.crit_bg : p.halo
    ctx.beginPath()
    ctx.roundRect(tx - width / 2 - 4 * scale, ty - 9 * scale, width + 8 * scale, 18 * scale, 2 * scale)
    ctx.fill()
    ctx.fillStyle = it.level === 'calm' ? p.text : colour
    ctx.font = font(700, 12)
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillText(text, tx, ty + 0.5 * scale)
  }

  private drawLost(x: number, y: number, emergency: Emergency): void {
    const { ctx } = this
    ctx.font = font(700, 12)
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillStyle = this.state.palette.crit
    ctx.fillText(emergency.from, x, y)
  }

  /** For tests: the boxes of all symbols and names that were drawn, px of the view. */
  labels(): { uid: string; frame: number[]; name: number[] | null }[] {
    const { view } = this
    if (!view) return []
    return this.placed.map((it) => {
      const x = this.screenX(it.px, view)
      const y = this.screenY(it.py, view)
      const { label } = it
      const name = label && [x + label.dx - 3, y + label.dy - 8.5 * scale, x + label.dx + this.widthOf(it.unit) + 3, y + label.dy + 8.5 * scale]
      return { uid: it.unit.uid, frame: [x - HALF_W, y - HALF_H, x + HALF_W, y + HALF_H], name }
    })
  }

  /** What stands at a pixel: the most important first. */
  at(x: number, y: number): Placed | null {
    const { view } = this
    if (!view) return null
    for (const it of this.placed) {
      const dx = Math.abs(this.screenX(it.px, view) - x)
      const dy = Math.abs(this.screenY(it.py, view) - y)
      if (dx <= HALF_W + 3 && dy <= HALF_H + 3) return it
    }
    return null
  }
}
