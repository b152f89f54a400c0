import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayer, variants } from '../src/base/said'
import of_sources from '../src/data/said.json'
import of_record from '../src/data/written.json'
import incident from '../src/data/incident.json'
import en from '../src/i18n/en.json'
import ur from '../src/i18n/ur.json'
import said_ur from '../src/i18n/said.ur.json'
import written_ur from '../src/i18n/written.ur.json'
import { eventText, entityText, entityWritten } from '../src/base/written'
import { dir, lang, sentences, written } from '../src/base/i18n'

const languages: Record<string, Record<string, string>> = { ur: said_ur }
const patterns = Object.keys(of_sources)
const places = (text: string) => [...text.matchAll(/\{(\d)(?::\w+)?\}/g)].map((it) => it[1]).sort()
const plain = (text: string | null) => text?.replace(/[\u200f\u2066-\u2069]/g, '') ?? null

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
      for (const [, what] of to.matchAll(/\{\d:(\w+)\}/g)) assert.ok(['word', 'role', 'kind', 'field', 'place', 'written', 'said'].includes(what!), `${name}: ${to}`)
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

const written_languages: Record<string, Record<string, string>> = { ur: written_ur }
const sayRecord = sayer(written_ur, (what, value) => words[what]?.(value) ?? value)

test('what the server writes into the record stands in each language, with its places and options, and no other does', () => {
  const all = Object.keys(of_record)
  assert.ok(all.length > 50, `${all.length} texts`)
  const options = (text: string) => [...text.matchAll(/\[[^\]]*\]/g)].map(([it]) => it.split('|').map(places))
  for (const [name, list_of] of Object.entries(written_languages)) {
    assert.deepEqual(all.filter((it) => !list_of[it]?.trim()), [], `${name} lacks these`)
    assert.deepEqual(Object.keys(list_of).filter((it) => !all.includes(it)), [], `${name} has these, which nobody writes`)
    for (const [from, to] of Object.entries(list_of)) {
      assert.deepEqual([places(to), options(to)], [places(from), options(from)], `${name}: ${from}`)
      for (const [, what] of to.matchAll(/\{\d:(\w+)\}/g)) assert.ok(['geo', 'place', 'item', 'emergency'].includes(what!), to)
      assert.ok(/[\u0600-\u06ff]/.test(to), from)
    }
  }
})

test('each text with each of its options is found again, as itself and not as another one', () => {
  const wrong: string[] = []
  for (const [from, to] of Object.entries(written_ur).flatMap(([a, b]) => variants(a, b))) {
    const value = (n: string) => (to.includes(`{${n}:geo}`) ? `24.8${n},-67.1` : 'v' + n)
    const english = from.replace(/\{(\d)\}/g, (_, n: string) => value(n))
    const urdu = to.replace(/\{(\d)(?::\w+)?\}/g, (_, n: string) => value(n))
    if (plain(sayRecord(english)) !== plain(urdu)) wrong.push(`${english}: ${plain(sayRecord(english))}, not ${plain(urdu)}`)
  }
  assert.deepEqual(wrong, [])
})

test('options: missing, one of several, one of them empty', () => {
  assert.deepEqual(variants('a[ b]', 'x[ y]'), [['a', 'x'], ['a b', 'x y']])
  assert.deepEqual(variants('a[1|2]', 'x[3|4]'), [['a1', 'x3'], ['a2', 'x4']])
  assert.deepEqual(variants('a[|1] b[ c]', 'x[|2] y[ z]').map(([it]) => it), ['a b', 'a b c', 'a1 b', 'a1 b c'])
})

/** Runs in Urdu, as the page has it when its language is loaded. */
function inUrdu(run: () => void): void {
  lang.value = 'ur'
  dir.value = 'rtl'
  sentences.value = said_ur
  written.value = written_ur
  try { run() } finally {
    lang.value = 'en'
    dir.value = 'ltr'
    sentences.value = written.value = {}
  }
}

