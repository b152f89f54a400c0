// Everything that a key or the palette can do. Letters are bound by their place on the keyboard
// (KeyboardEvent.code), so that they work while an Urdu layout is active. Off inside inputs.
import { withCode } from '../base/code'
import type { Key } from '../base/i18n'
import { attention } from '../state/attention'
import { silenceSound } from '../state/alarm_sound'
import { dim_map, nextTheme, show_labels } from '../state/prefs'
import { chooseZone, floorAt, marked_zones, stepFloor, zone_id } from '../state/floor'
import { entity, incident_id } from '../state/incident'
import { askPast, asking, backToNow, past_at, playOrPause, scrub_keys, stepEvent } from '../state/past'
import { addPlace, chooseCorner, drawing, finishDrawing, insertCorner, measured, stepCorner, stopDrawing, stopMeasure, toggleMeasure, undoPlace } from '../state/drawing'
import { whyNot } from '../state/rights'
import type { Writes } from '../state/rights'
import { startVoice } from '../state/roll'
import { undo } from '../state/undo'
import { addressTo } from '../state/recipient'
import { beginSlash, centre, dialog, endSlash, following, people_tab, screen, select, selectEntity, selected, selected_entity, slash, write, writing } from '../state/view'
import type { Screen } from '../state/view'
import { map_commands, toggleGrid } from '../map/commands'
import { printPage } from '../ui/print'
import { decide } from './decisions'

export interface Action {
  id: string
  /** What the key sheet and the palette call it. */
  name: Key
  /** KeyboardEvent.code, with Shift+ or Ctrl+ before it; the first one is shown. */
  codes: string[]
  /** How the key is printed. */
  shown: string
  group: 'screens' | 'decide' | 'map' | 'general'
  run: () => void
  /** What it writes: the palette offers it to who may, while it can be written. */
  writes?: Writes
  /** Also inside inputs. */
  always?: boolean
}

function go(to: Screen): void {
  screen.value = to
}

/** The roll call is the first part of People. */
function openRoll(): void {
  people_tab.value = 'roll'
  go('people')
}

function toggle(it: { value: 'on' | 'off' }): void {
  it.value = it.value === 'on' ? 'off' : 'on'
}

export function focusComposer(): void {
  document.querySelector<HTMLElement>('#composer-text')?.focus()
}

/** The list of kinds of entries, by the composer. */
export function startSlash(): void {
  if (whyNot('writes') !== '') return
  writing.value = null
  beginSlash()
  focusComposer()
}

function decideTop(): void {
  if (whyNot('writes') !== '') return
  const top = attention.peek().find((item) => item.level !== 'calm')
  if (top) decide(top)
}

export function writeTo(uid: string): void {
  addressTo(uid)
  focusComposer()
}

/** J and K walk through the list that has the focus, or the items that need a decision. */
function walk(step: 1 | -1): void {
  const list = document.activeElement?.closest('[data-walk]') ?? document.querySelector('[data-walk]')
  const stops = [...(list?.querySelectorAll<HTMLElement>('[data-stop]') ?? [])]
  const at = stops.findIndex((stop) => stop.contains(document.activeElement))
  stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus()
}

/** The map is a sheet of its own; the other screens are printed as they are. */
function printScreen(): void {
  if (screen.peek() === 'map') void withCode(() => import('../screens/mapprint'), ({ printMap }) => printMap())
  else void printPage()
}

/** First the corner that the arrows have, then all of it. */
function leaveDrawing(): void {
  if (drawing.peek()!.at >= 0) chooseCorner(-1)
  else if (drawing.peek()!.as === 'measure') stopMeasure()
  else stopDrawing()
}

/** The shape of what is chosen on the map is changed. */
function changeShape(): void {
  const [kind = '', ...rest] = (selected_entity.peek() ?? '').split('/')
  const it = entity(kind, rest.join('/'))
  if (it && !drawing.peek()) void withCode(() => import('../screens/shaping'), ({ editShape }) => editShape(it))
}

function back(): void {
  if (dialog.value) dialog.value = null
  else if (drawing.value) leaveDrawing()
  else if (document.activeElement instanceof HTMLElement && document.activeElement.matches('input, textarea, select')) {
    document.activeElement.blur()
    if (asking.value && past_at.value === null) backToNow()
  } else if (writing.value || slash.value !== null) {
    writing.value = null
    endSlash()
  } else if (measured.value.length > 0 && screen.value === 'map') stopMeasure()
  else if (asking.value || past_at.value !== null) backToNow()
  else if (selected.value) select(null)
  else if (selected_entity.value) selectEntity(null)
  else if (screen.value === 'floors' && (zone_id.value || marked_zones.value.size > 0)) chooseZone('')
  else if (screen.value !== 'map') go('map')
}

const onMap = (run: (map: NonNullable<typeof map_commands.value>) => unknown) => () => {
  const map = map_commands.value
  if (map && screen.value === 'map') run(map)
}

/** Keys of the replay, where it is shown. */
const inPast = (run: () => void) => () => {
  if (asking.value) run()
}

