// Shows only the rows that are in sight of a table. All rows have one height, `row_rem`.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const OVERSCAN = 4

function remPx(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize)
}

export interface Windowed {
  first: number
  last: number
  row_px: number
}

/** Follows `box`: which of `count` rows are in sight. */
export function useWindow(count: number, row_rem: number, head_rem: number): { box: { current: HTMLDivElement | null }; shown: Windowed; onScroll: () => void } {
  const box = useRef<HTMLDivElement>(null)
  const row_px = row_rem * remPx()
  const [shown, setShown] = useState<Windowed>({ first: 0, last: 40, row_px })
  const measure = () => {
    const it = box.current
    if (!it) return
    const top = Math.max(0, it.scrollTop - head_rem * remPx())
    const first = Math.max(0, Math.floor(top / row_px) - OVERSCAN)
    const last = Math.ceil((top + it.clientHeight) / row_px) + OVERSCAN
    if (first !== shown.first || last !== shown.last || row_px !== shown.row_px) setShown({ first, last, row_px })
  }
  useLayoutEffect(() => {
    measure()
    const observer = new ResizeObserver(measure)
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [count])
  const first = Math.min(shown.first, Math.max(0, count - 1))
  return { box, shown: { first, last: Math.min(shown.last, count), row_px }, onScroll: measure }
}
