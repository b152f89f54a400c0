// What the search asked a board to show: it is shown once, and then the board is left to its reader.
import { useLayoutEffect } from 'preact/hooks'
import { shown_item } from '../state/view'

/** Calls `show` with the id when one of `kind` is asked for. */
export function useShownItem(kind: string, show: (id: string) => void): void {
  const wanted = shown_item.value.startsWith(kind + '/') ? shown_item.value.slice(kind.length + 1) : ''
  useLayoutEffect(() => {
    if (wanted === '') return
    show(wanted)
    shown_item.value = ''
  }, [wanted])
}

/** Brings a row of a board into sight and gives it the focus, once it is drawn. */
export function pointOut(selector: string): void {
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>(selector)
    if (!row) return
    // Of what is tall the head is seen first.
    row.scrollIntoView({ block: row.offsetHeight > innerHeight / 2 ? 'start' : 'center' })
    row.focus({ preventScroll: true })
  })
}