export const actions: Action[] = [
  { id: 'map', name: 'nav.map', codes: ['Digit1', 'Numpad1'], shown: '1', group: 'screens', run: () => go('map') },
  { id: 'floors', name: 'nav.floors', codes: ['Digit2', 'Numpad2'], shown: '2', group: 'screens', run: () => go('floors') },
  { id: 'log', name: 'nav.log', codes: ['Digit3', 'Numpad3'], shown: '3', group: 'screens', run: () => go('log') },
  { id: 'people', name: 'nav.people', codes: ['Digit4', 'Numpad4'], shown: '4', group: 'screens', run: () => go('people') },
  { id: 'casualties', name: 'nav.casualties', codes: ['Digit5', 'Numpad5'], shown: '5', group: 'screens', run: () => go('casualties') },
  { id: 'tasks', name: 'nav.tasks', codes: ['Digit6', 'Numpad6'], shown: '6', group: 'screens', run: () => go('tasks') },
  { id: 'statements', name: 'nav.statements', codes: ['Digit7', 'Numpad7'], shown: '7', group: 'screens', run: () => go('statements') },
  { id: 'replay', name: 'nav.replay', codes: ['Digit8', 'Numpad8'], shown: '8', group: 'screens', run: () => go('replay') },
  { id: 'par', name: 'nav.par', codes: ['KeyP'], shown: 'P', group: 'screens', run: openRoll },
  { id: 'points', name: 'nav.points', codes: ['KeyO'], shown: 'O', group: 'screens', run: () => go('points') },
  { id: 'admin', name: 'nav.admin', codes: ['Digit9', 'Numpad9'], shown: '9', group: 'screens', run: () => go('admin') },
  { id: 'voice', name: 'roll.voice', codes: ['KeyV'], shown: 'V', group: 'decide', writes: 'par.acked', run: () => { openRoll(); startVoice() } },
  { id: 'acknowledge', name: 'act.acknowledge_top', codes: ['KeyA'], shown: 'A', group: 'decide', writes: 'writes', run: decideTop },
  { id: 'silence', name: 'act.silence', codes: ['KeyS'], shown: 'S', group: 'decide', run: silenceSound },
  { id: 'next', name: 'act.next', codes: ['KeyJ'], shown: 'J', group: 'decide', run: () => walk(1) },
  { id: 'previous', name: 'act.previous', codes: ['KeyK'], shown: 'K', group: 'decide', run: () => walk(-1) },
  { id: 'write', name: 'act.write', codes: ['KeyN'], shown: 'N', group: 'decide', writes: 'writes', run: focusComposer },
  { id: 'enter', name: 'act.enter', codes: ['Slash'], shown: '/', group: 'decide', writes: 'writes', run: startSlash },
  { id: 'undo', name: 'act.undo', codes: ['KeyZ', 'Ctrl+KeyZ'], shown: 'Z', group: 'decide', writes: 'writes', run: undo },
  { id: 'incident', name: 'open.title', codes: ['KeyI'], shown: 'I', group: 'decide', writes: 'incident.opened', run: () => write('incident.opened') },
  {
    id: 'call', name: 'act.call', codes: ['KeyC'], shown: 'C', group: 'decide', writes: 'writes',
    run: () => { if (selected.value) writeTo(selected.value) },
  },
  { id: 'floor_down', name: 'act.floor_down', codes: ['BracketLeft'], shown: '[', group: 'map', run: () => stepFloor(-1) },
  { id: 'floor_up', name: 'act.floor_up', codes: ['BracketRight'], shown: ']', group: 'map', run: () => stepFloor(1) },
  ...[0, 1, 2, 3, 4].map((n): Action => ({
    id: `floor_${n}`, name: `act.floor_${n as 0 | 1 | 2 | 3 | 4}`, codes: [`Shift+Digit${n + 1}`], shown: `Shift ${n + 1}`, group: 'map', run: () => floorAt(n),
  })),
  { id: 'follow', name: 'act.follow', codes: ['KeyF'], shown: 'F', group: 'map', run: () => { if (selected.value) following.value = !following.value } },
  { id: 'fit', name: 'act.fit', codes: ['Home'], shown: 'Home', group: 'map', run: onMap((map) => map.fit()) },
  { id: 'zoom_in', name: 'act.zoom_in', codes: ['Equal', 'Shift+Equal', 'NumpadAdd'], shown: '+', group: 'map', run: onMap((map) => map.zoom(1)) },
  { id: 'zoom_out', name: 'act.zoom_out', codes: ['Minus', 'NumpadSubtract'], shown: '−', group: 'map', run: onMap((map) => map.zoom(-1)) },
  { id: 'left', name: 'act.pan_left', codes: ['ArrowLeft'], shown: '←', group: 'map', run: onMap((map) => map.nudge(-1, 0) || map.pan(-1, 0)) },
  { id: 'right', name: 'act.pan_right', codes: ['ArrowRight'], shown: '→', group: 'map', run: onMap((map) => map.nudge(1, 0) || map.pan(1, 0)) },
  { id: 'up', name: 'act.pan_up', codes: ['ArrowUp'], shown: '↑', group: 'map', run: onMap((map) => map.nudge(0, -1) || map.pan(0, -1)) },
  { id: 'down', name: 'act.pan_down', codes: ['ArrowDown'], shown: '↓', group: 'map', run: onMap((map) => map.nudge(0, 1) || map.pan(0, 1)) },
  { id: 'draw', name: 'act.draw', codes: ['KeyD', 'ContextMenu', 'Shift+F10'], shown: 'D', group: 'map', run: onMap((map) => map.menuAtMiddle()) },
  { id: 'shape', name: 'place.shape', codes: ['KeyE'], shown: 'E', group: 'map', writes: 'writes', run: changeShape },
  { id: 'measure', name: 'act.measure', codes: ['KeyX'], shown: 'X', group: 'map', run: onMap(toggleMeasure) },
  { id: 'labels', name: 'act.labels', codes: ['KeyL'], shown: 'L', group: 'map', run: () => toggle(show_labels) },
  { id: 'grid', name: 'act.grid', codes: ['KeyG'], shown: 'G', group: 'map', run: toggleGrid },
  { id: 'dim', name: 'act.dim', codes: ['KeyM'], shown: 'M', group: 'map', run: () => toggle(dim_map) },
  { id: 'layers', name: 'act.layers', codes: ['KeyY'], shown: 'Y', group: 'map', run: () => { dialog.value = 'layers' } },
  { id: 'theme', name: 'act.theme', codes: ['KeyT'], shown: 'T', group: 'general', run: nextTheme },
  { id: 'play', name: 'past.play', codes: ['Space'], shown: 'Space', group: 'general', run: inPast(playOrPause) },
  { id: 'event_before', name: 'past.event_before', codes: ['Comma'], shown: ',', group: 'general', run: inPast(() => stepEvent(-1)) },
  { id: 'event_next', name: 'past.event_next', codes: ['Period'], shown: '.', group: 'general', run: inPast(() => stepEvent(1)) },
  { id: 'past', name: 'past.title', codes: ['KeyR'], shown: 'R', group: 'general', run: () => { if (incident_id.value !== '') askPast() } },
  { id: 'find', name: 'act.find', codes: ['Ctrl+KeyK'], shown: 'Ctrl K', group: 'general', always: true, run: () => { dialog.value = 'find' } },
  { id: 'print', name: 'act.print', codes: ['Ctrl+KeyP'], shown: 'Ctrl P', group: 'general', always: true, run: printScreen },
  { id: 'keys', name: 'act.keys', codes: ['Shift+Slash'], shown: '?', group: 'general', run: () => { dialog.value = 'keys' } },
  { id: 'back', name: 'act.back', codes: ['Escape'], shown: 'Esc', group: 'general', always: true, run: back },
]

