import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../src/base/describe'
import { dir } from '../src/base/i18n'
import { time_zone } from '../src/base/zone'
import type { RecordEvent } from '../src/net/protocol'
import { describeLine } from '../src/shell/lines'

test('a line that was read before the incident named its time zone has its times in it afterwards', () => {
  const at = Date.parse('2023-02-17T14:12:00Z')
  const opened = { seq: 1, prev: 0, kind: 'incident.opened', at, observed: null, incident: 'EX-1', fields: { name: 'EX House', start_at: '2023-02-17T14:00:00Z' } } as RecordEvent
  time_zone.value = '+00:00'
  assert.ok(describeLine(opened).text.includes('14:00'), describeLine(opened).text)
  time_zone.value = '+05:00'
  assert.ok(describeLine(opened).text.includes('19:00'), describeLine(opened).text)
  assert.equal(describeLine(opened), describeLine(opened))
})

test('a line of ours runs in the page\'s direction where a name or a Latin word begins it', () => {
  const at = Date.parse('2023-02-17T14:12:00Z')
  const reported = { seq: 2, prev: 1, kind: 'methane.reported', at, observed: null, incident: 'EX-1', fields: { exact_place: 'EX House' } } as unknown as RecordEvent
  const enrolled = { seq: 3, prev: 2, kind: 'device.enrolled', at, observed: null, data: { user: 'ex-team-1' } } as unknown as RecordEvent
  assert.ok(describe(reported).text.startsWith('METHANE'))
  dir.value = 'rtl'
  assert.ok(/^[\u2067\u2068]+\u200fMETHANE/.test(describe(reported).text), describe(reported).text)
  assert.ok(describe(enrolled).text.startsWith('\u200f'), describe(enrolled).text)
  dir.value = 'ltr'
})
