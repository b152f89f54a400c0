// Makes src/data/said.json: the sentences that the server may say to the page, out of the sources that say them, as
// patterns with a numbered place for each value; and src/data/written.json: those that it writes into the record. A test
// holds them against the sentences of each language (src/i18n/said.*.json, written.*.json), so that none is forgotten.
// Runs before each build and test.
import { mkdirSync, readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = (path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const target = (name) => fileURLToPath(new URL(`../src/data/${name}.json`, import.meta.url))

/** Which argument of a call is the sentence, counted from 0. `tell` adds to what a finding says: its pieces go on. */
const calls = {
  err_set: 2, refuse: 3, reply_problem: 2, reply_problem_field: 2, exchange_refuse: 2, refuse_member: 2, too_often: 2,
  sound: 4, tell: 1, note: 4, say: 3, hub_alarm: 3, indoor_remark: 2, err_in: 1, snprintf: 2, wrong: 1,
}
const spoken = Object.keys(calls).filter((name) => !['snprintf', 'wrong'].includes(name))
/** Whose sentences reach the page, and by which calls. Those of phones, of the command line and of the start do not. */
const sources = [
  [/^core\/(incident(_(command|units|place|harm|truth|guard|alarms|promote|findings|access))?|clearance|sharing)\.c$/, spoken],
  [/^edge\/(web_(api|ask|care|devices|files|identity|import|incident|inputs|invites|maps|operators|practice|replay|routes|sharing|tracks|turn|welcome)|care|claims|erasure|import_file|import_make|importing|incident_json|incident_views|indoor(_\w+)?|input_rule|json|osm|recorder_(erase|groups|inbox|incident|sharing|witness)|tiles)\.c$/, spoken],
  [/^edge\/(recorder|recorder_witness|recorder_mission|web_login)\.c$/, ['snprintf']],
  [/^core\/incident_guard\.c$/, ['snprintf']],
  [/^app\/practice\.c$/, ['snprintf', 'err_set']],
  [/^edge\/incident_json\.c$/, ['wrong']],
  [/^edge\/web_login\.c$/, spoken],
  [/^edge\/tak\.c$/, ['hub_alarm']],
  [/^store\/(accounts|invites|inputs|sealed)\.c$/, spoken],
]
/** Sentences that are no argument of a call: rows of tables, and what a phone's event was refused for; with what is put
 * before each of them. */
const tables = [
  ['core/incident_guard.c', /"([a-z][^"|]* [^"|]*)"\}/g],
  ['core/incident_essentials.c', /^ {4}\{"[\w.]+", "([^"]+)"/gm],
  ['core/incident_promote.c', /MAY_\w+, "(a [a-z ]+)", "/g],
  ['core/incident_promote.c', /, "(an? [a-z :,]+)"\}/g],
  ['core/incident_promote.c', /"(an? \w+ needs \w+)"/g],
  ['core/incident_findings.c', /ENT_\w+, IN_\w+, "([^"]+)"\}/g, '%s: '],
  ['core/incident_findings.c', /(?<=\b(?:events|verdict_words)\[\] = \{[^}]*)"(\w+)"/g],
  ['app/practice.c', /"(ended by itself|did not start)"/g],
  ['edge/recorder.c', /\{ERR_\w+, "([^"]+)"\}/g],
  ['edge/recorder.c', /"(back|forward)"/g],
  ['core/incident_entity.def', /^ENTITY\(\w+, "([^"]+)"/gm],
  ['core/session.c', /(?:return|refuse\(t,) "([a-z]+ [^"]+)"/g],
]
/** What the server writes into events is put together of pieces: the source must have each of them, and the sentence is
 * written here. A part in brackets may be missing or is one of several, divided by a bar. What begins with a dot is a
 * word or an item of a list within one, never a text of its own (base/said.ts). */
