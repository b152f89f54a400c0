// A place, a line, an area or a circle that is being pointed out on the map, for a form that waits beside it; the shape
// of something that stands, while it is changed; and what is measured. One at a time.
//
//   none --startDrawing--> drawing --finishDrawing--> done(places), none
//                             | addPlace, undoPlace, moveCorner, insertCorner: by pointer or by keys
//                             +--stopDrawing--> none
import { signal } from '@preact/signals'
import { circleOf, distance } from '../base/measure'
import type { Place } from '../base/place'
import { SHAPE_POINTS_MAX, closed } from '../base/place'
import { screen } from './view'

export type DrawnAs = 'place' | 'line' | 'area' | 'circle' | 'measure'

export interface Drawing {
  as: DrawnAs
  places: readonly Place[]
  done: (places: readonly Place[]) => void
  /** The corner that the arrows move; -1: none, they move the map. */
  at: number
  /** What is changed by it, as one calls it; '' when it is something new. */
  name: string
}

export const drawing = signal<Drawing | null>(null)
/** What was measured stays until Escape. It is not on the record. */
export const measured = signal<readonly Place[]>([])

export const enough: Record<DrawnAs, number> = { place: 1, line: 2, area: 3, circle: 2, measure: 2 }
const most: Record<DrawnAs, number> = { place: 1, line: SHAPE_POINTS_MAX, area: SHAPE_POINTS_MAX - 1, circle: 2, measure: SHAPE_POINTS_MAX }

export function startDrawing(as: DrawnAs, done: Drawing['done'], places: readonly Place[] = [], name = ''): void {
  screen.value = 'map'
  drawing.value = { as, places, done, at: -1, name }
}

export function addPlace(place: Place): void {
  const it = drawing.peek()
  if (!it) return
  // The rim of a circle is pointed out again and again, until it is right.
  const kept = it.as === 'circle' ? it.places.slice(0, 1) : it.places
  if (kept.length >= most[it.as]) return
  drawing.value = { ...it, places: [...kept, place], at: -1 }
  if (it.as === 'place') finishDrawing()
}

/** Takes the chosen corner away, else the last one. */
export function undoPlace(): void {
  const it = drawing.peek()
  if (!it) return
  const gone = it.at < 0 ? it.places.length - 1 : it.at
  const places = it.places.filter((_, i) => i !== gone)
  drawing.value = { ...it, places, at: it.at < 0 ? -1 : Math.min(it.at, places.length - 1) }
}

export function chooseCorner(at: number): void {
  const it = drawing.peek()
  if (it && it.at !== at) drawing.value = { ...it, at }
}

/** The next corner or the one before, round and round. */
export function stepCorner(step: 1 | -1): void {
  const it = drawing.peek()
  if (!it || it.places.length === 0) return
  const n = it.places.length
  chooseCorner(it.at < 0 ? (step > 0 ? 0 : n - 1) : (it.at + step + n) % n)
}

export function moveCorner(at: number, place: Place): void {
  const it = drawing.peek()
  if (!it || !it.places[at]) return
  const moved = it.places.map((one, i) => (i === at ? place : one))
  // A circle goes with its centre.
  if (it.as === 'circle' && at === 0 && moved[1]) {
    moved[1] = { lat: moved[1].lat + place.lat - it.places[0]!.lat, lon: moved[1].lon + place.lon - it.places[0]!.lon }
  }
  drawing.value = { ...it, places: moved }
}

/** A corner in the middle of what follows the corner `at`, and chosen. */
export function insertCorner(at: number): void {
  const it = drawing.peek()
  const before = it?.places[at]
  const next = it?.places[at + 1] ?? (it?.as === 'area' ? it.places[0] : undefined)
  if (!it || !before || !next || it.places.length >= most[it.as]) return
  const between = { lat: (before.lat + next.lat) / 2, lon: (before.lon + next.lon) / 2 }
  drawing.value = { ...it, places: [...it.places.slice(0, at + 1), between, ...it.places.slice(at + 1)], at: at + 1 }
}

/** The corners of the shape that there would be now, without the one that closes it. */
export function cornersOf(it: Drawing): readonly Place[] {
  const [centre, rim] = it.places
  return it.as === 'circle' && centre && rim ? circleOf(centre, distance(centre, rim)) : it.places
}

export function finishDrawing(): void {
  const it = drawing.peek()
  if (!it || it.places.length < enough[it.as]) return
  drawing.value = null
  const corners = cornersOf(it)
  it.done(it.as === 'area' || it.as === 'circle' ? closed(corners) : corners)
}

export function stopDrawing(): void {
  drawing.value = null
}

/** Measures on, from what was measured before; again: that was all. */
export function toggleMeasure(): void {
  if (drawing.peek()?.as === 'measure') stopMeasure()
  else startDrawing('measure', (places) => { measured.value = places }, measured.peek())
}

export function stopMeasure(): void {
  if (drawing.peek()?.as === 'measure') drawing.value = null
  measured.value = []
}
