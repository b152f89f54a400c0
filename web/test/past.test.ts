import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heardClock } from '../src/state/clock'
import { clearIncidents, incident_id, takeIncident, textOf, entity } from '../src/state/incident'
import { as_role, past_at } from '../src/state/moment'
import { backToNow, lookAs, past_error, scrubTo, showPast, wanted_at } from '../src/state/past'
import { clearRecord, takeSnapshot } from '../src/state/record'
import { session } from '../src/state/session'

const NOW = 1_700_000_000_000
/** Calls of `past` that wait for their answer, in order. */
let asked: { url: URL; answer: () => void }[] = []

const json = (data: unknown) => new Response(JSON.stringify(data), { headers: { 'content-type': 'application/json' } })

/** A server whose moment is an incident that is named after it. */
function serve(path: string): Promise<Response> | Response {
  const url = new URL(path, 'https://ex')
  if (url.pathname.endsWith('/timeline')) return json({ incident: 'EX', head: 1, cut: false, kinds: ['incident.opened'], events: [[1, NOW - 60_000, 0, 0]], figures: [] })
  if (url.pathname === '/api/events') return json({ events: [], head: 1 })
  if (url.pathname === '/api/tracks') return new Response(new ArrayBuffer(0))
  return new Promise((resolve) => {
    const at = url.searchParams.get('at')!
    const name = at + (url.searchParams.get('as') ?? '')
    const fields = { name }
    asked.push({
      url, answer: () => resolve(json({ incident: 'EX', seq: 1, row: 1, hash: name, whole: true, entities: [{ kind: 'incident', id: 'EX', made: 1, changed: 1, fields }], views: {} })),
    })
  })
}

const settle = () => new Promise((go) => setTimeout(go, 5))
const shownName = () => textOf(entity('incident', 'EX'), 'name')
const iso = (at: number) => new Date(at).toISOString()

async function begin(): Promise<void> {
  backToNow()
  for (const it of asked.splice(0)) it.answer()
  await settle()
  asked = []
  globalThis.fetch = ((path: string) => Promise.resolve(serve(path))) as typeof fetch
  session.value = { needs_setup: false, server: { name: '', version: '' }, operator: { name: 'EX', role: 'commander' }, csrf: '' }
  heardClock(NOW)
  clearIncidents()
  clearRecord()
  takeSnapshot({ type: 'snapshot', now: NOW, seq: 1, server: { name: '', version: '' }, units: [], emergencies: [], events: [], clients: [], alarms: [] }, null)
  takeIncident({ type: 'incident', id: 'EX', seq: 1, whole: true, entities: [{ kind: 'incident', id: 'EX', made: 1, changed: 1, fields: { name: 'now' } }], views: {} })
  assert.equal(incident_id.value, 'EX')
}

test('of many moments that a slider passes only the last one is asked for beside the first', async () => {
  await begin()
  for (const s of [50, 40, 30, 20]) scrubTo(NOW - s * 1000)
  await settle()
  assert.deepEqual(asked.map((it) => it.url.searchParams.get('at')), [iso(NOW - 50_000)])
  asked[0]!.answer()
  await settle()
  assert.equal(shownName(), iso(NOW - 50_000))
  assert.equal(past_at.value, NOW - 50_000)
  assert.deepEqual(asked.slice(1).map((it) => it.url.searchParams.get('at')), [iso(NOW - 20_000)])
  asked[1]!.answer()
  await settle()
  assert.equal(past_at.value, NOW - 20_000)
  assert.equal(asked.length, 2)
})

test('an answer that comes after the way back changes nothing', async () => {
  await begin()
  void showPast(NOW - 10_000)
  await settle()
  backToNow()
  asked[0]!.answer()
  await settle()
  assert.deepEqual([past_at.value, wanted_at.value, shownName()], [null, null, 'now'])
})

test('an answer for another role is thrown away, and the role’s own is asked for', async () => {
  await begin()
  void showPast(NOW - 10_000)
  await settle()
  lookAs('medical')
  asked[0]!.answer()
  await settle()
  assert.equal(past_at.value, null)
  assert.equal(asked[1]!.url.searchParams.get('as'), 'medical')
  asked[1]!.answer()
  await settle()
  assert.equal(shownName(), iso(NOW - 10_000) + 'medical')
  backToNow()
  assert.equal(as_role.value, '')
})

test('what is still to come is refused, without asking', async () => {
  await begin()
  await showPast(NOW + 3_600_000)
  assert.ok(past_error.value !== '')
  assert.equal(asked.length, 0)
})
