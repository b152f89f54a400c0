import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearIncidents, takeIncident } from '../src/state/incident'
import { again, drop, enter, flush, outbox, startOutbox, submit, submitAll } from '../src/state/outbox'
import type { Outcome } from '../src/state/outbox'
import { session } from '../src/state/session'

interface Sent { path: string; id: string; kind: string; fields: Record<string, unknown> }
type Reply = { status: number; body?: unknown }

let token = 'x'

/** A server that gives one answer after the other; what it was sent. Timers do not run by themselves. */
function serve(replies: (Reply | 'lost')[]): Sent[] {
  const sent: Sent[] = []
  const world = globalThis as unknown as Record<string, unknown>
  world['window'] = { setTimeout: () => 0 }
  world['fetch'] = async (path: string, init: { body: string }) => {
    if (path === '/api/session') return { ok: true, status: 200, text: async () => JSON.stringify({ ...session.value, csrf: token }) }
    sent.push({ path, ...(JSON.parse(init.body) as Omit<Sent, 'path'>) })
    const reply = replies.shift() ?? { status: 200, body: { seq: 1, events: [1] } }
    if (reply === 'lost') throw new TypeError('no network')
    return { ok: reply.status < 400, status: reply.status, text: async () => JSON.stringify(reply.body ?? {}) }
  }
  session.value = { needs_setup: false, server: { name: '', version: '' }, operator: { name: 'Duty', role: 'admin' }, csrf: 'x' }
  for (const command of outbox.value) drop(command.id)
  clearIncidents()
  takeIncident({ type: 'incident', id: 'I 1', seq: 1, whole: true, entities: [{ kind: 'task', id: 'TK-7', made: 1, changed: 1, fields: {} }], views: {} })
  return sent
}

const task = { kind: 'task.created', fields: { task: 'TK-7', text: 'x' }, numbered: { entity: 'task', field: 'task', prefix: 'TK' } }

test('a command goes to its incident and leaves when it is on disk', async () => {
  const sent = serve([{ status: 200, body: { seq: 41, events: [41] } }])
  const outcome = await submit({ kind: 'task.done', fields: { task: 'TK-7' } })
  assert.deepEqual(outcome, { is: 'done', seq: 41 })
  assert.equal(sent[0]!.path, '/api/incidents/I%201/commands')
  assert.deepEqual(outbox.value, [])
})

test('a lost server: the form is told, the command waits, and goes again under the same id', async () => {
  const sent = serve(['lost', { status: 503 }, { status: 200, body: { seq: 2 } }])
  assert.deepEqual(await submit({ kind: 'task.done', fields: { task: 'TK-7' } }), { is: 'waiting' })
  assert.equal(outbox.value.length, 1)
  await flush()
  assert.equal(outbox.value.length, 1)
  await flush()
  assert.equal(outbox.value.length, 0)
  assert.equal(new Set(sent.map((one) => one.id)).size, 1)
  assert.equal(sent.length, 3)
})

test('a refusal goes to the form with its field and is kept nowhere', async () => {
  serve([{ status: 409, body: { detail: 'unit: it is inside', field: 'unit' } }])
  assert.deepEqual(await submit({ kind: 'unit.released', fields: { unit: 'U' } }), { is: 'refused', detail: 'unit: it is inside', field: 'unit', status: 409 })
  assert.deepEqual(outbox.value, [])
})

test('a refusal that nobody waits for stays with its sentence, and holds back nothing', async () => {
  const sent = serve([{ status: 403, body: { detail: 'not with this role' } }])
  enter({ kind: 'zone.no_go_lifted', fields: {} })
  const second: Promise<Outcome> = submit({ kind: 'task.done', fields: { task: 'TK-7' } })
  assert.equal((await second).is, 'done')
  assert.deepEqual(outbox.value.map((command) => command.refused), ['not with this role'])
  assert.equal(sent.length, 2)
})

test('an incident that is full refuses: it is not tried for ever', async () => {
  serve([{ status: 507, body: { detail: 'the incident is full; export it' } }])
  assert.deepEqual(await submit({ kind: 'task.done', fields: {} }), { is: 'refused', detail: 'the incident is full; export it', field: '', status: 507 })
})

test('a number that is taken is made up again, under a new id; a typed one is refused', async () => {
  const taken = { status: 409, body: { detail: 'task: there is already task "TK-7"', field: 'task' } }
  const sent = serve([taken, { ...taken }, { status: 200, body: { seq: 9 } }])
  assert.equal((await submit(task)).is, 'done')
  assert.deepEqual(sent.map((one) => one.fields['task']), ['TK-7', 'TK-8', 'TK-10'])
  assert.equal(new Set(sent.map((one) => one.id)).size, 3)
  serve([{ ...taken }])
  assert.equal((await submit({ kind: task.kind, fields: task.fields })).is, 'refused')
})

