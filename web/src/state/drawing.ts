// A place, a line or an area that is being pointed out on the map, for a form that waits beside it.
import { signal } from '@preact/signals'
import type { Place } from '../base/place'
import { SHAPE_POINTS_MAX, closed } from '../base/place'
import { screen } from './view'

export type DrawnAs = 'place' | 'line' | 'area'

export interface Drawing {
  as: DrawnAs
  places: readonly Place[]
  done: (places: readonly Place[]) => void
}

export const drawing = signal<Drawing | null>(null)

export const enough: Record<DrawnAs, number> = { place: 1, line: 2, area: 3 }

export function startDrawing(as: DrawnAs, done: Drawing['done'], places: readonly Place[] = []): void {
  screen.value = 'map'
  drawing.value = { as, places, done }
}

export function addPlace(place: Place): void {
  const it = drawing.peek()
  if (!it || it.places.length >= SHAPE_POINTS_MAX) return
  drawing.value = { ...it, places: [...it.places, place] }
  if (it.as === 'place') finishDrawing()
}

export function undoPlace(): void {
  const it = drawing.peek()
  if (it) drawing.value = { ...it, places: it.places.slice(0, -1) }
}

export function finishDrawing(): void {
  const it = drawing.peek()
  if (!it || it.places.length < enough[it.as]) return
  drawing.value = null
  it.done(it.as === 'area' ? closed(it.places) : it.places)
}

export function stopDrawing(): void {
  drawing.value = null
}