const by_code = new Map(actions.flatMap((action) => action.codes.map((code) => [code, action] as const)))

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')
}

/** While something is pointed out on the map these keys are for that. */
const drawing_keys: Record<string, () => void> = {
  Space: () => { if (centre.peek()) addPlace(centre.peek()!) },
  Backspace: undoPlace,
  Delete: undoPlace,
  Enter: finishDrawing,
  KeyJ: () => stepCorner(1),
  KeyK: () => stepCorner(-1),
  Insert: () => insertCorner(Math.max(0, drawing.peek()!.at)),
}
/** A button that has the focus is pressed by these. */
const presses = new Set(['Space', 'Enter'])

function onKey(event: KeyboardEvent): void {
  const draw = drawing.peek() && screen.peek() === 'map' ? drawing_keys[event.code] : undefined
  const pressed = event.target instanceof HTMLButtonElement && presses.has(event.code)
  if (draw && !typing(event.target) && !pressed && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    draw()
    return
  }
  if (event.altKey || event.isComposing || event.defaultPrevented) return
  const control = event.ctrlKey || event.metaKey
  const code = (control ? 'Ctrl+' : '') + (event.shiftKey ? 'Shift+' : '') + event.code
  const scrub = asking.peek() && screen.peek() === 'replay' ? scrub_keys[code] : undefined
  if (scrub && !typing(event.target) && !(event.target as Element).closest('[role=region]')) {
    event.preventDefault()
    scrub()
    return
  }
  const action = by_code.get(code)
  if (!action) return
  if (!action.always && typing(event.target)) return
  // A button that has the focus is pressed by Space, and a box is ticked.
  if (event.code === 'Space' && event.target instanceof HTMLElement && event.target.closest('button, summary, input, [role=option]')) return
  // In a dialog only Escape and the palette work, and the dialog itself handles Escape.
  if (dialog.value && action.id !== 'find') return
  // One of a screen's own is not left by another's key either.
  if (!dialog.value && document.querySelector('dialog[open]')) return
  // A scrollable list keeps its arrows.
  if (event.code.startsWith('Arrow') && event.target instanceof HTMLElement && event.target.closest('[role=region]')) return
  event.preventDefault()
  if (event.repeat && action.group !== 'map') return
  action.run()
}

export function startKeys(): () => void {
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}
