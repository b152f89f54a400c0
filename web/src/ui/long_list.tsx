// A list of any length, newest on top, of which only the rows in sight are in the document. Rows are as tall as they
// need: each is measured when it is drawn, the others are estimated, so that the scrollbar is right to within what
// nobody has looked at yet. Who has scrolled down stays at the row he reads, whatever comes on top; the row that has
// the focus stays in the document, also out of sight.
import type { JSX, RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Heights } from './heights'

const OVERSCAN = 6
/** Less than this from the top is at the top: what is new is then seen at once. */
const AT_TOP_PX = 8
const NEAR_END = 20

interface LongListProps<Item> {
  id: string
  label: string
  /** Oldest first. Rows are put behind or before; anything else is another list, with another `list`. */
  rows: readonly Item[]
  list: string
  keyOf: (item: Item) => string | number
  estimate_rem: number
  row: (item: Item) => JSX.Element
  onEnd?: () => void
  /** Brings a row to the top; a new object each time. */
  goto?: { row: number } | null
}

interface Place {
  row: number
  /** How far its top is above the upper edge. */
  offset: number
}

function remPx(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize)
}

/** Keeps heights and what is counted in rows in step with `rows`. */
function useHeights<Item>(props: LongListProps<Item>) {
  const heights = useRef<Heights | null>(null)
  const known = useRef({ list: '', first: null as string | number | null, estimate: 0 })
  const anchor = useRef<Place | null>(null)
  const focused = useRef<number | null>(null)
  const estimate = props.estimate_rem * remPx()
  heights.current ??= new Heights(estimate)
  const it = heights.current
  const first = props.rows.length > 0 ? props.keyOf(props.rows[0]!) : null
  const anew = () => {
    it.clear(estimate)
    anchor.current = focused.current = null
  }
  if (known.current.list !== props.list || known.current.estimate !== estimate || props.rows.length < it.length) anew()
  else if (it.length > 0 && known.current.first !== first) {
    const before = props.rows.findIndex((item) => props.keyOf(item) === known.current.first)
    if (before > 0) {
      it.prepend(before)
      if (anchor.current) anchor.current.row += before
      if (focused.current !== null) focused.current += before
    } else anew()
  }
  it.resize(props.rows.length)
  known.current = { list: props.list, first, estimate }
  return { it, anchor, focused }
}

/** The rows in sight, counted from the oldest: from `low` to `high`. */
function inSight(it: Heights, box: HTMLElement | null): { low: number; high: number } {
  const top = box?.scrollTop ?? 0
  const height = box?.clientHeight ?? 900
  const high = Math.min(it.length - 1, it.fit(it.total - top) + OVERSCAN)
  const low = Math.max(0, it.fit(Math.max(0, it.total - top - height)) - OVERSCAN)
  return { low, high }
}

/** Measures the rows that are drawn and keeps the reader at his row; what comes back draws the list again. */
function useMeasured<Item>(props: LongListProps<Item>, list: ReturnType<typeof useHeights<Item>>, box: RefObject<HTMLDivElement | null>) {
  const { it, anchor } = list
  const width = useRef(0)
  const [, again] = useState(0)
  const redraw = () => again((n) => n + 1)
  const topOf = (row: number) => it.total - it.sum(row + 1)
  const hold = () => {
    const at = anchor.current
    if (!at) return
    const wanted = topOf(at.row) + at.offset
    if (Math.abs(box.current!.scrollTop - wanted) > 1) box.current!.scrollTop = wanted
  }
  useLayoutEffect(() => {
    let changed = false
    for (const row of box.current!.querySelectorAll<HTMLElement>('li[data-row]')) changed = it.set(Number(row.dataset['row']), row.offsetHeight) || changed
    hold()
    if (changed) redraw()
  })
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      const now = box.current!.clientWidth
      // Another width breaks lines elsewhere: what was measured holds no more.
      if (width.current !== 0 && Math.abs(width.current - now) > 1) it.clear(props.estimate_rem * remPx())
      width.current = now
      redraw()
    })
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (!props.goto || it.length === 0) return
    anchor.current = { row: Math.max(0, Math.min(it.length - 1, props.goto.row)), offset: 0 }
    hold()
    redraw()
  }, [props.goto])
  return { redraw, topOf }
}

/** The rows that are drawn, newest first: those in sight, and the one that has the focus with those to which a key goes
 * from there. */
function rowsToDraw(shown: { low: number; high: number }, focused: number | null, length: number): number[] {
  const near = focused === null ? [] : [focused + 1, focused, focused - 1].filter((row) => row >= 0 && row < length)
  const seen: number[] = []
  for (let row = shown.high; row >= shown.low; row--) seen.push(row)
  return [...near.filter((row) => row > shown.high), ...seen, ...near.filter((row) => row < shown.low)]
}

export function LongList<Item>(props: LongListProps<Item>) {
  const box = useRef<HTMLDivElement>(null)
  const list = useHeights(props)
  const { it, anchor, focused } = list
  const { redraw, topOf } = useMeasured(props, list, box)
  const shown = inSight(it, box.current)
  const remember = () => {
    const edge = box.current!.scrollTop
    if (edge <= AT_TOP_PX || it.length === 0) {
      anchor.current = null
      return
    }
    const row = Math.min(it.length - 1, it.fit(it.total - edge))
    anchor.current = { row, offset: edge - topOf(row) }
  }
  const onScroll = () => {
    remember()
    const now = inSight(it, box.current)
    if (now.low !== shown.low || now.high !== shown.high) redraw()
    if (now.low <= NEAR_END) props.onEnd?.()
  }
  const onFocusIn = (event: FocusEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('li[data-row]')
    focused.current = row ? Number(row.dataset['row']) : null
  }
  return (
    <div
      class="windowed long" id={props.id} ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label={props.label} data-walk
      onFocusIn={onFocusIn} onFocusOut={() => { focused.current = null }}
    >
      <ul style={{ height: `${it.total}px` }}>
        {rowsToDraw(shown, focused.current, it.length).map((row) => {
          const item = props.rows[row]!
          return (
            <li key={props.keyOf(item)} data-row={row} style={{ top: `${topOf(row)}px` }} aria-setsize={it.length} aria-posinset={it.length - row}>
              {props.row(item)}
            </li>
          )
        })}
      </ul>
    </div>
  )
}
