// The grid of degrees: above the ground, below everything that has letters, so that no line crosses one.
import Layer from 'ol/layer/Layer'
import type { FrameState } from 'ol/Map'
import { WORLD, latOf, lonOf, mercatorX, mercatorY } from '../base/geo'
import { scale } from '../state/prefs'
import { palette } from './palette'

const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]
const STEP_PX = 240
const MERIDIANS_MAX = 64

interface Line {
  at: number
  text: string
}

/** The lines of one direction between two angles, with their figures. */
function linesOf(from: number, to: number, step: number, sides: [string, string]): { angle: number; text: string }[] {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.min(MERIDIANS_MAX, Math.max(0, Math.floor(to / step) - first + 1)) }, (_, i) => {
    const angle = (first + i) * step
    const shown = sides[0] === 'E' ? lonOf(mercatorX(angle)) : angle
    return { angle, text: `${Math.abs(shown).toFixed(digits)}${shown < 0 ? sides[1] : sides[0]}` }
  })
}

export function drawGrid(ctx: CanvasRenderingContext2D, view: { x: number; y: number; resolution: number; width: number; height: number }): void {
  const p = palette.peek()!
  const half_w = (view.width / 2) * view.resolution
  const half_h = (view.height / 2) * view.resolution
  const step = STEPS.find((it) => (it * WORLD) / 360 / view.resolution <= STEP_PX) ?? 0.0001
  const down: Line[] = linesOf(((view.x - half_w) / WORLD) * 360, ((view.x + half_w) / WORLD) * 360, step, ['E', 'W'])
    .map((it) => ({ at: Math.round((mercatorX(it.angle) - view.x) / view.resolution + view.width / 2) + 0.5, text: it.text }))
  const across: Line[] = linesOf(latOf(view.y - half_h), latOf(view.y + half_h), step, ['N', 'S'])
    .map((it) => ({ at: Math.round((view.y - mercatorY(it.angle)) / view.resolution + view.height / 2) + 0.5, text: it.text }))
  ctx.strokeStyle = p.grid
  ctx.lineWidth = 1
  ctx.beginPath()
  for (const { at } of down) {
    ctx.moveTo(at, 0)
    ctx.lineTo(at, view.height)
  }
  for (const { at } of across) {
    ctx.moveTo(0, at)
    ctx.lineTo(view.width, at)
  }
  ctx.stroke()
  ctx.font = `500 ${11 * scale}px "Noto Sans Variable", sans-serif`
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  const figure = (text: string, x: number, y: number) => {
    ctx.fillStyle = p.halo
    ctx.fillRect(x - 2, y - 7 * scale, ctx.measureText(text).width + 4, 14 * scale)
    ctx.fillStyle = p.label
    ctx.fillText(text, x, y)
  }
  // A figure stands on its line, at the top and at the left; the two never in the same corner.
  for (const { at, text } of down) figure(text, at - ctx.measureText(text).width / 2, 9 * scale)
  for (const { at, text } of across) if (at > 24 * scale) figure(text, 4, at)
}

/** Drawn into the canvas of the layers below, as each canvas of its own costs a PC without a GPU its frames. */
export function gridLayer(): Layer {
  const render = (frame: FrameState, target: HTMLElement | null): HTMLElement | null => {
    const canvas = target?.firstElementChild
    const ctx = canvas instanceof HTMLCanvasElement ? canvas.getContext('2d') : null
    if (!ctx) return target
    const [width, height] = frame.size as [number, number]
    const [x, y] = frame.viewState.center as [number, number]
    ctx.save()
    ctx.setTransform(frame.pixelRatio, 0, 0, frame.pixelRatio, 0, 0)
    drawGrid(ctx, { x, y, resolution: frame.viewState.resolution, width, height })
    ctx.restore()
    return target
  }
  return new Layer({ render: render as (frame: FrameState) => HTMLElement, zIndex: 20 })
}
