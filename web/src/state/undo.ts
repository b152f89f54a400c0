// What was just done and can still be taken back, for ten seconds. The record keeps both: taking back is an entry of
// its own that says the opposite, never an erasure.
import { signal } from '@preact/signals'

export const UNDO_MS = 10_000

export interface Undo {
  text: string
  run: () => void
}

export const undoable = signal<Undo | null>(null)
let timer = 0

/** `text` says what was done, in a sentence; `run` enters what says the opposite. A later one takes its place. */
export function offerUndo(text: string, run: () => void): void {
  clearTimeout(timer)
  undoable.value = { text, run }
  timer = window.setTimeout(() => { undoable.value = null }, UNDO_MS)
}

export function undo(): void {
  const it = undoable.peek()
  clearTimeout(timer)
  undoable.value = null
  it?.run()
}
