import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clockText, counterText, typedTime } from '../src/base/format'
import { closed, isClosed, parsePlace, parseShape, shapeText } from '../src/base/place'
import { time_zone } from '../src/base/zone'
import { parseWhen } from '../src/entry/when'
import { heardClock, heardEvent, pace, serverNow } from '../src/state/clock'
import { session } from '../src/state/session'

test('a place is typed as degrees, with sides, or as a grid', () => {
  assert.deepEqual(parsePlace('10.5, 66.25'), { lat: 10.5, lon: 66.25 })
  assert.deepEqual(parsePlace('-10.5,-66.25'), { lat: -10.5, lon: -66.25 })
  assert.deepEqual(parsePlace('10.5 S 66.25 W'), { lat: -10.5, lon: -66.25 })
  const grid = parsePlace('41P RM 2891 0715')!
  assert.ok(Math.abs(grid.lat - 10.00221) < 2e-4 && Math.abs(grid.lon - 65.99993) < 2e-4, JSON.stringify(grid))
  for (const wrong of ['', 'north', '91, 10', '10, 181', '10', '41P RM 289 0715', '10.5, 66.25, 3']) assert.equal(parsePlace(wrong), null, wrong)
})

test('a shape is several places, and anything that is none refuses all of it', () => {
  assert.equal(parseShape('10.000000,66.000000 10.001000,66.000000')!.length, 2)
  assert.equal(parseShape('10, 66\n10.001, 66\n41P RM 2891 0715')!.length, 3)
  assert.equal(parseShape('10,66; 10.1,66')!.length, 2)
  for (const wrong of ['', '10,66 north', '10,66\nnorth', 'x 10,66 10,67']) assert.equal(parseShape(wrong), null, wrong)
  const triangle = parseShape('10,66 10,67 11,66')!
  assert.equal(isClosed(triangle), false)
  assert.equal(isClosed(closed(triangle)), true)
  assert.equal(closed(closed(triangle)).length, 4)
  assert.equal(shapeText(parseShape('10,66 10,67')!), '10.000000,66.000000 10.000000,67.000000')
  assert.equal(parseShape(Array(1001).fill('10,66').join(' ')), null)
})

test('times stand in the zone of the incident, and are typed in it', () => {
  const at = Date.parse('2023-02-17T16:44:05Z')
  for (const zone of ['+05:00', 'Asia/Karachi']) {
    time_zone.value = zone
    assert.equal(clockText(at), '21:44:05', zone)
    assert.equal(typedTime(at), '2023-02-17 21:44:05', zone)
    assert.equal(parseWhen('21:44', at), Date.parse('2023-02-17T16:44:00Z'), zone)
    assert.equal(parseWhen('2023-02-17 23:30', at), Date.parse('2023-02-17T18:30:00Z'), zone)
  }
  // Over a change to summer time: 03:30 is that of the new time.
  time_zone.value = 'Europe/Berlin'
  assert.equal(parseWhen('2026-03-29 03:30', at), Date.parse('2026-03-29T01:30:00Z'))
  assert.equal(clockText(Date.parse('2026-03-29T00:30:00Z')), '01:30:00')
  time_zone.value = 'Nowhere/None'
  assert.ok(/^\d\d:44:05$/.test(clockText(at)))
  time_zone.value = ''
})

const server = (exercise: boolean) => { session.value = { needs_setup: false, server: { name: 'EX', version: '0', exercise }, operator: null, csrf: '' } }

test('late messages of a real server are no pace: nothing real is called an exercise', () => {
  server(false)
  const start = Date.parse('2026-02-17T14:12:00Z')
  for (let s = 0; s <= 12; s += 3) heardClock(start + s * 2_000, 1_000 + s * 1000)
  assert.equal(pace.value, 1)
})

test('a fast clock is followed between two messages, one passed stretch is no pace', () => {
  server(true)
  const start = Date.parse('2023-02-17T16:00:00Z')
  for (let s = 0; s <= 12; s += 3) heardClock(start + s * 60_000, 1_000 + s * 1000)
  assert.equal(pace.value, 60)
  assert.equal(serverNow(14_000), start + 13 * 60_000)
  // What was recorded later than that has happened.
  heardEvent(start + 13.5 * 60_000, 14_000)
  assert.equal(serverNow(14_000), start + 13.5 * 60_000)
  // Ten quiet minutes are passed over: the pace stays.
  heardClock(start + 25 * 60_000, 16_000)
  assert.equal(pace.value, 60)
  for (let s = 0; s <= 12; s += 3) heardClock(start + 30 * 60_000 + s * 1000, 20_000 + s * 1000)
  assert.equal(pace.value, 1)
})

test('a counter that has gone for days tells days', () => {
  assert.equal(counterText(124_000), '02:04')
  assert.equal(counterText(99 * 3_600_000 + 59_000), '99:00:59')
  assert.equal(counterText(100 * 3_600_000), '4 d')
})
