import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordEvent, UnitMessage } from '../src/net/protocol'

// Preferences are read from the address when they are loaded; the clock ticks for ever, which must not keep a test alive.
const later = (run: () => void, ms?: number) => (setTimeout(run, ms) as unknown as { unref(): unknown }).unref()
Object.assign(globalThis, { location: { search: '', hash: '' }, window: { setTimeout: later, devicePixelRatio: 1 } })
const { lines_read, readLines, search } = await import('../src/state/search')
const { takeIncident } = await import('../src/state/incident')
const { events, takeSnapshot } = await import('../src/state/record')
const { takeUnits, clearUnits } = await import('../src/state/tracks')
const { shown_event, screen } = await import('../src/state/view')
const { sidcOf } = await import('../src/map/app6')

function unit(n: number, callsign: string): UnitMessage {
  return {
    n, uid: `ANDROID-${n}`, callsign, type: 'a-f-G', how: '', presence: true, online: true, agency: 'EX-police', team: '', role: '', battery: null, device: '',
    user: '', lat: 1, lon: 1, hae: null, ce: null, speed: null, course: null, time: 0, seen: 0, stale: 1, remarks: '', groups: [],
  }
}

const entity = (kind: string, id: string, made: number, fields: Record<string, string | number>) => ({ kind, id, made, changed: made, fields })
const groupOf = (words: string, group: string) => search(words, []).find((it) => it.group === group)?.found ?? []

takeIncident({
  type: 'incident', id: 'EX-1', seq: 9, whole: true, views: {},
  entities: [
    entity('incident', 'EX-1', 1, { name: 'Exercise' }), entity('cordon', 'K-1', 2, { name: 'Inner cordon', cordon_kind: 'inner', shape: '10,66 10,67 11,66 10,66' }),
    entity('casualty', 'C-12', 3, { tag: 'EX-77', triage: 'immediate', state: 'reported' }), entity('task', 'TK-1', 4, { text: 'Open the east gate', state: 'open' }),
    entity('decision', 'D-1', 5, { text: 'Floors 3 and 4 wait' }), entity('level', 'B1/2', 6, { structure: 'B1', ordinal: 2 }), entity('zone', 'B1/2/A', 7, { level: 'B1/2', name: 'A' }),
    entity('fact', 'F-1', 8, { text: 'The road is closed' }),
  ],
})

test('each thing is found in its group, by its words or its tag', () => {
  clearUnits()
  takeUnits([unit(1, 'EX-RGR-3'), unit(2, 'EX-AMB-4')])
  assert.deepEqual(groupOf('rgr', 'units').map((it) => it.title), ['EX-RGR-3'])
  assert.deepEqual(groupOf('inner', 'places').map((it) => it.title), ['Inner cordon'])
  assert.deepEqual(groupOf('ex-77', 'people').map((it) => it.key), ['casualty/C-12'])
  assert.deepEqual(groupOf('EAST gate', 'tasks').map((it) => it.key), ['task/TK-1'])
  assert.deepEqual(groupOf('b1/2/a', 'zones').map((it) => it.key), ['zone/B1/2/A'])
  assert.deepEqual(groupOf('road', 'statements').map((it) => it.key), ['fact/F-1'])
  groupOf('floors 3', 'decisions')[0]!.run()
  assert.equal(shown_event.value, 5)
  assert.equal(screen.value, 'log')
  assert.deepEqual(search('nothing of that', []), [])
})

test('a place is understood in each way of writing, and leads there', () => {
  for (const text of ['10.00321, 66.00012', '10°00.193′ N 66°00.007′ E', '42P SS 7108 0726', '42P 171084 1106909']) {
    assert.equal(groupOf(text, 'coordinate').length, 1, text)
  }
})

test('actions are found by their names, and are what an empty question shows', () => {
  const action = { key: 'a:fit', group: 'actions' as const, title: 'Show all units', detail: '', shown: 'Home', run: () => undefined }
  assert.deepEqual(search('', [action]), [{ group: 'actions', found: [action], more: false }])
  assert.deepEqual(search('all un', [action])[0]!.found, [action])
})

test('10,000 units and 50,000 lines: each is found, each line is described once', async () => {
  clearUnits()
  takeUnits(Array.from({ length: 10_000 }, (_, i) => unit(i, `EX-U-${i}`)))
  let described = 0
  const made: RecordEvent[] = Array.from({ length: 50_000 }, (_, i) => {
    const data = { to: 'all', from: 'EX-U-1' }
    Object.defineProperty(data, 'text', { enumerable: true, get: () => (described++, `line number ${i} of the night`) })
    return { seq: i + 1, prev: i, kind: 'chat.said', at: i, observed: null, data }
  })
  takeSnapshot({ type: 'snapshot', now: 1, seq: 50_000, server: { name: '', version: '' }, units: [], emergencies: [], events: made, clients: [], alarms: [] }, null)
  const stop = readLines()
  while (lines_read.value < events.length) await new Promise((done) => setTimeout(done, 1))
  stop()
  const once = described
  assert.ok(once >= 50_000 && once <= 150_000, String(once))
  const began = performance.now()
  assert.deepEqual(groupOf('number 7 of', 'log').map((it) => it.key), ['e8'])
  assert.equal(groupOf('ex-u-9999', 'units').length, 1)
  assert.equal(groupOf('of the night', 'log')[0]!.key, 'e50000')
  console.log(`# three questions over 60,000 things: ${(performance.now() - began).toFixed(0)} ms`)
  assert.equal(described, once)
})

test('the letters of MIL-STD-2525C from a CoT type', () => {
  assert.equal(sidcOf('a-f-G-U-C-I'), 'SFGPUCI--------')
  assert.equal(sidcOf('a-h-G'), 'SHGP-----------')
  assert.equal(sidcOf('a-f-A-M-H'), 'SFAPMH---------')
  assert.equal(sidcOf('a-x-X-zz'), 'SUGP-----------')
  assert.equal(sidcOf('a-f-G-E-V', true), 'SFGP-----------')
  assert.equal(sidcOf('b-m-p-s-m'), '')
})
