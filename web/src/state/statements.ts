// What is said to the public: statements with their lines as pairs of English and Urdu, their versions, and what the
// release guard says of each line. The guard is the server's; the page only shows its word.
import { computed } from '@preact/signals'
import type { Entity, SaidLine } from '../net/incident'
import { entitiesOf, release, textOf } from './incident'

export const languages = ['en', 'ur'] as const
export type Tongue = (typeof languages)[number]
export type Light = SaidLine['light']

/** One thing said, in both languages: lines of one statement with one number. */
export interface Pair {
  number: string
  en?: Entity
  ur?: Entity
}

const ARABIC = /[\u0600-\u06ff]/

/** The language that a line says it has; one that says none is known by its letters. */
export function tongueOf(line: Entity): Tongue {
  const said = textOf(line, 'lang')
  if (said !== '') return said.startsWith('ur') ? 'ur' : 'en'
  return ARABIC.test(textOf(line, 'text')) ? 'ur' : 'en'
}

/** Lines without a number, and a second one of a language, stand alone under their own id. */
export function pairsOf(lines: readonly Entity[]): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const line of lines) {
    if (textOf(line, 'state') === 'dropped') continue
    const tongue = tongueOf(line)
    const number = textOf(line, 'number')
    const key = number !== '' && !pairs.get(number)?.[tongue] ? number : line.id
    pairs.set(key, { ...(pairs.get(key) ?? { number: key }), [tongue]: line })
  }
  const order = (it: Pair) => (/^\d+$/.test(it.number) ? Number(it.number) : Infinity)
  return [...pairs.values()].sort((a, b) => order(a) - order(b))
}

export const linesOf = (statement: string) => entitiesOf('line').filter((it) => textOf(it, 'statement') === statement)

export const both = (pair: Pair) => languages.flatMap((tongue) => pair[tongue] ?? [])

/** The facts under a pair, each once. */
export function factsOf(pair: Pair): string[] {
  return [...new Set(both(pair).flatMap((line) => (line.fields['facts'] as readonly string[] | undefined) ?? []))]
}

/** The number of the next pair. */
export function nextNumber(pairs: readonly Pair[]): string {
  return String(Math.max(0, ...pairs.map((pair) => (/^\d+$/.test(pair.number) ? Number(pair.number) : 0))) + 1)
}

const judged = computed(() => new Map(release.value?.lines.map((line) => [line.line, line])))
const judgedAlerts = computed(() => new Map(release.value?.alerts.map((alert) => [alert.alert, alert])))

export const wordOn = (line: Entity) => judged.value.get(line.id)
export const wordOnAlert = (alert: Entity) => judgedAlerts.value.get(alert.id)

const rank: Record<Light, number> = { green: 0, amber: 1, red: 2 }

export function worst(words: readonly { light: Light }[]): Light | null {
  return words.reduce<Light | null>((found, it) => (found === null || rank[it.light] > rank[found] ? it.light : found), null)
}

export const lightOf = (statement: string) => worst((release.value?.lines ?? []).filter((line) => line.statement === statement))

/** Something that we said is another thing by now. */
export function differsNow(statement: string): boolean {
  return (release.value?.lines ?? []).some((line) => line.statement === statement && (line.outdated || line.facts.some((fact) => fact.state !== 'live')))
}

/** A correction is one version more than what it takes the place of. */
export function versionOf(id: string, all: readonly Entity[]): number {
  const it = all.find((one) => one.id === id)
  const before = all.find((old) => it && old.made < it.made && (textOf(old, 'replaces') === id || textOf(it, 'replaces') === old.id))
  return before ? versionOf(before.id, all) + 1 : 1
}

/** How far a statement is on its way out. */
export const stages = ['draft', 'checked', 'approved', 'released'] as const
export const ended = new Set(['corrected', 'withdrawn'])
export const isOut = (state: string) => state === 'released' || state === 'questioned'

const order: Record<string, number> = { questioned: 0, draft: 1, checked: 2, approved: 3, released: 4, corrected: 5, withdrawn: 6 }

/** What asks for somebody first: in question, then on its way, then out, then over; the newest first in each. */
export function byState(a: Entity, b: Entity): number {
  return (order[textOf(a, 'state')] ?? 9) - (order[textOf(b, 'state')] ?? 9) || b.made - a.made
}

/** A statement as a person copies it: both languages, its version and its time. */
export function asText(head: string, pairs: readonly Pair[], foot: string): string {
  const said = (tongue: Tongue) => pairs.map((pair) => textOf(pair[tongue], 'text')).filter(Boolean).join('\n')
  return [head, said('en'), said('ur'), foot].filter((part) => part !== '').join('\n\n')
}
