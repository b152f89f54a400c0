// How many, by whom, and who: claims laid out by source and counter, and the casualties by tag. Which claim counts is
// the server's rule; here it is only laid out.
import type { Claim, Counter, Entity } from '../net/incident'
import { wordsOf } from '../entry/schema'
import { counters, entitiesOf, entity, textOf, timeOf } from './incident'

/** Always shown: a blank there is worth seeing. */
const main = ['killed', 'injured', 'missing'] as const

/** The counters of which anything is said, after the three that are always asked for. */
export function shownCounters(all: Readonly<Record<string, Counter>> | undefined): string[] {
  const said = (name: string) => {
    const it = all?.[name]
    return it !== undefined && (it.claims.length > 0 || it.accepted !== null)
  }
  return [...main, ...wordsOf('counter').filter((name) => !main.includes(name as (typeof main)[number]) && said(name))]
}

export interface SourceRow {
  source: string
  source_kind: string
  /** The claims of his that count, by counter: a figure, and a split that names none. */
  by: Map<string, Claim[]>
  latest: number
}

/** Each source that has a claim that counts, who spoke last on top. */
export function sourceRows(all: Readonly<Record<string, Counter>> | undefined, names: readonly string[]): SourceRow[] {
  const rows = new Map<string, SourceRow>()
  for (const name of names) {
    for (const claim of all?.[name]?.claims ?? []) {
      if (claim.is !== 'used') continue
      const row = rows.get(claim.source) ?? { source: claim.source, source_kind: claim.source_kind, by: new Map<string, Claim[]>(), latest: 0 }
      row.by.set(name, [...(row.by.get(name) ?? []), claim])
      row.latest = Math.max(row.latest, timeOf(claim.as_of))
      rows.set(claim.source, row)
    }
  }
  return [...rows.values()].sort((a, b) => b.latest - a.latest)
}

/** The one that says how many; else the one that only says of whom. */
export const figureOf = (claims: readonly Claim[]) => claims.find((claim) => claim.lo !== null) ?? claims[0]

const counted: Record<string, (it: Entity) => boolean> = {
  killed: (it) => textOf(it, 'state') === 'died',
  injured: (it) => textOf(it, 'was_injured') !== '' && textOf(it, 'state') !== 'died',
}

/** How many persons by tag this source named, of those that it counts; null when the counter is not of persons. */
export function namesHeld(source: string, counter: string, casualties: readonly Entity[]): number | null {
  const fits = counted[counter]
  return fits ? casualties.filter((it) => textOf(it, 'source') === source && textOf(it, 'state') !== 'merged' && fits(it)).length : null
}

/** The fact behind an accepted figure: the latest live one about the counter. */
export function acceptedFact(counter: string): Entity | undefined {
  return entitiesOf('fact').filter((it) => textOf(it, 'state') === 'live' && textOf(it, 'counter') === counter).pop()
}

export interface OldClaim {
  counter: string
  claim: Claim
}

/** All claims, those that count first, each counter's newest first. */
export function allClaims(names: readonly string[]): OldClaim[] {
  return names.flatMap((counter) => [...(counters.value?.counters[counter]?.claims ?? [])]
    .sort((a, b) => Number(b.is === 'used') - Number(a.is === 'used') || timeOf(b.as_of) - timeOf(a.as_of))
    .map((claim) => ({ counter, claim })))
}

export interface Hospital {
  name: string
  sent: number
  arrived: number
  triage: Map<string, number>
}

const there = new Set(['at-hospital', 'discharged'])

/** Hospitals with how many were sent to each. */
export function hospitals(casualties: readonly Entity[]): Hospital[] {
  const list = new Map<string, Hospital>()
  for (const it of casualties) {
    const name = textOf(it, 'destination')
    if (name === '' || textOf(it, 'state') === 'merged') continue
    const row = list.get(name) ?? { name, sent: 0, arrived: 0, triage: new Map<string, number>() }
    row.sent++
    if (there.has(textOf(it, 'state'))) row.arrived++
    const triage = textOf(it, 'triage') || 'untriaged'
    row.triage.set(triage, (row.triage.get(triage) ?? 0) + 1)
    list.set(name, row)
  }
  return [...list.values()].sort((a, b) => b.sent - a.sent)
}

/** What a casualty is listed by. */
export interface Wanted {
  triage: string
  state: string
  place: string
}

export const fits = (it: Entity, wanted: Wanted, place: string): boolean =>
  (wanted.triage === '' || (textOf(it, 'triage') || 'untriaged') === wanted.triage) && (wanted.state === '' || textOf(it, 'state') === wanted.state) &&
  (wanted.place === '' || place === wanted.place)

export const sourceName = (id: string) => textOf(entity('source', id), 'name') || id
