import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latOf, latLonText, lonOf, mercatorX, mercatorY, mgrsText } from '../src/base/geo'
import { layout } from '../src/map/layout'
import type { UnitMessage } from '../src/net/protocol'
import { note, attention } from '../src/state/attention'
import { inPlace } from '../src/ui/steady'
import { live_alarms, live_emergencies } from '../src/state/record'
import { PastTracks } from '../src/state/past_tracks'
import { clearUnits, codeOf, dropUnits, silence, takePosition, takeUnits, units, units_by_uid } from '../src/state/tracks'

function unit(n: number, more: Partial<UnitMessage> = {}): UnitMessage {
  return {
    n, uid: 'u' + n, callsign: 'RGR-' + n, type: 'a-f-G', how: '', presence: true, online: true, agency: '', team: '', role: '', battery: null,
    device: '', user: '', lat: 1, lon: 1, hae: null, ce: null, speed: null, course: null, time: 1000, seen: 500_000, stale: 61_000, remarks: '',
    groups: [], ...more,
  }
}

test('places are written as on the radio', () => {
  assert.equal(latLonText(10, 20), '10.00000 N 20.00000 E')
  assert.equal(mgrsText(10, 20), '34P CS 9039 0557')
  assert.equal(mgrsText(0, 0), '31N AA 6602 0000')
  assert.equal(mgrsText(38.8977, -77.0365), '18S UJ 2339 0739')
  assert.equal(mgrsText(89, 0), '')
  assert.ok(Math.abs(lonOf(mercatorX(-122.4)) + 122.4) < 1e-9)
  assert.ok(Math.abs(latOf(mercatorY(37.7)) - 37.7) < 1e-9)
})

test('silence is judged by the span that the sender promised, on the server\'s clock', () => {
  clearUnits()
  takeUnits([unit(1)])
  const it = units.get(1)!
  assert.equal(silence(it, 560_000), 0)
  assert.equal(silence(it, 560_001), 1)
  assert.equal(silence(it, 620_001), 2)
  takePosition(1, 2, 2, NaN, NaN, NaN, NaN, 700_000)
  assert.equal(silence(it, 701_000), 0)
})

test('a unit keeps its object; what is gone is gone', () => {
  clearUnits()
  takeUnits([unit(1), unit(2)])
  const it = units.get(1)
  takeUnits([unit(1, { callsign: 'RGR-9' })])
  assert.ok(units.get(1) === it)
  assert.equal(units_by_uid.get('u1')!.callsign, 'RGR-9')
  dropUnits([1])
  assert.equal(units_by_uid.has('u1'), false)
  assert.equal(units.size, 1)
})

test('the code is the agency, else what the callsign begins with', () => {
  assert.equal(codeOf('Ambulance', 'X'), 'AMBU')
  assert.equal(codeOf('', 'rgr-3'), 'RGR')
  assert.equal(codeOf('', '7'), '7')
  assert.equal(codeOf('', 'ایمبولینس 2'), 'ایمب')
})

function place(list: { n: number; x: number; y: number; rank: number }[], labels = true) {
  clearUnits()
  takeUnits(list.map((it) => unit(it.n)))
  for (const it of list) Object.assign(units.get(it.n)!, { x: it.x, y: it.y })
  const rank = new Map(list.map((it) => [it.n, it.rank]))
  return layout({ units: units.values(), resolution: 1, half_w: 18, half_h: 12, labels, width: () => 50, rank: (it) => rank.get(it.n)! })
}

test('units at one place share a symbol; one that calls for help never disappears in it', () => {
  const placed = place([{ n: 1, x: 0, y: 0, rank: 1 }, { n: 2, x: 3, y: 3, rank: 1 }, { n: 3, x: 1, y: 1, rank: 0 }, { n: 4, x: 300, y: 0, rank: 1 }])
  assert.deepEqual(placed.map((it) => it.unit.n), [3, 4])
  assert.equal(placed[0]!.others.length, 2)
})

