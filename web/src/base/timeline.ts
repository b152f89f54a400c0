// What happened when, as a line that is looked along: events in the order of the record, figures over time. Pure.

export interface Happened {
  seq: number
  /** When it was recorded: what counts for what was known. */
  at: number
  /** When it was seen; 0: not said. */
  observed: number
  kind: string
}

export interface Figures {
  at: number
  inside: number | null
  killed_lo: number | null
  killed_hi: number | null
  zones: number | null
  threat: number | null
  eod: number | null
}

export interface TimelineMessage {
  incident: string
  head: number
  cut: boolean
  kinds: readonly string[]
  events: readonly (readonly [number, number, number, number])[]
  figures: readonly (readonly (number | null)[])[]
}

export interface Timeline {
  incident: string
  cut: boolean
  events: readonly Happened[]
  figures: readonly Figures[]
}

export function toTimeline(message: TimelineMessage): Timeline {
  return {
    incident: message.incident, cut: message.cut,
    events: message.events.map(([seq, at, observed, kind]) => ({ seq, at, observed, kind: message.kinds[kind] ?? '' })),
    figures: message.figures.map(([at, inside, killed_lo, killed_hi, zones, threat, eod]) =>
      ({ at: at!, inside: inside!, killed_lo: killed_lo!, killed_hi: killed_hi!, zones: zones!, threat: threat!, eod: eod! })),
  }
}

/** The rows of ticks, and what stands in them: the first row that has the beginning of a kind. */
export const tick_rows = [
  { id: 'command', begins: ['command.', 'decision.', 'incident.', 'period.', 'site.all_clear'] },
  { id: 'mayday', begins: ['mayday.', 'evacuation.', 'par.missed'] },
  { id: 'harm', begins: ['casualty.', 'count.'] },
  { id: 'threat', begins: ['detonation.', 'threat.', 'hazard.', 'eod.'] },
  { id: 'clearance', begins: ['zone.', 'unit.entered_zone', 'unit.left_zone', 'par.'] },
  { id: 'said', begins: ['statement.', 'alert.', 'media.', 'responsibility.'] },
  { id: 'rest', begins: [''] },
] as const

export type TickRow = (typeof tick_rows)[number]['id']

const row_of = new Map<string, TickRow>()

export function tickRow(kind: string): TickRow {
  const known = row_of.get(kind)
  if (known) return known
  const row = tick_rows.find((it) => it.begins.some((begin) => kind.startsWith(begin)))!.id
  row_of.set(kind, row)
  return row
}

/** A life is at stake: it is drawn stronger and taller, so that it is found without its colour. */
const grave = new Set(['mayday.declared', 'evacuation.ordered', 'par.missed', 'detonation.reported', 'threat.reported'])

export function isGrave(kind: string): boolean {
  return grave.has(kind)
}

/** What the server says by itself is no step of anybody's: . and , pass it over. */
const by_itself = new Set(['alarm.raised', 'alarm.escalated', 'count.reconciled', 'log.sealed', 'clock.skew_noted', 'access.denied'])

export function isStep(event: Happened): boolean {
  return !by_itself.has(event.kind)
}

/** How many events there are with at <= `at`. */
export function countTo(events: readonly Happened[], at: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  return low
}

export function nextStep(events: readonly Happened[], at: number): Happened | undefined {
  return events.slice(countTo(events, at)).find(isStep)
}

/** The one before the moment: events of the same ms count as one. */
export function stepBefore(events: readonly Happened[], at: number): Happened | undefined {
  for (let i = countTo(events, at - 1) - 1; i >= 0; i--) if (isStep(events[i]!)) return events[i]
  return undefined
}

/** What had been seen by then and reached the record only afterwards. */
export function lateAt(events: readonly Happened[], at: number): readonly Happened[] {
  return events.slice(countTo(events, at)).filter((event) => event.observed > 0 && event.observed <= at)
}

/** The figures at a moment. */
export function figuresAt(figures: readonly Figures[], at: number): Figures | undefined {
  let found: Figures | undefined
  for (const it of figures) {
    if (it.at > at) break
    found = it
  }
  return found
}

const MINUTE_MS = 60_000
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * MINUTE_MS)

/** Where an axis has its marks: `most` at most, at round times of a clock that is ahead by `offset_ms`. */
export function axisMarks(from: number, to: number, most: number, offset_ms: number): readonly number[] {
  const step = STEPS_MS.find((it) => (to - from) / it <= most) ?? STEPS_MS.at(-1)! * Math.ceil((to - from) / STEPS_MS.at(-1)! / most)
  const marks: number[] = []
  for (let at = Math.ceil((from + offset_ms) / step) * step - offset_ms; at <= to; at += step) marks.push(at)
  return marks
}

/** The event that a pointer means: of a row, the nearest within `reach_ms`. */
export function nearest(events: readonly Happened[], row: TickRow, at: number, reach_ms: number, timeOf: (event: Happened) => number): Happened | undefined {
  let best: Happened | undefined
  for (const event of events) {
    if (tickRow(event.kind) !== row) continue
    const far = Math.abs(timeOf(event) - at)
    if (far <= reach_ms && (!best || far < Math.abs(timeOf(best) - at))) best = event
  }
  return best
}

export const SPEEDS = [1, 5, 20, 60] as const
export type Speed = (typeof SPEEDS)[number]

/** Where a replay is after `real_ms` of somebody's time. */
export function advanced(at: number, real_ms: number, speed: number, end: number): number {
  return Math.min(end, at + Math.round(real_ms * speed))
}
