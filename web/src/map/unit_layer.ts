// All units on one canvas above the map. The map itself is not drawn again when positions come; this
// canvas is not laid out again when the map is only dragged.
import { ageText } from '../base/format'
import { WORLD, latOf, lonOf, mercatorX, mercatorY } from '../base/geo'
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { isOwnObject } from '../state/places'
import { silence, units, units_by_uid } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { layout } from './layout'
import type { Placed } from './layout'
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

export interface UnitLayerState {
  palette: Palette
  now: number
  selected: string | null
  labels: boolean
  grid: boolean
  frozen: boolean
  /** The places of the incident are drawn by a layer of their own. */
  own_places: boolean
  emergencies: readonly Emergency[]
}

const RING = 23 * scale
const EDGE = 16 * scale
const font = (weight: number, px: number) => `${weight} ${px * scale}px "Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif`
const GRID_STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]

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
  }

  private lay(resolution: number): void {
    if (this.laid_at === resolution) return
    this.laid_at = resolution
    this.calls = new Map(this.state.emergencies.map((it) => [it.unit_uid, it]))
    const { now, selected, own_places } = this.state
    this.placed = layout({
      units: own_places ? [...units.values()].filter((unit) => unit.presence || !isOwnObject(unit.uid)) : units.values(),
      resolution,
      half_w: HALF_W,
      half_h: HALF_H,
      labels: this.state.labels,
      letter_px: 7.5 * scale,
      rank: (unit) => {
        if (this.calls.has(unit.uid) || unit.uid === selected) return 0
        if (frameOf(unit.type) === 'hostile') return 0
        if (!unit.presence) return 3
        return silence(unit, now) ? 2 : 1
      },
    })
  }

  draw(view: View): void {
    this.view = view
    this.draws++
    const symbols = this.prepare(view)
    this.lay(view.resolution)
    if (this.state.grid) this.drawGrid(view)
    this.ctx.globalAlpha = this.state.frozen ? 0.55 : 1
    // What matters most is drawn last, on top.
    for (let i = this.placed.length - 1; i >= 0; i--) this.drawPlaced(this.placed[i]!, view, symbols)
    // Counts last: a neighbour must not hide one.
    for (const it of this.placed) {
      if (it.others.length > 0) this.drawCount(it, view)
    }
    this.ctx.globalAlpha = 1
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
    ctx.drawImage(image, x - symbols.half.w, y - symbols.half.h, symbols.half.w * 2, symbols.half.h * 2)
    if (unit.uid === selected) {
      ctx.strokeStyle = p.sel
      ctx.lineWidth = 2.5 * scale
      ctx.strokeRect(x - HALF_W - 4 * scale, y - HALF_H - 4 * scale, 2 * HALF_W + 8 * scale, 2 * HALF_H + 8 * scale)
    }
    if (it.label || unit.uid === selected) this.drawLabel(x + HALF_W + 7 * scale, y, unit, silent, call !== undefined)
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
    const { palette: p, now } = this.state
    ctx.font = font(call ? 700 : 600, 12)
    ctx.textAlign = 'left'
    ctx.textBaseline = 'middle'
    const floor = unit.floor === unit.floor ? '  F' + unit.floor : ''
    const name = unit.callsign + floor
    const age = silent && unit.presence ? ageText(now - unit.heard) : ''
    const name_w = ctx.measureText(name).width
    const age_w = age ? ctx.measureText(age).width + 6 * scale : 0
    ctx.fillStyle = call ? p.crit_bg : p.halo
    ctx.beginPath()
    ctx.roundRect(x - 3 * scale, y - 8.5 * scale, name_w + age_w + 6 * scale, 17 * scale, 2 * scale)
    ctx.fill()
    ctx.fillStyle = call ? p.crit : silent ? p.dim_text : p.text
    ctx.fillText(name, x, y + 0.5 * scale)
    if (!age) return
    ctx.fillStyle = silent === 2 ? p.crit : p.warn
    ctx.fillText(age, x + name_w + 6 * scale, y + 0.5 * scale)
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
    if (inside) {
      ctx.beginPath()
      ctx.arc(x, y, RING, 0, 2 * Math.PI)
      ctx.stroke()
      if (!with_fix) this.drawLost(x, y, emergency)
      return
    }
    const ex = Math.min(view.width - EDGE, Math.max(EDGE, x))
    const ey = Math.min(view.height - EDGE, Math.max(EDGE, y))
    const angle = Math.atan2(y - ey, x - ex)
    ctx.save()
    ctx.translate(ex, ey)
    ctx.rotate(angle)
    ctx.fillStyle = p.crit
    ctx.beginPath()
    ctx.moveTo(12 * scale, 0)
    ctx.lineTo(-8 * scale, 10 * scale)
    ctx.lineTo(-8 * scale, -10 * scale)
    ctx.fill()
    ctx.restore()
  }

  private drawLost(x: number, y: number, emergency: Emergency): void {
    const { ctx } = this
    ctx.font = font(700, 12)
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillStyle = this.state.palette.crit
    ctx.fillText(emergency.from, x, y)
  }

  private drawGrid(view: View): void {
    const { ctx } = this
    const half_w = (view.width / 2) * view.resolution
    const half_h = (view.height / 2) * view.resolution
    const degree_px = WORLD / 360 / view.resolution
    const step = GRID_STEPS.find((it) => it * degree_px <= 240) ?? 0.0001
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))
    ctx.strokeStyle = this.state.palette.grid
    ctx.fillStyle = this.state.palette.label
    ctx.lineWidth = 1
    ctx.font = font(500, 11)
    ctx.textAlign = 'left'
    ctx.textBaseline = 'top'
    ctx.beginPath()
    const west = ((view.x - half_w) / WORLD) * 360
    const east = ((view.x + half_w) / WORLD) * 360
    for (let lon = Math.ceil(west / step) * step; lon <= east; lon += step) {
      const x = Math.round(this.screenX(mercatorX(lon) / view.resolution, view)) + 0.5
      ctx.moveTo(x, 0)
      ctx.lineTo(x, view.height)
      const shown = lonOf(mercatorX(lon))
      ctx.fillText(`${Math.abs(shown).toFixed(digits)}${shown < 0 ? 'W' : 'E'}`, x + 3, 3)
    }
    const south = latOf(view.y - half_h)
    const north = latOf(view.y + half_h)
    for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
      const y = Math.round(this.screenY(-mercatorY(lat) / view.resolution, view)) + 0.5
      ctx.moveTo(0, y)
      ctx.lineTo(view.width, y)
      ctx.fillText(`${Math.abs(lat).toFixed(digits)}${lat < 0 ? 'S' : 'N'}`, 4, y + 2)
    }
    ctx.stroke()
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