test('a text of the server in an event is said in Urdu; what a person wrote, and the words in it, stay as they are', () => {
  const reason = 'inside the outer cordon C-1 for 164 s, 12 positions, accurate to 9 m, not checked in; calls itself EX-R7'
  assert.equal(eventText('unit.self_deployed', { via: 'cot', reason }, 'reason', reason), null, 'English is as it is written')
  inUrdu(() => {
    assert.equal(plain(eventText('unit.self_deployed', { via: 'cot', reason }, 'reason', reason)),
      'بیرونی گھیرے C-1 میں 164 سیکنڈ سے، 12 مقامات، درستی 9 میٹر، حاضری نہیں لگائی؛ نام EX-R7 بتاتا ہے')
    assert.equal(eventText('unit.self_deployed', { via: 'web', reason }, 'reason', reason), null, 'typed')
    assert.equal(eventText('decision.taken', { via: 'cot', text: reason }, 'text', reason), null, 'of another kind')
    const call = '911 Alert from EX-R7 at 24.8607000,67.0011000: help me from here'
    assert.equal(plain(eventText('report.received', { via: 'cot', report: 'EM-X', text: call }, 'text', call)),
      `${(en as Record<string, string>)['emergency.type.911 Alert']}، EX-R7 کی طرف سے، مقام 24.8607000,67.0011000: help me from here`)
    assert.equal(eventText('report.received', { via: 'cot', report: 'ML-X', text: call }, 'text', call), null, "a mission's log")
    const note = 'as seen; drawn with 1501 points, 630 were kept: none left out lies more than 0.04 m off the line'
    assert.ok(plain(eventText('cordon.set', { via: 'web', cause: 7, note }, 'note', note))!.startsWith('as seen؛ 1501 نقطوں'))
    const alarm = 'read and read back: 911 Alert from EX-R7, place not known'
    const alarm_said = eventText('alarm.raised', { via: 'system', text: alarm }, 'text', alarm)!
    assert.ok(!alarm_said.includes('read') && alarm_said.includes('کی طرف سے'), alarm_said)
    const typed = plain(eventText('alarm.raised', { via: 'system' }, 'text', 'read and read back: fire service from 2'))!
    assert.ok(typed.endsWith(': fire service from 2'), typed)
    assert.equal(eventText('report.received', { via: 'cot', report: 'EM-X' }, 'subject', 'emergency cancelled'), 'ہنگامی حالت منسوخ')
    assert.equal(eventText('report.received', { via: 'cot', report: 'CV-X' }, 'subject', 'emergency cancelled'), null)
    assert.equal(eventText('cordon.set', { via: 'web', note: 'fire' }, 'note', 'fire'), null)
  })
})

test('lines of a CASEVAC are said one by one, and what is in no list stays', () => {
  const text = '1 Place: 24.8,67.1\n3 Patients by precedence: urgent 2, priority 1\n6 Security: no enemy\nMIST: M fall'
  const it = { kind: 'casualty', id: 'CV-1', made: 1, changed: 1, fields: { text } }
  assert.equal(entityText(it, 'text'), text)
  inUrdu(() => {
    assert.equal(plain(entityText(it, 'text')), '1 مقام: 24.8,67.1\n3 مریض بلحاظ ترجیح: فوری 2, ترجیحی 1\n6 حفاظت: دشمن نہیں\nMIST: M fall')
    assert.equal(entityWritten({ ...it, id: 'C-1' }, 'text'), null, 'a person took it down')
    assert.equal(entityText({ ...it, kind: 'report', id: 'EM-1', fields: { text: 'fire' } }, 'text'), 'fire')
  })
})

test('what the list lacks is not guessed', () => {
  assert.equal(say('The moon is made of cheese and nobody asked.'), null)
  assert.equal(say(''), null)
  assert.equal(sayer({}, (_, value) => value)('is needed'), null)
})

test('names of fields that the server puts first have a word', () => {
  for (const field of Object.keys(incident.fields)) assert.ok((en as Record<string, string>)['field.' + field] && list['field.' + field], field)
})
