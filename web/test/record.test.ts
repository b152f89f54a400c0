import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordEvent, Snapshot } from '../src/net/protocol'
import { clearRecord, emergencies, events, lastSeq, reached_start, takeEvent, takeOlder, takeSnapshot } from '../src/state/record'

function event(seq: number, prev: number, kind = 'chat.said', data: Record<string, unknown> = {}): RecordEvent {
  return { seq, prev, kind, at: seq * 1000, observed: null, data }
}

function snapshot(seq: number, list: RecordEvent[]): Snapshot {
  return { type: 'snapshot', now: 0, seq, server: { name: '', version: '' }, units: [], emergencies: [], events: list, clients: [], alarms: [] }
}

const seqs = () => events.map((it) => it.seq)

test('an event that does not follow the last one is a gap', () => {
  clearRecord()
  takeSnapshot(snapshot(5, [event(5, 3)]), null)
  assert.ok(takeEvent(event(9, 5)))
  assert.equal(takeEvent(event(14, 11)), false)
  assert.deepEqual(seqs(), [5, 9])
  assert.equal(lastSeq(), 9)
})

test('an event that is known already changes nothing', () => {
  clearRecord()
  takeSnapshot(snapshot(5, [event(5, 0)]), null)
  assert.ok(takeEvent(event(5, 0)))
  assert.deepEqual(seqs(), [5])
})

test('a resume goes on from what the page has', () => {
  clearRecord()
  takeSnapshot(snapshot(5, [event(5, 3)]), null)
  takeSnapshot(snapshot(9, [event(7, 5), event(9, 7)]), 5)
  assert.deepEqual(seqs(), [5, 7, 9])
  takeSnapshot(snapshot(9, []), 9)
  assert.deepEqual(seqs(), [5, 7, 9])
})

test('a whole picture replaces what does not fit', () => {
  clearRecord()
  takeSnapshot(snapshot(5, [event(5, 3)]), null)
  takeSnapshot(snapshot(9000, [event(9000, 8999)]), 5)
  assert.deepEqual(seqs(), [9000])
  takeSnapshot(snapshot(2, [event(2, 0)]), 9000)
  assert.deepEqual(seqs(), [2])
  assert.equal(lastSeq(), 2)
  assert.ok(reached_start.value)
})

test('older events come before, once', () => {
  clearRecord()
  takeSnapshot(snapshot(9, [event(9, 7)]), null)
  takeOlder([event(5, 0), event(7, 5), event(9, 7)])
  assert.deepEqual(seqs(), [5, 7, 9])
  assert.ok(reached_start.value)
})

test('an emergency is raised, acknowledged and cancelled by events', () => {
  clearRecord()
  takeSnapshot(snapshot(0, []), null)
  takeEvent(event(1, 0, 'emergency.raised', { uid: 'e', unit_uid: 'u', from: 'A-1', type: '911 Alert', lat: 1, lon: 2 }))
  assert.equal(emergencies.value[0]!.acknowledged_by, null)
  takeEvent(event(2, 1, 'emergency.acknowledged', { uid: 'e', by: 'Duty' }))
  assert.equal(emergencies.value[0]!.acknowledged_by, 'Duty')
  takeEvent(event(3, 2, 'emergency.cancelled', { uid: 'e' }))
  assert.deepEqual(emergencies.value, [])
})
