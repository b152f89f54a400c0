// All units on one canvas above the map. The map itself is not drawn again when positions come; this canvas is not laid
// out again when the map is only dragged, nor drawn again: a drag copies a picture that reaches beyond its edges.
//
//   new positions, words, zoom --> lay out --> draw (at rest)
//                                     |
//                                     +------> draw a picture, once --> copy it, each frame of a drag
import type { Emergency } from '../net/protocol'
import { scale } from '../state/prefs'
import { isOwnObject } from '../state/places'
import { silence, units } from '../state/tracks'
import type { Unit } from '../state/tracks'
import type { Hint } from './hints'
import { layout } from './layout'
import type { Box, Mark, Placed } from './layout'
import type { Palette } from './palette'
import { REACH } from './reach'
import { screenX, screenY, whole } from './seen'
import type { Seen } from './seen'
import { HALF_H, HALF_W, Symbols, frameOf } from './symbols'
import { drawUnits } from './unit_draw'
import type { Letters, Pen } from './unit_draw'
import { drawCall, drawHint } from './unit_edge'
import { Widths, wordsOf } from './unit_words'

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
  hints: (seen: Seen) => readonly Hint[]
}

const FROZEN_ALPHA = 0.55
/** Names are laid out farther beyond the view than the picture reaches. */
const LAID = 2 * REACH

/** The units as they were laid out, for a drag to copy. */
interface Picture {
  canvas: HTMLCanvasElement
  seen: Seen
  placed: readonly Placed[]
}

export class UnitLayer {
  readonly canvas = document.createElement('canvas')
  /** For measurements: how often it showed something anew. */
  draws = 0
  private readonly ctx = this.canvas.getContext('2d')!
  private readonly widths = new Widths(this.ctx)
  private placed: Placed[] = []
  private marks: Mark[] = []
  private laid_at = 0
  private near: Box | null = null
  private symbols: Symbols | null = null
  private symbols_for = ''
  private calls = new Map<string, Emergency>()
  private seen: Seen | null = null
  private picture: Picture | null = null

  constructor(private state: UnitLayerState) {
    this.canvas.className = 'units'
  }

  /** New positions or words: laid out again at the next draw. */
  set(state: UnitLayerState): void {
    this.state = state
    this.laid_at = 0
  }

  /** Forget drawn symbols: a font has come. */
  redrawSymbols(): void {
    this.symbols = null
    this.picture = null
    this.widths.clear()
  }

  /** `moves`: the map is on its way, and the next draw will not be long in coming. */
  draw(seen: Seen, moves: boolean): void {
    const glides = moves && this.seen?.resolution === seen.resolution
    this.seen = seen
    this.draws++
    this.lay(seen)
    const pen = this.penFor(this.canvas, this.ctx, seen)
    if (glides) this.copyPicture(pen)
    else {
      this.picture = null
      this.drawAll(pen)
    }
    for (const hint of this.state.hints(seen)) drawHint(pen, hint)
    for (const emergency of this.state.emergencies) drawCall(pen, emergency)
  }

  private symbolsNow(): Symbols {
    const key = `${window.devicePixelRatio}|${JSON.stringify(this.state.palette)}`
    if (this.symbols && key === this.symbols_for) return this.symbols
    this.symbols_for = key
    return (this.symbols = new Symbols(this.state.palette, window.devicePixelRatio))
  }

  /** Of an empty canvas as large as what is seen. */
  private penFor(canvas: HTMLCanvasElement, ctx: CanvasRenderingContext2D, seen: Seen): Pen {
    const ratio = window.devicePixelRatio
    const width = Math.round(seen.width * ratio)
    const height = Math.round(seen.height * ratio)
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    ctx.clearRect(0, 0, seen.width, seen.height)
    const { palette, now, selected } = this.state
    return { ctx, seen, symbols: this.symbolsNow(), widths: this.widths, palette, now, selected, calls: this.calls }
  }

  private drawAll(pen: Pen): void {
    pen.ctx.globalAlpha = this.state.frozen ? FROZEN_ALPHA : 1
    drawUnits(pen, this.placed, this.marks.map((mark, i) => ({ mark, it: this.state.letters[i]! })))
    pen.ctx.globalAlpha = 1
  }

