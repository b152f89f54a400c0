// The first minute without a page: what opening enters, and what a call sign suggests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proposed } from '../src/state/arrivals'
import { arrivalSteps, nothing_asked, stepsOf } from '../src/state/opening'

const name = (kind: string) => kind.toUpperCase()
const at = Date.UTC(2026, 1, 17, 14, 0, 0)
const kinds = (steps: { entry: { kind: string } }[]) => steps.map(({ entry }) => entry.kind)

test('a name alone opens an incident', () => {
  const [opened, ...more] = stepsOf({ ...nothing_asked, name: ' EX Harbour House ' }, 'INC-1', name, at)
  assert.deepEqual(more, [])
  assert.equal(opened!.entry.kind, 'incident.opened')
  const { time_zone, ...fields } = opened!.entry.fields
  assert.deepEqual(fields, { incident: 'INC-1', name: 'EX Harbour House', type: 'complex-attack', start_at: '2026-02-17T14:00:00.000Z' })
  assert.equal(typeof time_zone, 'string')
})

test('everything at once, in an order in which each finds what it needs', () => {
  const steps = stepsOf({
    ...nothing_asked, name: 'EX', place: 'quay', at: { lat: 10.00123456, lon: 66 }, commander: 'EX officer', exercise: true, storeys: 5, basements: 1,
    arrivals: [{ callsign: 'EX-AMB-4', agency_kind: 'ems' }, { callsign: 'EX-AMB-5', agency_kind: 'ems' }, { callsign: 'EX-SPU-1', agency_kind: 'police' }],
  }, 'INC-2', name, at)
  assert.deepEqual(kinds(steps), [
    'incident.opened', 'command.assumed', 'structure.defined', 'agency.joined', 'unit.checked_in', 'unit.checked_in', 'agency.joined', 'unit.checked_in',
  ])
  const opened = steps[0]!.entry.fields
  assert.deepEqual([opened['lat'], opened['lon'], opened['exercise'], opened['place']], [10.001235, 66, true, 'quay'])
  const building = steps[2]!.entry.fields
  assert.deepEqual([building['storeys'], building['basements'], building['roof']], [5, 1, true])
})

test('an agency that has joined does not join again', () => {
  assert.deepEqual(kinds(arrivalSteps([{ callsign: 'EX-AMB-6', agency_kind: 'ems' }], new Set(['ems']), name)), ['unit.checked_in'])
})

test('a call sign suggests an agency by how it begins, and an unknown one nothing', () => {
  const rows: [string, string, string][] = [
    ['', 'EX-AMB-4', 'ems'], ['', 'RGR-3', 'paramilitary'], ['', 'BDS-1', 'eod'], ['FIRE', 'Bravo 2', 'fire'], ['', 'Zulu', ''], ['', '', ''],
  ]
  for (const [agency, callsign, kind] of rows) assert.equal(proposed(agency, callsign), kind, callsign)
})
