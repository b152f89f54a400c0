import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanced, axisMarks, countTo, figuresAt, isGrave, isStep, lateAt, nearest, nextStep, stepBefore, tickRow, toTimeline } from '../src/base/timeline'
import type { Happened } from '../src/base/timeline'
import { readTracks } from '../src/net/tracks'
import { differ } from '../src/state/differ'
import { toBook } from '../src/state/incident'
import { as_role, may_write, past_at } from '../src/state/moment'
import { emergencies, correctedBy, clearRecord, events, showRecord, takeEvent, takeSnapshot } from '../src/state/record'
import { clearUnits, showUnits, takePosition, takeUnits, units } from '../src/state/tracks'
import type { Unit } from '../src/state/tracks'
import { now } from '../src/state/clock'
import { call } from '../src/net/api'
import type { Entity } from '../src/net/incident'
import type { RecordEvent, UnitMessage } from '../src/net/protocol'

const MINUTE = 60_000
const happened = (seq: number, at: number, kind = 'zone.search_started', observed = 0): Happened => ({ seq, at, kind, observed })

test('a timeline is read as the server tells it', () => {
  const it = toTimeline({
    incident: 'EX-1', head: 9, cut: false, kinds: ['incident.opened', 'alarm.raised'], events: [[1, 100, 0, 0], [9, 200, 150, 1]], figures: [[100, 0, null, null, 4, 1, null]],
  })
  assert.deepEqual(it.events[1], { seq: 9, at: 200, observed: 150, kind: 'alarm.raised' })
  assert.deepEqual(it.figures[0], { at: 100, inside: 0, killed_lo: null, killed_hi: null, zones: 4, threat: 1, eod: null })
})

test('each kind stands in one row; only what is about a life now is grave', () => {
  assert.deepEqual(['decision.taken', 'mayday.declared', 'par.missed', 'par.acked', 'casualty.moved', 'detonation.reported', 'statement.released', 'task.done'].map(tickRow),
    ['command', 'mayday', 'mayday', 'clearance', 'harm', 'threat', 'said', 'rest'])
  assert.deepEqual(['mayday.declared', 'mayday.resolved', 'par.acked', 'threat.discounted'].map(isGrave), [true, false, false, false])
})

test('steps go from event to event, and pass over what the server says by itself', () => {
  const list = [happened(1, 100), happened(2, 200), happened(3, 200, 'alarm.raised'), happened(4, 300, 'alarm.raised'), happened(5, 400)]
  assert.deepEqual([99, 100, 200, 1000].map((at) => countTo(list, at)), [0, 1, 3, 5])
  assert.equal(nextStep(list, 200)?.seq, 5)
  assert.equal(nextStep(list, 400), undefined)
  assert.equal(stepBefore(list, 400)?.seq, 2)
  assert.equal(stepBefore(list, 200)?.seq, 1)
  assert.equal(stepBefore(list, 100), undefined)
  assert.equal(isStep(list[2]!), false)
})

test('late is what had been seen by then and was recorded after it', () => {
  const list = [happened(1, 100, 'report.received', 50), happened(2, 300, 'report.received', 90), happened(3, 300, 'report.received'), happened(4, 400, 'report.received', 250)]
  assert.deepEqual([40, 99, 100, 260, 500].map((at) => lateAt(list, at).map((it) => it.seq)), [[], [1, 2], [2], [2, 4], []])
})

test('figures hold until the next one', () => {
  const figures = [100, 200].map((at) => ({ at, inside: at, killed_lo: null, killed_hi: null, zones: null, threat: null, eod: null }))
  assert.deepEqual([50, 100, 199, 900].map((at) => figuresAt(figures, at)?.inside), [undefined, 100, 100, 200])
})

test('an axis has round times of the incident’s own clock, and not too many', () => {
  const offset = 5.5 * 60 * MINUTE
  for (const hours of [0.1, 1, 4, 26, 200]) {
    const marks = axisMarks(7 * MINUTE, 7 * MINUTE + hours * 60 * MINUTE, 9, offset)
    assert.ok(marks.length >= 1 && marks.length <= 10, `${hours}: ${marks.length}`)
    assert.ok(marks.every((at) => (at + offset) % MINUTE === 0))
  }
  assert.deepEqual(axisMarks(0, 60 * MINUTE, 3, 0).map((at) => at / MINUTE), [0, 30, 60])
})

test('a pointer means the nearest tick of its row, and none that is far', () => {
  const list = [happened(1, 100, 'decision.taken'), happened(2, 140, 'decision.taken'), happened(3, 118, 'mayday.declared')]
  const at = (event: Happened) => event.at
  assert.equal(nearest(list, 'command', 115, 20, at)?.seq, 1)
  assert.equal(nearest(list, 'command', 125, 20, at)?.seq, 2)
  assert.equal(nearest(list, 'command', 119, 5, at), undefined)
})

test('a replay moves by its speed and stops at now', () => {
  assert.equal(advanced(1_000, 100, 60, 1e9), 7_000)
  assert.equal(advanced(1_000, 16.7, 1, 1e9), 1_017)
  assert.equal(advanced(1_000, 100, 60, 5_000), 5_000)
})

const entity = (kind: string, id: string, changed: number, fields: Entity['fields']): Entity => ({ kind, id, made: 1, changed, fields })
const book = (entities: Entity[]) => toBook({ type: 'incident', id: 'EX', seq: 9, whole: true, entities, views: {} })

