import assert from 'node:assert/strict'
import { test } from 'node:test'
import en from '../src/i18n/en.json'
import { joinPosition, isFresh, several, toFields } from '../src/entry/convert'
import { parseWhen } from '../src/entry/when'
import { offered, specOf, startOf } from '../src/entry/forms'
import { keyOf, schema, wordsOf } from '../src/entry/schema'

const NOW = new Date(2026, 1, 17, 21, 52, 8).getTime()
const at = (h: number, m: number, day = 17) => new Date(2026, 1, day, h, m).getTime()
const words = en as Record<string, string>

test('a time is the one nearest to now, or minutes from now, or a date', () => {
  const rows: [string, number][] = [
    ['21:44', at(21, 44)], ['2144', at(21, 44)], ['9:05', at(9, 5, 18)], ['23:10', at(23, 10)], ['-5', NOW - 300_000], ['+20', NOW + 1_200_000],
    ['2026-02-16 08:30', at(8, 30, 16)], [' 21:44 ', at(21, 44)],
  ]
  for (const [typed, expected] of rows) assert.equal(parseWhen(typed, NOW), expected, typed)
  assert.equal(parseWhen('0:10', NOW), at(0, 10, 18))
  for (const typed of ['', '24:00', '21:60', 'soon', '21', '-', '2026-02-16']) assert.ok(Number.isNaN(parseWhen(typed, NOW)), typed)
})

test('several values are split once each', () => {
  assert.deepEqual(several('a; b\nc;;a '), ['a', 'b', 'c'])
})

test('what is typed becomes fields of their types', () => {
  const made = toFields('count.claimed', {
    report: 'R-1', counter: 'killed', lo: ' 3 ', hi: '', hi_open: true, as_of: '21:40', source: 'EX-A', grade: 'B2', categories: { police: '2', public: '' },
    observed_at: '21:30', about: true, text: '  ',
  }, 'report', NOW)
  assert.deepEqual(made, {
    fields: {
      report: 'R-1', counter: 'killed', lo: 3, hi_open: true, as_of: new Date(at(21, 40)).toISOString(), source: 'EX-A', grade: 'B2', categories: { police: 2 },
      observed_at: new Date(at(21, 30)).toISOString(), unc_s: 900,
    },
  })
})

test('blank is not zero: a number that is not typed is left out, and said to be needed', () => {
  assert.deepEqual(toFields('count.claimed', { report: 'R-1', counter: 'killed', as_of: '21:40' }, 'report', NOW), { field: 'lo', wrong: 'needed' })
  assert.deepEqual(toFields('casualty.reported', { casualty: ' ', category: 'police' }, 'casualty', NOW), { field: 'casualty', wrong: 'needed' })
})

test('what is not a number or a time is named', () => {
  const base = { report: 'R-1', counter: 'killed', lo: '3', as_of: '21:40' }
  assert.deepEqual(toFields('count.claimed', { ...base, lo: '3.5' }, 'report', NOW), { field: 'lo', wrong: 'whole' })
  assert.deepEqual(toFields('count.claimed', { ...base, lo: '-1' }, 'report', NOW), { field: 'lo', wrong: 'whole' })
  assert.deepEqual(toFields('count.claimed', { ...base, as_of: 'late' }, 'report', NOW), { field: 'as_of', wrong: 'time' })
  assert.deepEqual(toFields('count.claimed', { ...base, categories: { police: 'two' } }, 'report', NOW), { field: 'categories', wrong: 'whole' })
  assert.deepEqual(toFields('incident.opened', { incident: 'I', name: 'n', type: 'fire', lat: 'north' }, 'incident', NOW), { field: 'lat', wrong: 'place' })
  assert.deepEqual(toFields('cordon.set', { cordon: 'K', cordon_kind: 'inner', shape: '10,66' }, 'cordon', NOW), { field: 'shape', wrong: 'shape' })
})

test('a place is one line, and a shape goes out as the record has them', () => {
  const point = { point: 'P-1', point_kind: 'icp', place: 'yard' }
  assert.deepEqual(toFields('point.set', { ...point, lat: '10.0032, 66' }, 'point', NOW), { fields: { ...point, lat: 10.0032, lon: 66 } })
  assert.deepEqual(joinPosition({ lat: '10.0032', lon: '66', place: 'yard' }), { lat: '10.0032, 66', place: 'yard' })
  const cordon = { cordon: 'K-1', cordon_kind: 'inner' }
  const made = toFields('cordon.set', { ...cordon, shape: '10 N 66 E\n10.001, 66\n10,66.001\n10,66' }, 'cordon', NOW)
  assert.deepEqual(made, { fields: { ...cordon, shape: '10.000000,66.000000 10.001000,66.000000 10.000000,66.001000 10.000000,66.000000' } })
})

test('lists, references and new sources go out as the server takes them', () => {
  const made = toFields('message.sent', { message: 'M-1', to: 'EX-A; EX-B', text: 'Hold', priority: 'urgent' }, 'message', NOW)
  assert.deepEqual(made, { fields: { message: 'M-1', to: ['EX-A', 'EX-B'], text: 'Hold', priority: 'urgent' } })
  assert.deepEqual(toFields('par.called', { par: 'PAR-1', reason: 'r', units: ['EX-1'] }, 'par', NOW), { fields: { par: 'PAR-1', reason: 'r', units: ['EX-1'] } })
  const fresh = { name: ' EX-Caller ', word: 'caller' }
  assert.ok(isFresh(fresh))
  assert.deepEqual(toFields('unit.checked_in', { unit: 'U', agency: fresh }, 'unit', NOW), { fields: { unit: 'U', agency: 'EX-Caller' } })
})

test('each form asks for fields that its kind has, and for all that it needs', () => {
  const envelope = new Set(['source', 'grade', 'observed_at', 'role', 'on_behalf_of'])
  const slashes = new Set<string>()
  for (const spec of offered) {
    const info = schema.kinds[spec.kind]!
    const known = new Set([...info.fields.map((field) => field.name), keyOf(spec.kind), ...envelope])
    for (const name of [...spec.first, ...(spec.hide ?? []), ...Object.keys(startOf(spec, {}))]) assert.ok(known.has(name), `${spec.kind}: ${name}`)
    assert.ok(!slashes.has(spec.slash), spec.slash)
    slashes.add(spec.slash)
    if (spec.numbered) assert.equal(info.mode === 'MAKE' || info.mode === 'EITHER', true, spec.kind)
    // A thing that is made has an id that is typed or made up.
    if (info.mode === 'MAKE' && keyOf(spec.kind) !== 'incident') assert.ok(spec.numbered || spec.first.includes(keyOf(spec.kind)), spec.kind)
  }
  assert.ok(offered.length > 100)
  assert.equal(specOf('unit.routed').slash, 'unit.routed')
})

test('each kind, field and word of the server has its own word here', () => {
  for (const kind of Object.keys(schema.kinds)) assert.ok(words['kind.' + kind], kind)
  for (const field of Object.keys(schema.fields)) assert.ok(words['field.' + field], field)
  for (const list of Object.values(schema.words)) for (const word of list) assert.ok(words['word:' + word], word)
  assert.ok(wordsOf('counter').includes('killed'))
})

test('no word of the page promises that a place is safe', () => {
  for (const [key, text] of Object.entries(words)) {
    if (key !== 'word:safety') assert.ok(!/\bsafe\b|\bsafely\b/i.test(text), `${key}: ${text}`)
  }
})
