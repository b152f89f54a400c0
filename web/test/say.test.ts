import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Claim, Counter, Entity, Fields } from '../src/net/incident'
import { figureOf, fits, hospitals, namesHeld, shownCounters, sourceRows } from '../src/state/casualties'
import { asText, factsOf, nextNumber, pairsOf, tongueOf, versionOf, worst } from '../src/state/statements'

const make = (kind: string, id: string, made: number, fields: Fields): Entity => ({ kind, id, made, changed: made, fields })
const line = (id: string, fields: Fields) => make('line', id, 1, fields)

test('lines of one number are a pair, whatever the order; what stands alone stands alone', () => {
  const pairs = pairsOf([
    line('b', { number: '2', lang: 'ur', text: 'ب' }), line('a', { number: '1', lang: 'en', text: 'a', facts: ['F-1'] }),
    line('c', { number: '1', text: 'سڑک', facts: ['F-1', 'F-2'] }), line('x', { text: 'no number' }),
    line('d', { number: '1', lang: 'en', text: 'a second one' }), line('gone', { number: '3', text: 'z', state: 'dropped' }),
  ])
  assert.deepEqual(pairs.map((pair) => [pair.number, pair.en?.id, pair.ur?.id]), [['1', 'a', 'c'], ['2', undefined, 'b'], ['x', 'x', undefined], ['d', 'd', undefined]])
  assert.deepEqual(factsOf(pairs[0]!), ['F-1', 'F-2'])
  assert.equal(nextNumber(pairs), '3')
  assert.equal(nextNumber([]), '1')
  assert.equal(tongueOf(line('e', { text: 'Road شاہراہ closed' })), 'ur')
  assert.equal(asText('HEAD', pairs.slice(0, 2), 'FOOT'), 'HEAD\n\na\n\nسڑک\nب\n\nFOOT')
})

test('a correction is one version more, before it is out and after', () => {
  const first = make('statement', 'ST-1', 1, { replaces: 'ST-2' })
  const second = make('statement', 'ST-2', 5, { replaces: 'ST-1' })
  const third = make('statement', 'ST-3', 9, { replaces: 'ST-2' })
  assert.deepEqual(['ST-1', 'ST-2', 'ST-3'].map((id) => versionOf(id, [first, second, third])), [1, 2, 3])
  assert.equal(versionOf('ST-2', [make('statement', 'ST-1', 1, {}), second]), 2)
})

test('the worst light speaks for all', () => {
  assert.equal(worst([]), null)
  assert.equal(worst([{ light: 'green' }, { light: 'red' }, { light: 'amber' }]), 'red')
  assert.equal(worst([{ light: 'green' }, { light: 'amber' }]), 'amber')
})

const claim = (source: string, lo: number | null, is: Claim['is'], at: string, categories = {}): Claim =>
  ({ event: 1, report: 'R', source, source_kind: 'media', lo, hi: lo, as_of: `2026-01-01T${at}:00.000Z`, grade: 'B2', is, shift: 0, categories })
const counter = (claims: Claim[]): Counter =>
  ({ lo: null, hi: null, known: claims.length > 0, agreed: false, sources: 0, values: 0, confirmed: null, accepted: null, accepted_event: null, claims })

test('one row a source, the latest on top; a split beside a figure is the same cell', () => {
  const all = {
    killed: counter([claim('a', 4, 'used', '20:00'), claim('a', null, 'used', '20:01', { police: 2 }), claim('b', 2, 'superseded', '19:00'), claim('b', 5, 'used', '21:00')]),
    injured: counter([claim('c', 9, 'overtaken', '22:00')]), missing: counter([]), evacuated: counter([]), attackers: counter([claim('a', 3, 'used', '18:00')]),
  }
  const rows = sourceRows(all, ['killed', 'injured', 'attackers'])
  assert.deepEqual(rows.map((row) => [row.source, [...row.by.keys()]]), [['b', ['killed']], ['a', ['killed', 'attackers']]])
  assert.equal(figureOf(rows[1]!.by.get('killed')!)!.lo, 4)
  assert.deepEqual(shownCounters(all), ['killed', 'injured', 'missing', 'attackers'])
})

test('names held, hospitals and filters count persons once', () => {
  const person = (id: string, fields: Fields) => make('casualty', id, 1, fields)
  const people = [
    person('1', { source: 'a', state: 'died' }), person('2', { source: 'a', state: 'at-hospital', was_injured: true, destination: 'H', triage: 'minor' }),
    person('3', { source: 'b', state: 'transported', was_injured: true, destination: 'H' }), person('4', { source: 'a', state: 'merged', was_injured: true, destination: 'H' }),
  ]
  assert.equal(namesHeld('a', 'killed', people), 1)
  assert.equal(namesHeld('a', 'injured', people), 1)
  assert.equal(namesHeld('a', 'attackers', people), null)
  assert.deepEqual(hospitals(people).map((it) => [it.name, it.sent, it.arrived, [...it.triage]]), [['H', 2, 1, [['minor', 1], ['untriaged', 1]]]])
  assert.ok(fits(people[2]!, { triage: 'untriaged', state: '', place: 'here' }, 'here'))
  assert.ok(!fits(people[2]!, { triage: 'minor', state: '', place: '' }, ''))
})