const ALERT = ['" from "', '" at "', '", place not known"', '": "']
const written = [
  ['core/incident_watch.c', ['"inside the outer cordon %.*s for %" PRId64 " s, %u positions"', '", accurate to %d m"', '", accuracy not known"', '", not checked in; calls itself "', 'STR("nothing")'],
    ['inside the outer cordon {0} for {1} s, {2} positions[, accurate to {3} m|, accuracy not known], not checked in; calls itself {4}',
      'inside the outer cordon {0} for {1} s, {2} positions[, accurate to {3} m|, accuracy not known], not checked in; calls itself nothing']],
  ['core/incident_from_cot.c', [...ALERT], ['{0} from {1}[ at {2}|, place not known][: {3}]']],
  ['core/incident_from_cot.c', ['"%s marked"', '", called "', '" ("', '": "'], ['{0} marked[ at {1}|, place not known][, called {2}] ({3})[: {4}]']],
  ['core/incident_from_cot.c', ['" sent a %s: "', '" with %zu picture%s ("', '"; "', '" bytes, SHA-256 "', '": "'],
    ['{0} sent a {1}: {2}[| with 1 picture ({4})| with {3} pictures ({4})][ at {5}|, place not known]; {6} bytes, SHA-256 {7}[: {8}]']],
  ['core/incident_units.c', ['"%.*s of %.*s is in or next to %.*s, where %.*s is sent; both supervisors must agree"'],
    ['{0} of {1} is in or next to {2}, where {3} is sent; both supervisors must agree']],
  ['core/incident_promote.c', ['STR("; ")', '"drawn with %zu points, %zu were kept: none left out lies more than %.2f m off the line"'],
    ['[{0}; ]drawn with {1} points, {2} were kept: none left out lies more than {3} m off the line']],
  ['core/incident_from_cot.c', ['"acked: "'], ['acked: {0}']],
]
/** Those that are a whole literal, found by where they stand. */
const written_tables = [
  ['core/incident_units.c', /IN_REASON, STR\("([^"]+)"\)/g],
  ['core/incident_units.c', /\? STR\("(another agency[^"]+)"\)/g],
  ['core/incident_from_cot.c', /IN_(?:REASON|NOTE), STR\("([^"]+)"\)/g],
  ['core/incident_from_cot.c', /"(received: [^"]+)"/g],
  ['core/incident_from_cot.c', /STR\("(emergency[^"]*)"\)/g, (it) => `· ${it}`],
  ['core/incident_from_cot.c', /\{"[XG]-[\w-]+", "\w+", "(\w+)"/g, (it) => `· ${it}`],
  ['core/incident_from_cot.c', /put_marker_text\(d, "(\w+)"\)/g, (it) => `· ${it}`],
  ['core/incident_from_cot.c', /\{"(?:photo|package)", "([^"]+)"\}/g, (it) => `· ${it}`],
  ['edge/claims.c', /IN_REASON, STR\("([^"]+)"\)/g],
  ['core/nine_lines.c', /(?<=titles\[\] = \{[^}]*)"(\w[^"]+)"/g, (it, n) => (n < 9 ? `${n + 1} ${it}: {0}` : `${it}: {0}`)],
  ['core/nine_lines.c', /\{(?:\d|LINE_REMARKS), "\w+", "([^"]+)", PART_TEXT/g, (it) => `· ${it} {0}`],
  ['core/nine_lines.c', /\{(?:\d|LINE_REMARKS), "\w+", "([^"]+)", PART_FLAG/g, (it) => `· ${it}`],
  ['core/nine_lines.c', /(?<=(?:security|marking)\[\] = "[^"]*)(?<=[",])([a-z][^",]*)(?=[^"]*";)/g, (it) => `· ${it}`],
  ['core/nine_lines.c', /put_item\(w, "([^"]+)", \(struct str\)/g, (it) => `· ${it}`],
  ['core/nine_lines.c', /put_item\(w, "([^"]+)", w->callsign/g, (it) => `· ${it} {0}`],
]
/** What begins with the values that pieces before it said. */
const begins = { 'one event or several? Merge by hand or keep apart': '{0}: {1}; one event or several? Merge by hand or keep apart' }
/** What an operator cannot mend, and what only a program that sends broken requests is told. */
const not_told = /no memory|memory (for|to)|newer Cordon|thread|UTF-8|NUL|Content-Length|chunks|control characters|as HTTP|names no Host|--|^this is JSON|Path=|^\\"[a-z]+\\" (must be (a list|true|one of|the id|a text$|two)|is (a|true|the|too))/

