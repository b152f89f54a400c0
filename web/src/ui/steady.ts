// Nothing moves under the pointer: rows keep their places while somebody points at them or has the focus in them;
// what is new goes below, what is gone leaves. When pointer and focus have left, the list is in its own order again.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** `rows` in the places that were shown before; those without one below, in their own order. */
export function inPlace<Row>(rows: readonly Row[], keyOf: (row: Row) => string | number, places: ReadonlyMap<string | number, number>): Row[] {
  const place = (row: Row) => places.get(keyOf(row)) ?? Number.MAX_SAFE_INTEGER
  return [...rows].sort((a, b) => place(a) - place(b))
}

export function useSteady<Row>(rows: readonly Row[], keyOf: (row: Row) => string | number) {
  const places = useRef(new Map<string | number, number>())
  const held = useRef({ pointer: false, focus: false })
  const [, again] = useState(0)
  const list = held.current.pointer || held.current.focus ? inPlace(rows, keyOf, places.current) : [...rows]
  places.current = new Map(list.map((row, i) => [keyOf(row), i]))
  const let_go = (what: 'pointer' | 'focus') => () => {
    held.current[what] = false
    again((n) => n + 1)
  }
  return {
    list,
    hold: {
      onPointerEnter: () => { held.current.pointer = true },
      onPointerLeave: let_go('pointer'),
      onFocusIn: () => { held.current.focus = true },
      onFocusOut: let_go('focus'),
    },
  }
}

/** The focus goes to the next stop of a list when the row that had it is gone, instead of being lost. */
export function useKeptFocus<Box extends HTMLElement>() {
  const box = useRef<Box>(null)
  const last = useRef<{ stop: HTMLElement; at: number } | null>(null)
  const stops = () => [...(box.current?.querySelectorAll<HTMLElement>('[data-stop]') ?? [])]
  useLayoutEffect(() => {
    const before = last.current
    if (!before || before.stop.isConnected) return
    last.current = null
    if (document.activeElement !== document.body) return
    const list = stops()
    list[Math.min(before.at, list.length - 1)]?.focus()
  })
  return {
    box,
    onFocusIn: (event: FocusEvent) => {
      const list = stops()
      const at = list.findIndex((stop) => stop === event.target)
      last.current = at < 0 ? null : { stop: list[at]!, at }
    },
    onFocusOut: (event: FocusEvent) => {
      // A row that is taken away loses the focus to nobody; then it is still known.
      if (event.relatedTarget) last.current = null
    },
  }
}