test('a server that was started again has a new token: it is asked for, and the line goes once more', async () => {
  const sent = serve([{ status: 403, body: { detail: 'the page is out of date' } }, { status: 200, body: { seq: 7 } }])
  token = 'new'
  assert.deepEqual(await submit({ kind: 'task.done', fields: { task: 'TK-7' } }), { is: 'done', seq: 7 })
  token = 'x'
  assert.equal(sent.length, 2)
  assert.equal(sent[0]!.id, sent[1]!.id)
  assert.equal(session.value!.csrf, 'new')
})

const number = (entity: string, prefix: string) => ({ entity, field: entity, prefix })
const decided = [
  { kind: 'decision.taken', fields: { decision: 'D-1', text: 'x' }, numbered: number('decision', 'D') },
  { kind: 'decision.option_offered', fields: { option: 'O-1', decision: 'D-1', text: 'a' }, numbered: number('option', 'O'), of: { decision: 0 } },
  { kind: 'decision.option_offered', fields: { option: 'O-2', decision: 'D-1', text: 'b' }, numbered: number('option', 'O'), of: { decision: 0 } },
  { kind: 'decision.option_chosen', fields: { decision: 'D-1', choice: 'O-2' }, of: { decision: 0, choice: 2 } },
] as const

test('what names the thing that another command makes changes with its number', async () => {
  const taken = (field: string) => ({ status: 409, body: { detail: `${field}: it is there already`, field } })
  const sent = serve([taken('decision'), { status: 200, body: { seq: 5 } }, { status: 200, body: { seq: 6 } }, taken('option')])
  assert.deepEqual(await submitAll(decided), { is: 'done', seq: 5 })
  while (outbox.value.length > 0) await flush()
  assert.deepEqual(sent.map(({ fields }) => [fields['decision'], fields['option'] ?? fields['choice']].join(' ').trim()), ['D-1', 'D-2', 'D-2 O-1', 'D-2 O-2', 'D-2 O-3', 'D-2 O-3'])
  assert.equal(new Set(sent.map((one) => one.id)).size, 6)
})

test('what names the thing that a refused command would have made is not sent', async () => {
  const no = { status: 403, body: { detail: 'not with this role', field: 'role' } }
  let sent = serve([no])
  assert.equal((await submitAll(decided)).is, 'refused')
  await flush()
  assert.deepEqual([sent.length, outbox.value.length], [1, 0], 'the form has them all still')
  sent = serve(['lost', no])
  assert.equal((await submitAll(decided)).is, 'waiting')
  await flush()
  assert.deepEqual([sent.length, outbox.value.map((command) => command.refused)], [2, Array(4).fill('not with this role')])
  again(outbox.value[0]!.id)
  while (outbox.value.length > 0) await flush()
  assert.equal(sent.length, 6)
})

test('who sees none of four hundred finds a free number in a few tries', async () => {
  const sent = serve([])
  const world = globalThis as unknown as Record<string, unknown>
  const answer = world['fetch'] as (path: string, init: { body: string }) => Promise<unknown>
  world['fetch'] = async (path: string, init: { body: string }) => {
    await answer(path, init)
    const free = Number(String(sent.at(-1)!.fields['report']).slice(2)) > 400
    const body = free ? { seq: 1 } : { detail: 'report: it is there already', field: 'report' }
    return { ok: free, status: free ? 200 : 409, text: async () => JSON.stringify(body) }
  }
  const line = { kind: 'report.received', fields: { report: 'R-1', text: 'EX' }, numbered: number('report', 'R') }
  assert.equal((await submit(line)).is, 'done')
  assert.ok(sent.length <= 12, `${sent.length} requests`)
})

test('a page that was loaded again sends what names another thing behind it, whatever the order in which it was kept', async () => {
  serve(['lost'])
  assert.equal((await submitAll(decided)).is, 'waiting')
  const kept = [...outbox.value]
  const times = kept.map((command) => command.at)
  assert.deepEqual(times, [...new Set(times)].sort((a, b) => a - b), 'each is younger than the one before')
  // An older page gave all of them one time.
  const sent = serve([])
  await startOutbox(async () => [...kept].reverse().map((command) => ({ ...command, at: 1 })))
  while (outbox.value.length > 0) await flush()
  const places = ['D-1', 'O-2', 'O-2 chosen'].map((name) => sent.findIndex(({ fields }) => name === (fields['choice'] ? `${String(fields['choice'])} chosen` : fields['option'] ?? fields['decision'])))
  assert.deepEqual([sent.length, places], [4, [...places].sort((a, b) => a - b)])
  assert.equal(places[0], 0)
})