/** The arguments of the call whose parenthesis opens before `from`. */
function argumentsAt(text, from) {
  const list = ['']
  let depth = 1
  let quoted = false
  for (let i = from; i < text.length; i++) {
    const c = text[i]
    if (quoted && c === '\\') {
      list[list.length - 1] += c + text[++i]
      continue
    }
    if (c === '"') quoted = !quoted
    if (!quoted && '([{'.includes(c)) depth++
    if (!quoted && ')]}'.includes(c) && --depth === 0) return list
    if (!quoted && depth === 1 && c === ',') list.push('')
    else list[list.length - 1] += c
  }
  return []
}

/** The pieces of a literal are one; a choice between two literals is two sentences. */
function literals(argument) {
  const strings = []
  const shape = argument.replace(/"((?:[^"\\]|\\.)*)"/g, (_, text) => `"${strings.push(text) - 1}"`)
  return shape.split(/\?|\s:\s/).map((part) => [...part.matchAll(/"(\d+)"|\bPRI\w+\b/g)].map((it) => (it[1] ? strings[it[1]] : 'd')).join(''))
}

/** "%.*s is %u of %s" as "{0} is {1} of {2}". */
function pattern(format) {
  let n = 0
  return format.replace(/\\(.)/g, '$1').replace(/%(%|[-0 +#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j)?[a-zA-Z])/g,
    (whole, what) => (what === '%' ? '%' : `{${n++}}`))
}

/** The sentence with what its call puts before or behind it; a piece of a finding that goes on does so with one value. */
function whole(call, sentence) {
  if (call === 'tell' && /[\w:] $/.test(sentence)) return `${sentence}%s`
  if (call === 'err_in') return `${sentence}: %s`
  return call === 'note' ? `%s: ${sentence}` : sentence
}

const isSentence = (text) => / /.test(text) && /[a-z]{2,}/.test(text.replace(/%[.*\d]*(?:ll|z)?[a-z]/g, '')) && !not_told.test(text)

function fromCalls(path, text, names) {
  return [...text.matchAll(new RegExp(`\\b(${names.join('|')})\\(`, 'g'))].flatMap((call) => {
    const argument = argumentsAt(text, call.index + call[0].length)[calls[call[1]]] ?? ''
    return literals(argument).filter(isSentence).map((it) => begins[it] ?? pattern(whole(call[1], it)))
  })
}

const read = (path) => readFileSync(source(path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
const files = ['core', 'edge', 'store', 'app'].flatMap((floor) => readdirSync(source(floor)).map((name) => `${floor}/${name}`)).sort()
const found = {}
for (const [which, names] of sources) {
  const matching = files.filter((path) => which.test(path))
  if (matching.length === 0) throw new Error(`no source is called ${which}`)
  for (const path of matching) for (const it of fromCalls(path, read(path), names)) found[it] ??= path
}
for (const [path, rows, before = ''] of tables) {
  const list = [...read(path).matchAll(rows)]
  if (list.length === 0) throw new Error(`${path} has no ${rows}`)
  for (const it of list) if (!not_told.test(it[1])) found[pattern(before + it[1])] ??= path
}

const found_written = {}
for (const [path, pieces, sentences] of written) {
  const text = read(path)
  for (const piece of pieces) if (!text.includes(piece)) throw new Error(`${path} has no ${piece}`)
  for (const it of sentences) found_written[it] ??= path
}
for (const [path, rows, as] of written_tables) {
  const list = [...read(path).matchAll(rows)].map((it) => it[1])
  if (list.length === 0) throw new Error(`${path} has no ${rows}`)
  for (const [n, it] of list.entries()) found_written[as ? as(it, n) : it] ??= path
}

function keep(name, list) {
  const text = JSON.stringify(list)
  mkdirSync(dirname(target(name)), { recursive: true })
  if (!existsSync(target(name)) || readFileSync(target(name), 'utf8') !== text) writeFileSync(target(name), text)
}
keep('said', found)
keep('written', found_written)
