// What the rest of the page may ask of the map. It is null until the map's code has come.
import { computed, signal } from '@preact/signals'
import type { MapInfo } from '../net/protocol'
import { hidden_maps, show_grid } from '../state/prefs'

export interface MapCommands {
  fit(): void
  zoom(step: number): void
  pan(right: number, down: number): void
  showUnit(uid: string): void
  showPlace(lat: number, lon: number): void
  /** By its key, "cordon/EX-inner". */
  showEntity(key: string): void
  /** Moves the chosen corner of a sketch; false: none is chosen. */
  nudge(right: number, down: number): boolean
  /** The verbs of the selected unit, or of the ground in the middle. */
  menuAtMiddle(): void
  /** What is seen now as one picture, with the grid. */
  picture(): Promise<HTMLCanvasElement>
}

export const map_commands = signal<MapCommands | null>(null)
export const maps = signal<readonly MapInfo[]>([])
export const maps_error = signal('')
export const grid_shown = computed(() =>
  show_grid.value === 'on' || (show_grid.value === 'auto' && maps.value.every((map) => hidden_maps.value.has(map.name))))

export function toggleGrid(): void {
  show_grid.value = grid_shown.value ? 'off' : 'on'
}

/** What the footer shows: the place under the pointer, or the middle of the map. */
export const pointer = signal<{ lat: number; lon: number } | null>(null)
/** Length and text of the scale bar. */
export const scale_bar = signal<{ px: number; text: string }>({ px: 0, text: '' })