test('two moments differ in what came and in what is not as it was', () => {
  const before = book([entity('unit', 'EX-1', 3, { zone: 'A', recorded_at: 'x' }), entity('task', 'T-1', 4, { state: 'open' }), entity('alarm', 'a', 2, { state: 'open' })])
  const after = book([
    entity('unit', 'EX-1', 7, { zone: 'B', recorded_at: 'y', count: 4 }), entity('task', 'T-1', 4, { state: 'open' }),
    entity('alarm', 'a', 8, { state: 'acked' }), entity('mayday', 'M-1', 9, { unit: 'EX-1' }), entity('unit', 'EX-2', 8, { recorded_at: 'z' }),
  ])
  assert.deepEqual(differ(before, after).map((it) => [it.entity.id, it.made, it.fields]), [
    ['M-1', true, [{ name: 'unit', before: null, after: 'EX-1' }]],
    ['EX-1', false, [{ name: 'zone', before: 'A', after: 'B' }, { name: 'count', before: null, after: 4 }]],
  ])
  assert.deepEqual(differ(after, after), [])
})

/** As web-protocol.md draws it. */
function tracks(names: string, points: readonly number[][]): ArrayBuffer {
  const words = new TextEncoder().encode(names)
  const bytes = new ArrayBuffer(40 + words.length + 24 * points.length)
  const view = new DataView(bytes)
  view.setUint8(0, 2)
  view.setUint8(1, 1)
  view.setUint16(2, 24, true)
  view.setUint32(4, points.length, true)
  for (const [i, at] of [1_000, 9_000, 5_000].entries()) view.setBigInt64(8 + 8 * i, BigInt(at), true)
  view.setUint32(36, words.length, true)
  new Uint8Array(bytes).set(words, 40)
  points.forEach(([name, after, lat, lon, course, speed, ce], i) => {
    const at = 40 + words.length + 24 * i
    view.setUint32(at, name!, true)
    view.setUint32(at + 4, after!, true)
    view.setInt32(at + 8, lat!, true)
    view.setInt32(at + 12, lon!, true)
    view.setUint16(at + 16, course!, true)
    view.setUint16(at + 18, speed!, true)
    view.setUint8(at + 20, ce!)
  })
  return bytes
}

test('tracks are read as they are written, and nothing is read beyond their end', () => {
  const bytes = tracks('[["u","EX-Ü","a-f-G-U-C"]]', [[0, 500, 100_000_000, -660_000_000, 9_000, 150, 6], [0, 700, 1, 2, 65_535, 65_535, 255]])
  const it = readTracks(bytes)!
  assert.deepEqual([it.from, it.to, it.whole, it.names], [1_000, 9_000, 5_000, [['u', 'EX-Ü', 'a-f-G-U-C']]])
  assert.deepEqual([it.at[0], it.lat[0], it.lon[0], it.course[0], it.speed[0], it.ce[0]], [1_500, 10, -66, 90, 1.5, 6])
  assert.ok([it.course[1], it.speed[1], it.ce[1]].every(Number.isNaN))
  for (const size of [0, 39, 60, bytes.byteLength - 1]) assert.equal(readTracks(bytes.slice(0, size)), null)
})

test('while a past moment is shown units, record and time are of then, and the live ones go on', async () => {
  clearUnits()
  clearRecord()
  const message: UnitMessage = {
    n: 1, uid: 'u', callsign: 'EX-LIVE', type: 'a-f-G-U-C', how: '', presence: true, online: true, agency: '', team: '', role: '', battery: null, device: '', user: '',
    lat: 1, lon: 1, hae: null, ce: null, speed: null, course: null, time: 0, seen: 0, stale: 60_000, remarks: '', groups: [],
  }
  takeUnits([message])
  const event = (seq: number, prev: number, kind: string, more: Partial<RecordEvent>): RecordEvent => ({ seq, prev, kind, at: seq, observed: null, ...more })
  takeSnapshot({ type: 'snapshot', now: 0, seq: 5, server: { name: '', version: '' }, units: [], emergencies: [], clients: [], alarms: [], events: [event(5, 0, 'report.received', { fields: {} })] }, null)
  takeEvent(event(6, 5, 'report.received', { fields: { supersedes: 5 } }))
  assert.equal(correctedBy(5), 6)

  const then = { ...units.get(1)!, callsign: 'EX-THEN' } as Unit
  past_at.value = 1234
  showUnits({ units: new Map([[1, then]]), by_uid: new Map([['u', then]]) })
  showRecord({ row: 5, events: [...events].slice(0, 1), emergencies: [], reached_start: true, takeOlder: () => undefined })
  takePosition(1, 2, 2, 0, 0, 0, NaN, 5)
  takeEvent(event(7, 6, 'emergency.raised', { data: { uid: 'e', unit_uid: 'u' } }))
  assert.equal(units.get(1)!.callsign, 'EX-THEN')
  assert.equal(now.value, 1234)
  assert.deepEqual([events.length, emergencies.value.length, correctedBy(5)], [1, 0, undefined])
  assert.equal(may_write.value, false)
  assert.equal((await call('POST', '/api/chat', {})).ok, false)

  past_at.value = null
  showUnits(null)
  showRecord(null)
  assert.deepEqual([units.get(1)!.callsign, units.get(1)!.lat, events.length, emergencies.value.length, correctedBy(5)], ['EX-LIVE', 2, 3, 1, 6])
  assert.equal(as_role.value, '')
})