  /** Where in the picture the view begins, px. */
  private shift(picture: Seen, seen: Seen): [number, number] {
    return [
      whole((picture.width - seen.width) / 2 + (seen.x - picture.x) / seen.resolution),
      whole((picture.height - seen.height) / 2 - (seen.y - picture.y) / seen.resolution),
    ]
  }

  private pictureOf(seen: Seen): Picture {
    const known = this.picture
    if (known && known.placed === this.placed) {
      const [x, y] = this.shift(known.seen, seen)
      if (x >= 0 && y >= 0 && x + seen.width <= known.seen.width && y + seen.height <= known.seen.height) return known
    }
    const canvas = known?.canvas ?? document.createElement('canvas')
    const margin = (size: number) => 2 * Math.round(size * REACH)
    const around = { ...seen, width: seen.width + margin(seen.width), height: seen.height + margin(seen.height) }
    this.drawAll(this.penFor(canvas, canvas.getContext('2d')!, around))
    return (this.picture = { canvas, seen: around, placed: this.placed })
  }

  private copyPicture({ ctx, seen }: Pen): void {
    const { canvas, seen: around } = this.pictureOf(seen)
    const [x, y] = this.shift(around, seen)
    ctx.drawImage(canvas, -x, -y, around.width, around.height)
  }

  private lay(seen: Seen): void {
    const { resolution, width, height } = seen
    const left = seen.x / resolution - width / 2
    const top = -seen.y / resolution - height / 2
    const { near } = this
    const there = near && left > near.x0 && top > near.y0 && left + width < near.x1 && top + height < near.y1
    if (this.laid_at === resolution && there) return
    this.laid_at = resolution
    this.near = { x0: left - width * LAID, y0: top - height * LAID, x1: left + width * (1 + LAID), y1: top + height * (1 + LAID) }
    const { emergencies, letters, labels } = this.state
    this.calls = new Map(emergencies.map((it) => [it.unit_uid, it]))
    this.marks = letters.map((it) => ({
      px: it.x / resolution, py: -it.y / resolution, width: this.widths.of(it.text, true) + 10 * scale, at: { dx: 0, dy: 0 },
    }))
    this.placed = layout({
      units: this.shown(),
      resolution,
      half_w: HALF_W,
      half_h: HALF_H,
      labels,
      width: (unit) => this.widthOf(unit),
      near: this.near,
      marks: this.marks,
      rank: (unit) => this.rankOf(unit),
    })
  }

  private shown(): Iterable<Unit> {
    if (!this.state.own_places) return units.values()
    return [...units.values()].filter((unit) => unit.presence || !isOwnObject(unit.uid))
  }

  private rankOf(unit: Unit): 0 | 1 | 2 | 3 {
    if (this.calls.has(unit.uid) || unit.uid === this.state.selected) return 0
    if (frameOf(unit.type) === 'hostile') return 0
    if (!unit.presence) return 3
    return silence(unit, this.state.now) ? 1 : 2
  }

  private widthOf(unit: Unit): number {
    const call = this.calls.get(unit.uid)
    return this.widths.ofWords(wordsOf(unit, call, this.state.now), call !== undefined)
  }

  /** For tests: the boxes of all symbols and names that were drawn, px of the view. */
  labels(): { uid: string; frame: number[]; name: number[] | null }[] {
    const { seen } = this
    if (!seen) return []
    return this.placed.map((it) => {
      const x = screenX(it.px, seen)
      const y = screenY(it.py, seen)
      const { label } = it
      const name = label && [x + label.dx - 3, y + label.dy - 8.5 * scale, x + label.dx + this.widthOf(it.unit) + 3, y + label.dy + 8.5 * scale]
      return { uid: it.unit.uid, frame: [x - HALF_W, y - HALF_H, x + HALF_W, y + HALF_H], name }
    })
  }

  /** What stands at a pixel: the most important first. */
  at(x: number, y: number): Placed | null {
    const { seen } = this
    if (!seen) return null
    for (const it of this.placed) {
      const dx = Math.abs(screenX(it.px, seen) - x)
      const dy = Math.abs(screenY(it.py, seen) - y)
      if (dx <= HALF_W + 3 && dy <= HALF_H + 3) return it
    }
    return null
  }
}