test('symbols that would touch share one, at every distance', () => {
  assert.equal(place([{ n: 1, x: 0, y: 0, rank: 2 }, { n: 2, x: 35, y: 0, rank: 2 }]).length, 1)
  assert.equal(place([{ n: 1, x: 0, y: 0, rank: 2 }, { n: 2, x: 36, y: 0, rank: 2 }]).length, 2)
})

test('a name stands where it touches nothing, else nowhere; the important ones choose first', () => {
  const beside = place([{ n: 1, x: 0, y: 0, rank: 2 }, { n: 2, x: 60, y: 0, rank: 2 }])
  assert.deepEqual(beside.map((it) => it.label!.dx), [-75, 25])
  const crowd = place(Array.from({ length: 400 }, (_, i) => ({ n: i + 1, x: (i % 20) * 40, y: Math.floor(i / 20) * 27, rank: i === 210 ? 0 : 1 + (i % 2) })))
  const boxes = crowd.flatMap((it) => {
    const frame = [it.px - 18, it.py - 12, it.px + 18, it.py + 12]
    return it.label && it.rank > 0 ? [frame, [it.px + it.label.dx, it.py + it.label.dy - 9, it.px + it.label.dx + 50, it.py + it.label.dy + 9]] : [frame]
  })
  const touch = (a: number[], b: number[]) => a[0]! < b[2]! && b[0]! < a[2]! && a[1]! < b[3]! && b[1]! < a[3]!
  for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) assert.ok(!touch(a, b), `${a} and ${b}`)
  assert.ok(crowd[0]!.label, 'who calls for help has a name in any case')
  assert.ok(crowd.some((it) => it.label && it.rank > 0))
})

test('the letters of a place move out of the way; far away no name is sought', () => {
  clearUnits()
  takeUnits([unit(1), unit(2)])
  Object.assign(units.get(1)!, { x: 0, y: 0 })
  Object.assign(units.get(2)!, { x: 5000, y: 0 })
  const mark = { px: 0, py: 16, width: 40, at: { dx: 0, dy: 0 } }
  const placed = layout({
    units: units.values(), resolution: 1, half_w: 18, half_h: 12, labels: true, width: () => 50, rank: () => 2,
    marks: [mark], near: { x0: -100, y0: -100, x1: 100, y1: 100 },
  })
  assert.deepEqual(mark.at, { dx: 0, dy: 15 })
  assert.deepEqual(placed.map((it) => it.label?.dx), [25, undefined])
  Object.assign(mark, { px: 20, py: 5 })
  layout({ units: units.values(), resolution: 1, half_w: 18, half_h: 12, labels: true, width: () => 50, rank: () => 2, marks: [mark] })
  assert.deepEqual(mark.at, { dx: 26, dy: 0 })
})

test('emergencies come before alarms; a noted alarm asks again when it changes', () => {
  const alarm = { id: 'journal', level: 'crit' as const, text: 'not writing', since: 1 }
  live_alarms.value = [alarm]
  live_emergencies.value = [{ uid: 'e', unit_uid: 'u', from: '', type: '', text: '', lat: null, lon: null, raised: 5, acknowledged_by: null, acknowledged: null }]
  assert.deepEqual(attention.value.map((it) => it.id), ['emergency:e', 'alarm:journal'])
  note(alarm)
  assert.equal(attention.value[1]!.level, 'calm')
  live_alarms.value = [{ ...alarm, text: 'still not writing' }]
  assert.equal(attention.value[1]!.level, 'crit')
})

test('nothing moves under the pointer: what is new goes below', () => {
  const list = attention.value
  assert.deepEqual(inPlace(list, (it) => it.id, new Map([['alarm:journal', 0]])).map((it) => it.id), ['alarm:journal', 'emergency:e'])
})

test('in the past a unit has no team and no role: nobody wrote down what its phone said then', () => {
  takeUnits([unit(1, { agency: 'EX', team: 'Cyan', role: 'Medic' })])
  const past = new PastTracks()
  past.draw([{ uid: 'u1', type: 'a-f-G-U-C', callsign: 'RGR-1', lat: 10, lon: 66, at: 1 }])
  const { agency, team, role } = past.by_uid.get('u1')!
  assert.deepEqual([agency, team, role], ['EX', '', ''])
  clearUnits()
})
