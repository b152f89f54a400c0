// What was asked for at a place of the map: its verbs are offered there (screens/mapmenu.tsx).
import { signal } from '@preact/signals'
import type { Place } from '../base/place'

export interface MapMenu {
  /** Pixels of the map. */
  at: readonly [number, number]
  place: Place
  unit: string | null
  entity: string | null
}

export const map_menu = signal<MapMenu | null>(null)

export function mapMenu(at: readonly [number, number], place: Place, unit: string | null, entity: string | null): void {
  map_menu.value = { at, place, unit, entity }
}
