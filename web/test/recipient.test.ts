import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseIncident, clearIncidents, expectIncidents, takeIncident } from '../src/state/incident'
import { addressee, addressTo, giveBack, whyHeld } from '../src/state/recipient'
import { session } from '../src/state/session'
import { draft, recipient } from '../src/state/view'

const incident = (id: string, made: number) => takeIncident({
  type: 'incident', id, seq: made, whole: true, views: {}, entities: [{ kind: 'incident', id, made, changed: made, fields: {} }],
})

function begin(to: string): void {
  session.value = { needs_setup: false, server: { name: '', version: '' }, operator: { name: 'Duty', role: 'admin' }, csrf: 'x' }
  clearIncidents()
  chooseIncident('')
  draft.value = ''
  recipient.value = to
}

const says = (words: string) => assert.ok(whyHeld().includes(words), words)

test('a server that has no incident: a line is for all; one that was not heard yet may have a log', () => {
  begin('log')
  assert.equal(addressee.value.to, 'log')
  draft.value = 'EX'
  says('not there yet')
  expectIncidents(false)
  says('no log')
  assert.equal(addressee.value.to, 'all')
  assert.equal(whyHeld(), '')
})

test('a line that was begun for the log waits for that log when the server starts again', () => {
  begin('log')
  incident('EX-1', 1)
  draft.value = 'EX the informer'
  clearIncidents()
  expectIncidents(false)
  for (const _ of [1, 2]) says('not there yet')
  assert.equal(addressee.value.to, 'log')
  incident('EX-1', 1)
  assert.equal(whyHeld(), '')
  // Nor is one for all that is begun while nothing is there.
  draft.value = ''
  clearIncidents()
  assert.equal(addressee.value.to, 'log')
})

test('a line that was begun for one incident is not written to another before that was said', () => {
  begin('log')
  incident('EX-1', 1)
  draft.value = 'E'
  incident('EX-2', 2)
  draft.value = 'EX'
  says('EX-2')
  assert.equal(whyHeld(), '')
  assert.deepEqual(addressee.value, { to: 'log', incident: 'EX-2' })
  giveBack('EX', { to: 'log', incident: 'EX-1' })
  says('EX-2')
})

test('who may not write to the log any more is told, and the next Enter is for all', () => {
  begin('log')
  incident('EX-1', 1)
  draft.value = 'EX'
  session.value = { ...session.value!, operator: { ...session.value!.operator!, may_not: ['report.received'] } }
  says('no log')
  assert.equal(addressee.value.to, 'all')
  assert.equal(whyHeld(), '')
})

test('who chose all, or one unit, is held by nothing; who chooses anew is heard', () => {
  begin('all')
  incident('EX-1', 1)
  draft.value = 'EX'
  incident('EX-2', 2)
  clearIncidents()
  assert.deepEqual([whyHeld(), addressee.value.to], ['', 'all'])
  addressTo('log')
  says('not there yet')
  addressTo('UNIT-1')
  assert.deepEqual([whyHeld(), addressee.value.to], ['', 'UNIT-1'])
})
