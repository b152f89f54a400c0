// What an entry rests on, and what rests on it: by its causes, by what it corrects, by what it names that another
// entry made. As far as the page has the entries; older ones are links all the same.
import { keyOf, schema } from '../entry/schema'
import type { Fields } from '../net/incident'
import type { RecordEvent } from '../net/protocol'
import { entity } from '../state/incident'
import { events } from '../state/record'

export interface Link {
  seq: number
  depth: number
  event: RecordEvent | undefined
}

const DEPTH_MAX = 3
const LINKS_MAX = 40
/** What everything names says nothing. */
const everywhere = new Set(['incident', 'supersedes', 'cause', 'agency', 'level', 'structure', 'zone', 'zones', 'unit', 'units'])

const many = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** The entries that a set of fields points back to. */
function groundsOf(fields: Fields, own: number): number[] {
  const found = new Set<number>()
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'cause' || name === 'supersedes') for (const seq of many(value)) if (typeof seq === 'number') found.add(seq)
    const info = schema.fields[name]
    if (info?.type !== 'REF' || everywhere.has(name)) continue
    for (const id of many(value)) {
      const made = entity(String(info.of), String(id))?.made
      if (made !== undefined && made < own) found.add(made)
    }
  }
  return [...found].sort((a, b) => b - a)
}

function walk(from: number, next: (seq: number) => number[], of: (seq: number) => RecordEvent | undefined): Link[] {
  const found: Link[] = []
  const seen = new Set([from])
  const go = (seq: number, depth: number) => {
    for (const other of next(seq)) {
      if (seen.has(other) || found.length >= LINKS_MAX) continue
      seen.add(other)
      found.push({ seq: other, depth, event: of(other) })
      if (depth < DEPTH_MAX) go(other, depth + 1)
    }
  }
  go(from, 0)
  return found
}

export function chainOf(event: RecordEvent): { rests_on: Link[]; carries: Link[] } {
  const by_seq = new Map<number, RecordEvent>()
  const back = new Map<number, number[]>()
  for (const one of [...events, event]) {
    if (by_seq.has(one.seq)) continue
    by_seq.set(one.seq, one)
    if (!one.fields || (keyOf(one.kind) === '' && one.fields['cause'] === undefined && one.fields['supersedes'] === undefined)) continue
    for (const seq of groundsOf(one.fields, one.seq)) back.set(seq, [...(back.get(seq) ?? []), one.seq])
  }
  const of = (seq: number) => by_seq.get(seq)
  const grounds = (seq: number) => {
    const fields = of(seq)?.fields
    return fields ? groundsOf(fields, seq) : []
  }
  return { rests_on: walk(event.seq, grounds, of), carries: walk(event.seq, (seq) => back.get(seq) ?? [], of) }
}
