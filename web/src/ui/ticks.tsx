// Canvases of the timeline: rows of ticks, and figures as steps. They are pictures of what the lists beside them say.
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { isGrave, tickRow, tick_rows } from '../base/timeline'
import type { Figures, Happened } from '../base/timeline'
import { theme } from '../state/prefs'

type Draw = (ctx: CanvasRenderingContext2D, width: number, height: number, colour: (name: string) => string) => void

/** A canvas as large as its box, drawn anew when the box, the theme or `draw` changes. */
function Picture(props: { draw: Draw; class: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { draw } = props
  const look = theme.value
  useLayoutEffect(() => {
    const it = canvas.current!
    const paint = () => {
      const ratio = window.devicePixelRatio || 1
      const { clientWidth: width, clientHeight: height } = it
      it.width = Math.round(width * ratio)
      it.height = Math.round(height * ratio)
      const ctx = it.getContext('2d')!
      const style = getComputedStyle(it)
      ctx.scale(ratio, ratio)
      draw(ctx, width, height, (name) => style.getPropertyValue(`--${name}`).trim())
    }
    paint()
    const observer = new ResizeObserver(paint)
    observer.observe(it)
    return () => observer.disconnect()
  }, [draw, look])
  return <canvas ref={canvas} class={props.class} aria-hidden="true" />
}

export function TickRows(props: { events: readonly Happened[]; from: number; to: number; timeOf: (event: Happened) => number }) {
  const { events, from, to, timeOf } = props
  const draw = useMemo((): Draw => (ctx, width, height, colour) => {
    const row_height = height / tick_rows.length
    tick_rows.forEach((_, i) => {
      ctx.fillStyle = colour('line')
      ctx.fillRect(0, Math.round((i + 1) * row_height) - 1, width, 1)
    })
    const place = new Map(tick_rows.map((row, i) => [row.id, i] as const))
    for (const event of events) {
      const row = tickRow(event.kind)
      const at = timeOf(event)
      if (at < from || at > to) continue
      const x = Math.round(((at - from) / (to - from)) * (width - 2))
      const strong = isGrave(event.kind)
      const inset = strong ? 3 : row_height * 0.28
      ctx.fillStyle = colour(strong ? 'crit' : row === 'rest' ? 't3' : 't2')
      ctx.fillRect(x, place.get(row)! * row_height + inset, strong ? 3 : 2, row_height - 2 * inset)
    }
  }, [events, from, to, timeOf])
  return <Picture draw={draw} class="ticks" />
}

/** Only what one looks for first: for the bar on every screen. */
const shown_in_bar: ReadonlySet<string> = new Set(['command', 'mayday', 'threat', 'said'])

export function TickLine(props: { events: readonly Happened[]; from: number; to: number }) {
  const { events, from, to } = props
  const draw = useMemo((): Draw => (ctx, width, height, colour) => {
    for (const event of events) {
      const strong = isGrave(event.kind)
      if (!strong && !shown_in_bar.has(tickRow(event.kind))) continue
      ctx.fillStyle = colour(strong ? 'crit' : 't2')
      const x = Math.round(((event.at - from) / (to - from)) * (width - 2))
      ctx.fillRect(x, strong ? 2 : height / 2, 2, strong ? height - 4 : height / 2 - 2)
    }
  }, [events, from, to])
  return <Picture draw={draw} class="ticks" />
}

interface Curve {
  lo: (it: Figures) => number | null
  /** The upper end of a range. */
  hi?: (it: Figures) => number | null
  most: number
}

/** Figures hold until the next one: steps, with the range as a band. What is not known has no line. */
export function Steps(props: { figures: readonly Figures[]; from: number; to: number; curve: Curve }) {
  const { figures, from, to, curve } = props
  const draw = useMemo((): Draw => (ctx, width, height, colour) => {
    const x = (at: number) => ((at - from) / (to - from)) * width
    const y = (value: number) => height - 3 - (value / Math.max(1, curve.most)) * (height - 8)
    figures.forEach((it, i) => {
      const lo = curve.lo(it)
      if (lo === null) return
      const left = x(it.at)
      const right = x(figures[i + 1]?.at ?? to)
      const hi = curve.hi?.(it) ?? lo
      if (hi > lo) {
        ctx.fillStyle = colour('line2')
        ctx.fillRect(left, y(hi), right - left + 1, y(lo) - y(hi))
      }
      ctx.fillStyle = colour('t1')
      ctx.fillRect(left, y(lo) - 1, right - left + 1, 2)
      const before = i > 0 ? curve.lo(figures[i - 1]!) : null
      if (before !== null && before !== lo) ctx.fillRect(left, Math.min(y(before), y(lo)) - 1, 1.5, Math.abs(y(before) - y(lo)) + 2)
    })
  }, [figures, from, to, curve])
  return <Picture draw={draw} class="steps" />
}
