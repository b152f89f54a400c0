// Values of an incident as text: words of closed lists, times, counts. A count that nobody reported is said
// to be not reported: it is never shown as 0.
import type { Counter, Value } from '../net/incident'
import { clockText, dateText } from './format'
import { computed } from '@preact/signals'
import { dir, joined, lang, ours, sentences, t, tMaybe, written } from './i18n'
import { sayer } from './said'
import type { Key } from './i18n'
import { wallTime } from './zone'

export const kindText = (kind: string) => tMaybe('kind.' + kind, kind)
export const fieldText = (name: string) => tMaybe('field.' + name, name)

/** A word of a closed list, as the field uses it ("delayed" of triage is not that of a unit). */
export function wordText(word: string, field = ''): string {
  return tMaybe(`word:${field}:${word}`, tMaybe('word:' + word, word))
}

const DAY_MS = 86_400_000

/** 21:44, with the date when that is another day. */
export function timeText(at: number, now: number): string {
  if (Number.isNaN(at)) return ''
  const near = Math.abs(now - at) < DAY_MS && wallTime(at).getUTCDate() === wallTime(now).getUTCDate()
  return near ? clockText(at, false) : `${dateText(at)} ${clockText(at, false)}`
}

export function rangeText(lo: number | null, hi: number | null): string {
  if (lo === null) return t('count.none')
  if (hi === null) return t('count.open', { lo })
  return lo === hi ? String(lo) : t('count.range', { lo, hi })
}

export function counterText(counter: Counter | undefined): string {
  return counter?.known ? rangeText(counter.lo, counter.hi) : t('count.none')
}

/** Sources say different numbers. */
export function differs(counter: Counter | undefined): boolean {
  return counter !== undefined && counter.known && !counter.agreed && counter.values > 1
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/
const free = new Set([
  'text', 'name', 'reason', 'note', 'place', 'as_spoken', 'road', 'rationale', 'by', 'owner', 'subject', 'from', 'to', 'closed_from', 'closed_to', 'traffic',
  'diversion', 'control_points', 'rules', 'announced_to', 'controls', 'members', 'home', 'travel', 'method', 'route', 'channels', 'liaison', 'badge', 'safety',
  'emphasis', 'used_as', 'translation', 'strategy', 'powers', 'dissent', 'evidence', 'resource_type', 'sought', 'relationship',
  'released_by',
])

/** The value of a field as a person reads it. */
export function valueText(name: string, value: Value, now: number): string {
  if (Array.isArray(value)) return joined((value as readonly string[]).map((one) => valueText(name, one, now)), t('comma'))
  if (typeof value === 'object') return joined(Object.entries(value as Record<string, number>).map(([word, n]) => `${wordText(word, name)} ${n}`), t('comma'))
  if (typeof value !== 'string') return String(value)
  if (TIME.test(value)) return timeText(Date.parse(value), now)
  return free.has(name) ? value : wordText(value, name)
}

/** A part of the name that the server gives a place (core/incident_place.c); the page's own words where it has some. */
function placeWord(part: string): string {
  const [, level, n] = /^(floor|basement) (\d+)$/.exec(part) ?? []
  if (level && n) return level === 'floor' ? t('floor.label', { name: n }) : t('floor.basement', { n })
  if (part === 'ground floor') return t('floor.ground')
  if (part === 'roof') return t('floor.roof')
  return part === 'stairs' ? wordText('stair', 'zone_kind') : ['core', 'lift'].includes(part) ? wordText(part, 'zone_kind') : part
}

/** What a phone called for: a report of it has that as its subject. */
export function emergencyWord(value: string): string {
  return tMaybe('emergency.type.' + value, sayWritten.value('· ' + value) ?? value)
}

/** A report within another sentence: the server's own says where it was, and only that one is put into other words. */
function reportText(text: string): string {
  return / at -?\d+\.\d{7},-?\d|, place not known/.test(text) ? sayWritten.value(text) ?? text : text
}

const worders: Record<string, (value: string) => string> = {
  word: wordText, role: (value) => wordText(value, 'role'), kind: kindText, field: fieldText, comma: () => t('comma'), semicolon: () => t('semicolon'), place: placeWord,
  emergency: emergencyWord, written: reportText,
}
const sayWritten = computed(() => sayer(written.value, (what, value) => worders[what]?.(value) ?? value))

/** A text that the server wrote into the record, in the page's language, line by line; what its list lacks as it is. */
export function writtenText(text: string): string {
  if (lang.value === 'en' || text === '') return text
  const lines = text.split('\n')
  const each = lines.map((line) => sayWritten.value(line))
  if (each.some((line) => line !== null)) return each.map((line, i) => (line === null ? lines[i] : ours(line))).join('\n')
  const said = sayInWords.value(text)
  return said === null ? text : ours(said)
}

const sayInWords = computed(() => sayer(sentences.value, (what, value) => worders[what]?.(value) ?? value))

/** A sentence of the server in the page's language. One that its list lacks is shown as it came, in its own direction. */
export function saidText(text: string): string {
  if (lang.value === 'en' || text === '') return text
  const said = sayInWords.value(text)
  if (dir.value !== 'rtl') return said ?? text
  return said === null ? `\u2066${text}\u2069` : ours(said)
}

/** Sentences that name only an id are said in our own words: who has not acknowledged what. */
const said: Record<string, Key> = { 'declaration.unacked': 'duty.declaration', 'methane.unacked': 'duty.methane' }

/** The server's sentences are English: in another language the rule's own words come first. */
export function serverText(rule: string, text: string): { title: string; detail: string } {
  const [, agency, what] = /^(\S+) has not acknowledged (.+)$/.exec(text) ?? []
  const key = said[rule]
  if (key && agency && what) return { title: t(key, { who: wordText(agency, 'agency_kind'), what }), detail: '' }
  return lang.value === 'en' ? { title: text, detail: '' } : { title: tMaybe('rule.' + rule, saidText(text)), detail: saidText(text) }
}
