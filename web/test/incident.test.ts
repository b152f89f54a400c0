import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../src/base/describe'
import { counterText, rangeText, valueText } from '../src/base/values'
import type { Counter, Entity, IncidentMessage, Strip } from '../src/net/incident'
import type { RecordEvent } from '../src/net/protocol'
import { attention, waiting } from '../src/state/attention'
import {
  chooseIncident, clearIncidents, duties, entitiesOf, entity, incident_id, incidentMessages, isOverdue, nextId, noteTaken, strip, takeIncident, textOf,
} from '../src/state/incident'
import { correctedBy, takeOlder, clearRecord } from '../src/state/record'
import { sinceStart } from '../src/shell/strip'

const it = (kind: string, id: string, made: number, fields: Entity['fields'] = {}): Entity => ({ kind, id, made, changed: made, fields })

function message(id: string, seq: number, whole: boolean, entities: Entity[], views: IncidentMessage['views'] = {}): IncidentMessage {
  return { type: 'incident', id, seq, whole, entities, views }
}

const stripOf = (id: string, state = 'active') => ({ id, name: id, state, start: '2026-02-17T14:00:00.000Z' }) as unknown as Strip

test('the whole comes first, then what changed; other kinds stay as they were', () => {
  clearIncidents()
  takeIncident(message('I1', 1, false, [it('unit', 'U', 1)]))
  assert.deepEqual(entitiesOf('unit').map((one) => one.id), ['U'])
  takeIncident(message('I1', 5, true, [it('unit', 'EX-2', 3), it('unit', 'EX-1', 2, { zone: 'Z' }), it('zone', 'Z', 1)], { strip: stripOf('I1') }))
  assert.deepEqual(entitiesOf('unit').map((one) => one.id), ['EX-1', 'EX-2'])
  const zone = entity('zone', 'Z')
  takeIncident(message('I1', 6, false, [it('unit', 'EX-1', 2, {})], { par: { units: [], maydays: [], evacuations: [] } }))
  assert.equal(textOf(entity('unit', 'EX-1'), 'zone'), '')
  assert.ok(entity('zone', 'Z') === zone)
  assert.equal(strip.value!.name, 'I1')
  takeIncident(message('I1', 7, true, [it('zone', 'Z', 1)], { strip: stripOf('I1') }))
  assert.deepEqual(entitiesOf('unit'), [])
})

test('an open incident is shown before a closed one, a newer before an older, until another is chosen', () => {
  clearIncidents()
  takeIncident(message('OLD', 1, true, [it('incident', 'OLD', 1)], { strip: stripOf('OLD') }))
  takeIncident(message('NEW', 2, true, [it('incident', 'NEW', 2)], { strip: stripOf('NEW') }))
  assert.equal(incident_id.value, 'NEW')
  takeIncident(message('NEW', 3, false, [], { strip: stripOf('NEW', 'closed') }))
  assert.equal(incident_id.value, 'OLD')
  chooseIncident('NEW')
  assert.equal(incident_id.value, 'NEW')
  assert.deepEqual(incidentMessages().map((one) => [one.id, one.whole]), [['OLD', true], ['NEW', true]])
  clearIncidents()
  assert.equal(strip.value, null)
})

test('the next number is above the highest, whatever lies between', () => {
  clearIncidents()
  takeIncident(message('I', 1, true, [it('report', 'R-2', 1), it('report', 'R-10', 2), it('report', 'R-x', 3), it('report', 'RC-40', 4)]))
  assert.equal(nextId('report', 'R'), 'R-11')
  assert.equal(nextId('task', 'TK'), 'TK-1')
  // What was just taken counts before the server tells of it as of all.
  noteTaken('report', 'R', 'R-12')
  noteTaken('report', 'R', 'R-3')
  assert.equal(nextId('report', 'R'), 'R-13')
})

test('a task is overdue when it is open past its time', () => {
  const due = it('task', 'T', 1, { state: 'open', due_at: '2026-02-17T14:00:00.000Z' })
  const at = Date.parse('2026-02-17T14:00:01.000Z')
  assert.ok(isOverdue(due, at))
  assert.ok(!isOverdue(due, at - 2_000))
  assert.ok(!isOverdue({ ...due, fields: { ...due.fields, state: 'done' } }, at))
  assert.ok(!isOverdue(it('task', 'T', 1, { state: 'open' }), at))
})

test('blank is not zero', () => {
  const none: Counter = { lo: null, hi: null, known: false, agreed: false, sources: 0, values: 0, confirmed: null, accepted: null, accepted_event: null, claims: [] }
  assert.equal(counterText(none), 'not reported')
  assert.equal(counterText({ ...none, known: true, lo: 0, hi: 0 }), '0')
  assert.equal(rangeText(3, null), '3 or more')
  assert.equal(rangeText(14, 19), '14 to 19')
})

test('T+ counts from the start, also before it', () => {
  const start = Date.parse('2026-02-17T14:00:00.000Z')
  assert.equal(sinceStart(stripOf('I'), start + 162 * 60_000 + 5_000), 'T+02:42')
  assert.equal(sinceStart(stripOf('I'), start - 60_000), 'T-00:01')
  assert.equal(sinceStart(null, start), '')
})

test('an entry is a line: its kind, then what was said; who may see it stays out', () => {
  const event: RecordEvent = {
    seq: 4, prev: 3, kind: 'count.claimed', at: 0, observed: null, incident: 'I',
    fields: { report: 'R-4', counter: 'killed', lo: 4, hi: 5, source: 'EX-Rangers', grade: 'B3', actor: 'Duty', class: 'ops' },
  }
  const line = describe(event)
  assert.equal(line.text, 'Count claimed · killed · 4 to 5 · R-4')
  assert.equal(line.source, 'EX-Rangers')
  assert.equal(describe({ ...event, fields: { ...event.fields!, hi: undefined as unknown as number, hi_open: true } }).text, 'Count claimed · killed · 4 or more · R-4')
  assert.equal(describe({ ...event, erased: true }).text, 'This entry\'s text was destroyed')
  assert.equal(valueText('categories', { police: 2 }, 0), 'police 2')
})

test('a correction names the entry that it replaces', () => {
  clearRecord()
  takeOlder([{ seq: 4, prev: 0, kind: 'report.received', at: 0, observed: null, incident: 'I', fields: {} }, { seq: 9, prev: 4, kind: 'report.received', at: 0, observed: null, incident: 'I', fields: { supersedes: 4 } }])
  assert.equal(correctedBy(4), 9)
  assert.equal(correctedBy(9), undefined)
})

test('an alarm of the incident waits for a decision until it is acknowledged', () => {
  clearIncidents()
  const alarm = { id: 'command.vacant:incident', rule: 'command.vacant', owner: 'operations', since: '2026-02-17T14:00:00.000Z', acked: false, escalated: false, events: [1], text: 'nobody commands' }
  takeIncident(message('I', 1, true, [], { alarms: { alarms: [alarm, { ...alarm, id: 'task.overdue:TK-1', rule: 'task.overdue' }] } }))
  assert.deepEqual(attention.value.filter((one) => one.duty).map((one) => [one.id, one.level]), [['duty:command.vacant:incident', 'crit'], ['duty:task.overdue:TK-1', 'warn']])
  takeIncident(message('I', 2, false, [], { alarms: { alarms: [{ ...alarm, acked: true }] } }))
  // It stays in sight until its cause is gone, and waits for nobody.
  assert.deepEqual(attention.value.filter((one) => one.duty).map((one) => one.level), ['calm'])
  assert.equal(waiting.value, 0)
  assert.equal(duties.value.length, 1)
})
