import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayer } from '../src/base/said'
import of_sources from '../src/data/said.json'
import incident from '../src/data/incident.json'
import en from '../src/i18n/en.json'
import ur from '../src/i18n/ur.json'
import said_ur from '../src/i18n/said.ur.json'

const languages: Record<string, Record<string, string>> = { ur: said_ur }
const patterns = Object.keys(of_sources)
const places = (text: string) => [...text.matchAll(/\{(\d)(?::\w+)?\}/g)].map((it) => it[1]).sort()
const plain = (text: string | null) => text?.replace(/[\u2066-\u2069]/g, '') ?? null

const list: Record<string, string> = ur
const words: Record<string, (it: string) => string | undefined> = {
  word: (it) => list['word:' + it], role: (it) => list['word:' + it], kind: (it) => list['kind.' + it], field: (it) => list['field.' + it], comma: () => list['comma'], semicolon: () => list['semicolon'], place: (it) => (it === 'roof' ? list['floor.roof'] : undefined),
}
const say = sayer(said_ur, (what, value) => words[what]?.(value) ?? value)

test('the tool finds what the server says: rules, routes, alarms, findings, reasons of the guard', () => {
  const known: Record<string, string> = {
    'there is no other zone "{0}" to merge it into': 'core/incident_place.c',
    'Your role may not do this; ask an administrator.': 'edge/web_routes.c',
    '{0} has not acknowledged EVACUATE': 'core/incident_alarms.c',
    '{0}: {1} sources say {2} to {3}': 'core/incident_findings.c',
    'tactics are not published': 'core/incident_guard.c',
    'role: this account does not have the role "{0}"': 'core/incident_access.c',
  }
  const found: Record<string, string> = of_sources
  for (const [text, path] of Object.entries(known)) assert.equal(found[text], path, text)
  assert.ok(patterns.length > 600, `${patterns.length} sentences`)
})

test('each sentence of the sources stands in each language, and no other does', () => {
  for (const [name, said] of Object.entries(languages)) {
    assert.deepEqual(patterns.filter((it) => !said[it]?.trim()), [], `${name} lacks these`)
    assert.deepEqual(Object.keys(said).filter((it) => !patterns.includes(it)), [], `${name} has these, which nobody says`)
  }
})

test('each has the places of the English one, and says of a place only what there is', () => {
  for (const [name, said] of Object.entries(languages)) {
    for (const [from, to] of Object.entries(said)) {
      assert.deepEqual(places(to), places(from), `${name}: ${from}`)
      for (const [, what] of to.matchAll(/\{\d:(\w+)\}/g)) assert.ok(['word', 'role', 'kind', 'field', 'place', 'said'].includes(what!), `${name}: ${to}`)
    }
  }
})

test('Urdu is written in its own letters', () => {
  for (const [from, to] of Object.entries(said_ur)) assert.ok(/[\u0600-\u06ff]/.test(to), from)
})

test('each sentence is found again with values in it, as itself and not as another one', () => {
  const value = (n: string) => 'v' + n
  const wrong: string[] = []
  for (const [from, to] of Object.entries(said_ur)) {
    const english = from.replace(/\{(\d)\}/g, (_, n: string) => value(n))
    const urdu = to.replace(/\{(\d)(?::\w+)?\}/g, (_, n: string) => value(n))
    if (plain(say(english)) !== plain(urdu)) wrong.push(`${english}: ${plain(say(english))}, not ${plain(urdu)}`)
  }
  assert.deepEqual(wrong, [])
})

test('a refusal is said with its field, its values as they are, words of the record in words', () => {
  assert.equal(say('replaces: there is no other zone "L9-A" to merge it into'), `${list['field.replaces']}: ضم کرنے کو دوسرا زون "\u2068L9-A\u2069" موجود نہیں`)
  assert.equal(plain(say('actor: Cdr Khan does not command; Cdr Ali does')), `${list['field.actor']}: کمان Cdr Khan کے پاس نہیں؛ Cdr Ali کے پاس ہے`)
  const roles = incident.kinds['command.transferred'].roles.join(',')
  const refused = plain(say(`role: command.transferred needs the role ${roles}`))!
  assert.ok(refused.includes(list['kind.command.transferred']!), refused)
  assert.ok(!/[a-z]/.test(refused), refused)
})

test('a place is said part by part: words of ours in words, names as they are', () => {
  assert.equal(say('P1 in EX-House, roof: PAR is due'), '\u2068P1\u2069، \u2068EX-House\u2069، چھت میں: حاضری واجب ہے')
  const refused = plain(say('2 of 9 zones are not THREAT-clear and 2 not EOD-clear: EX-House, roof; EX-House, Room 12'))!
  assert.ok(refused.endsWith('EX-House، چھت؛ EX-House، Room 12'), refused)
})

test('a sentence in a sentence is said too', () => {
  assert.equal(plain(say('"L-3" cannot go out: tactics are not published')), '"L-3" جاری نہیں ہو سکتی: حربی باتیں شائع نہیں ہوتیں')
  assert.equal(plain(say('line 7: there is no unit "EX-R1" (nothing was recorded)')), 'سطر 7: یونٹ "EX-R1" موجود نہیں (کچھ درج نہیں ہوا)')
})

test('what the list lacks is not guessed', () => {
  assert.equal(say('The moon is made of cheese and nobody asked.'), null)
  assert.equal(say(''), null)
  assert.equal(sayer({}, (_, value) => value)('is needed'), null)
})

test('names of fields that the server puts first have a word', () => {
  for (const field of Object.keys(incident.fields)) assert.ok((en as Record<string, string>)['field.' + field] && list['field.' + field], field)
})
