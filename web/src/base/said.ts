// The server says its sentences in English. Another language has them as a list, from each pattern to its own words
// with the same numbered places: src/i18n/said.LANGUAGE.json, held against the sources by a test. A place may say what
// is put in: {0:word} a word of the record (or several, with commas), {0:kind}, {0:role}, {0:field}, {0:place} a place
// as the server names it ("House, floor 2, Room 12; ..."), {0:emergency} what a phone calls for, {0:geo} a latitude and
// longitude, {0:written} a text of the record that the server may have written, {0:item} words of a list each of which stands in the list of sentences behind a dot ("· hoist"), and {0:said}
// another sentence. Everything else is a name or a number and stays as it is, in its own direction. "[, at {1}]" may be
// missing, "[a|b]" is one of several, of which one may be empty: a language has the same in the same order.
export type Worded = (what: string, value: string) => string

interface Pattern { shape: RegExp; places: readonly string[]; literal: number; to: string }

const HOLE = /\{(\d)\}/g
const TO_HOLE = /\{(\d)(?::(\w+))?\}/g
const PREFIX = /^([a-z_]+): ([\s\S]+)$/
/** A sentence in a sentence in a sentence is as deep as it goes. */
const DEPTH = 3

const OPTION = /\[([^\]]*)\]/

/** Each sentence that one with options stands for. */
export function variants(from: string, to: string): [string, string][] {
  const [, a] = OPTION.exec(from) ?? []
  const [, b] = OPTION.exec(to) ?? []
  if (a === undefined || b === undefined) return [[from, to]]
  const theirs = a.split('|')
  const ours = b.split('|')
  const whole = theirs.length === 1 ? [['', ''], [a, b]] : theirs.map((it, i) => [it, ours[i] ?? ''])
  return whole.flatMap(([x, y]) => variants(from.replace(OPTION, () => x!), to.replace(OPTION, () => y!)))
}

const PLAIN = '([\\s\\S]*?)'
/** A word of the record has no blank in it, which tells "{0} is {1:word}" from a longer sentence. */
const WORD = '(\\S*?)'
const shapes: Record<string, string> = { word: WORD, role: WORD, kind: WORD, field: WORD, geo: '(-?[\\d.]+,-?[\\d.]+)', emergency: '([^:]*?)' }

function patternOf(from: string, to: string): Pattern {
  const parts = from.split(HOLE)
  const places = parts.filter((_, i) => i % 2 === 1)
  const texts = parts.filter((_, i) => i % 2 === 0)
  const what = new Map([...to.matchAll(TO_HOLE)].map((it) => [it[1], it[2]]))
  const holes = places.map((place) => shapes[what.get(place) ?? ''] ?? PLAIN)
  const shape = texts.map((it, i) => it.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') + (holes[i] ?? '')).join('')
  return { shape: new RegExp(`^${shape}$`), places, literal: texts.join('').length, to }
}

const isolated = (text: string) => `\u2068${text}\u2069`

/** Puts a sentence of the server into the language of `list`; null when the list does not have it. */
export function sayer(list: Record<string, string>, worded: Worded): (text: string) => string | null {
  const patterns = Object.entries(list).flatMap(([from, to]) => variants(from, to)).map(([from, to]) => patternOf(from, to)).sort((a, b) => b.literal - a.literal)

  function put(what: string | undefined, value: string, depth: number): string {
    if (what === undefined || value === '') return value === '' ? '' : isolated(value)
    if (what === 'geo') return isolated(value)
    if (what === 'said') return find(value, depth + 1)?.text ?? isolated(value)
    if (what === 'written') return worded(what, value) === value ? isolated(value) : worded(what, value)
    if (what === 'item') return value.split(', ').map((one) => find(`· ${one}`, depth + 1)?.text ?? isolated(one)).join(worded('comma', ', '))
    const list = (text: string) => text.split(/, ?/).map((one) => (worded(what, one) === one ? isolated(one) : worded(what, one))).join(worded('comma', ', '))
    return what === 'place' ? value.split('; ').map(list).join(worded('semicolon', '; ')) : list(value)
  }

  function whole(text: string, depth: number): { text: string; literal: number } | null {
    for (const it of patterns) {
      const values = it.shape.exec(text)
      if (!values) continue
      const said = it.to.replace(TO_HOLE, (_, place: string, what?: string) => put(what, values[it.places.indexOf(place) + 1] ?? '', depth))
      return { text: said, literal: it.literal }
    }
    return null
  }

  /** A refusal names its field first. What comes behind it may be a sentence with places that would swallow the name. */
  function find(text: string, depth: number): { text: string; literal: number } | null {
    if (depth > DEPTH) return null
    const all = whole(text, depth)
    const [, field, rest] = PREFIX.exec(text) ?? []
    if (!field || !rest || worded('field', field) === field) return all
    const behind = whole(rest, depth)
    if (!behind || (all && all.literal > behind.literal)) return all
    return { text: `${worded('field', field)}: ${behind.text}`, literal: behind.literal }
  }

  return (text) => find(text, 0)?.text ?? null
}
