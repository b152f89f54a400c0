// What this browser remembers for its operator. The address may override: ?theme= ?lang= ?scale= ?kiosk
import { effect, signal } from '@preact/signals'
import { recipient } from './view'

const asked = new URLSearchParams(location.search)

function kept<T extends string>(name: string, values: readonly T[], fallback: T) {
  const valid = (value: string | null): value is T => values.includes(value as T)
  const from_address = asked.get(name)
  let stored: string | null = null
  try {
    stored = localStorage.getItem('cordon.' + name)
  } catch {
    // Storage switched off: the page forgets, nothing else.
  }
  const it = signal<T>(valid(from_address) ? from_address : valid(stored) ? stored : fallback)
  let first = true
  effect(() => {
    const value = it.value
    if (first) {
      first = false
      return
    }
    try {
      localStorage.setItem('cordon.' + name, value)
    } catch {
      // See above.
    }
  })
  return it
}

export const themes = ['dark', 'light', 'red'] as const
export const theme = kept('theme', themes, 'dark')
export const show_labels = kept('labels', ['on', 'off'] as const, 'on')
/** 'auto': only where no map covers the ground. */
export const show_grid = kept('grid', ['auto', 'on', 'off'] as const, 'auto')
/** Cordons, closures, zones, points and hazards of the record. */
export const show_incident = kept('incident', ['on', 'off'] as const, 'on')
export const dim_map = kept('dim', ['on', 'off'] as const, 'off')
/** Whom the composer writes to: at first the log, which calls nobody. A single unit is not remembered. */
const kept_recipient = kept('recipient', ['all', 'log'] as const, 'log')
/** Floors: all storeys as strips, or the plan of the chosen one. */
export const floors_as = kept('floors', ['strips', 'plan'] as const, 'strips')
/** Degrees with MGRS, or degrees and minutes with UTM. */
export const coordinates = kept('coordinates', ['degrees', 'minutes'] as const, 'degrees')
export const hidden_maps = signal<ReadonlySet<string>>(new Set())

export const kiosk = asked.has('kiosk')
export const scale = Math.min(3, Math.max(0.7, Number(asked.get('scale')) || 1))
export const asked_lang = asked.get('lang')
/** Too narrow, at its scale, for a panel over the map. */
const NARROW_PX = 1150
/** The storeys over the map: all of it, or a key for each floor. */
export const stack_open = kept('stack', ['on', 'off'] as const, (globalThis.innerWidth ?? NARROW_PX * scale) / scale < NARROW_PX ? 'off' : 'on')

/** Puts scale and theme on the document. Through the CSSOM, as the CSP allows no inline style. */
export function startPrefs(): void {
  // Who wrote to the log before the page was loaded again does not call all phones by mistake.
  recipient.value = kept_recipient.peek()
  effect(() => { if (recipient.value === 'all' || recipient.value === 'log') kept_recipient.value = recipient.value })
  const root = document.documentElement
  if (scale !== 1) {
    root.style.fontSize = `${62.5 * scale}%`
    // Before the page asks how much room it has: Chromium would go on answering in the old rem.
    void getComputedStyle(root).fontSize
  }
  root.classList.add('scaled')
  effect(() => {
    root.dataset.theme = theme.value
  })
  root.classList.toggle('kiosk', kiosk)
}

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
}
