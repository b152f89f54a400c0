// Which lines of the log are shown. Pure.
import type { Family, Line } from '../base/describe'
import type { RecordEvent } from '../net/protocol'

export interface LogFilter {
  family: Family | ''
  kind: string
  source: string
  /** "zone/ID", "level/ID", "unit/ID", "person/ID". */
  about: string
  level: '' | 'crit' | 'warn' | 'corrected'
  words: string
  /** NaN: open. */
  from: number
  to: number
}

export const no_filter: LogFilter = { family: '', kind: '', source: '', about: '', level: '', words: '', from: NaN, to: NaN }

/** How many conditions it has besides words and family, which are always in sight. */
export function countOf(it: LogFilter): number {
  return [it.kind, it.source, it.about, it.level].filter(Boolean).length + Number(!Number.isNaN(it.from)) + Number(!Number.isNaN(it.to))
}

const many = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value])

/** The fields that name a unit, a person or a place. */
const fields_of: Record<string, readonly string[]> = {
  zone: ['zone', 'zones'], level: ['level'], unit: ['unit', 'units', 'holder', 'to', 'owner', 'acked_by'], person: ['person'],
}

export interface Known {
  /** The zones of a level: what happens in a zone happens on its floor. */
  zonesOf: (level: string) => ReadonlySet<string>
  corrected: (seq: number) => boolean
}

function isAbout(event: RecordEvent, about: string, line: Line, known: Known): boolean {
  const cut = about.indexOf('/')
  const [what, id] = [about.slice(0, cut), about.slice(cut + 1)]
  if (what === 'unit' && (line.unit === id || line.source === id)) return true
  const named = (names: readonly string[]) => names.flatMap((name) => many(event.fields?.[name]))
  if (named(fields_of[what] ?? []).includes(id)) return true
  return what === 'level' && named(fields_of['zone']!).some((zone) => known.zonesOf(id).has(String(zone)))
}

export function fitsLine(it: LogFilter, event: RecordEvent, family: Family, at: number, describe: () => Line, known: Known): boolean {
  if (it.family && family !== it.family) return false
  if (it.kind && event.kind !== it.kind) return false
  if (at < it.from || at > it.to) return false
  if (it.level === 'corrected' && !known.corrected(event.seq) && event.fields?.['supersedes'] === undefined) return false
  const needs_words = it.words !== '' || it.source !== '' || it.about !== '' || it.level === 'crit' || it.level === 'warn'
  if (!needs_words) return true
  const line = describe()
  if (it.level === 'crit' && line.level !== 'crit') return false
  if (it.level === 'warn' && line.level === '') return false
  if (it.source && line.source !== it.source) return false
  if (it.about && !isAbout(event, it.about, line, known)) return false
  return !it.words || `#${event.seq} ${line.source} ${line.text}`.toLowerCase().includes(it.words)
}
