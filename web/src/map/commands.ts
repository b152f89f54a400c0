// What the rest of the page may ask of the map. It is null until the map's code has come.
import { signal } from '@preact/signals'
import type { MapInfo } from '../net/protocol'

export interface MapCommands {
  fit(): void
  zoom(step: number): void
  pan(right: number, down: number): void
  showUnit(uid: string): void
  showPlace(lat: number, lon: number): void
}

export const map_commands = signal<MapCommands | null>(null)
export const maps = signal<readonly MapInfo[]>([])
export const maps_error = signal('')
/** What the footer shows: the place under the pointer, or the middle of the map. */
export const pointer = signal<{ lat: number; lon: number } | null>(null)
/** Length and text of the scale bar. */
export const scale_bar = signal<{ px: number; text: string }>({ px: 0, text: '' })
