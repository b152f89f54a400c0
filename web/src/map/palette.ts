// The theme's colours for the canvas: read from the CSS tokens, once per theme.
import { signal } from '@preact/signals'

const names = {
  sea: '--m-sea', land: '--m-land', border: '--m-border', street: '--m-street', major: '--m-major', trunk: '--m-trunk',
  building: '--m-bld', building_line: '--m-bldl', line: '--m-line', main: '--m-main', label: '--m-label',
  green: '--m-green', water: '--m-water',
  unit_fill: '--u-fill', unit_ink: '--u-ink', unit_line: '--u-line', halo: '--u-halo', silent: '--u-silent', silent_bg: '--u-silent-bg',
  grid: '--m-border', night: '--night', text: '--t1', dim_text: '--t2', crit: '--crit', crit_bg: '--crit-bg', crit_ink: '--crit-ink', warn: '--warn', sel: '--sel', bg: '--bg1',
} as const

export type Palette = Record<keyof typeof names, string>

export const palette = signal<Palette | null>(null)

export function readPalette(): void {
  const style = getComputedStyle(document.documentElement)
  const read = Object.entries(names).map(([key, name]) => [key, style.getPropertyValue(name).trim()])
  palette.value = Object.fromEntries(read) as Palette
}

/** The phones' team colours. Shown as a thin bar, never as the fill. */
export const team_colours: Record<string, string> = {
  white: '#f2f2f2', yellow: '#e6d200', orange: '#e67e00', magenta: '#d800d8', red: '#d81e1e', maroon: '#8a1030',
  purple: '#8b2fc9', 'dark blue': '#1f3fae', blue: '#2f6fe0', cyan: '#00b8d4', teal: '#008c8c', green: '#2e9e3f',
  'dark green': '#1d6b2c', brown: '#8a5a2b',
}
