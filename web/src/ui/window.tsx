// Shows only the rows that are in sight of a long list. All rows have one height, `row_rem`.
import type { JSX } from 'preact'
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

/** Follows `box`: which of `count` rows are in sight, and when the end is near. */
export function useWindow(
  count: number, row_rem: number, head_rem: number, onEnd?: () => void,
): { box: { current: HTMLDivElement | null }; shown: Windowed; onScroll: () => void } {
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
    if (onEnd && last >= count) onEnd()
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

interface ListProps<Item> {
  items: readonly Item[]
  row_rem: number
  label: string
  id?: string
  row: (item: Item, index: number) => JSX.Element
  onEnd?: () => void
}

/** A list of rows newest on top. Someone who has scrolled down stays at the row he reads. */
export function WindowedList<Item>(props: ListProps<Item> & { keyOf: (item: Item) => string | number }) {
  const { box, shown, onScroll } = useWindow(props.items.length, props.row_rem, 0, props.onEnd)
  const anchor = useRef<string | number | null>(null)
  const first_key = props.items.length > 0 ? props.keyOf(props.items[0]!) : null
  useLayoutEffect(() => {
    const it = box.current
    if (it && anchor.current !== null && it.scrollTop > shown.row_px) {
      const added = props.items.findIndex((item) => props.keyOf(item) === anchor.current)
      if (added > 0) it.scrollTop += added * shown.row_px
    }
    anchor.current = first_key
  }, [first_key])
  const rows: JSX.Element[] = []
  for (let i = shown.first; i < shown.last; i++) {
    const item = props.items[i]!
    rows.push(
      <li key={props.keyOf(item)} style={{ top: `${i * shown.row_px}px`, height: `${shown.row_px}px` }} aria-setsize={props.items.length} aria-posinset={i + 1}>
        {props.row(item, i)}
      </li>,
    )
  }
  return (
    <div class="windowed" id={props.id} ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label={props.label}>
      <ul style={{ height: `${props.items.length * shown.row_px}px` }}>{rows}</ul>
    </div>
  )
}
