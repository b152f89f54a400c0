// Replay against the real server: the reference evening is played to 21:14, where a page writes down what it sees, and
// then to its end, where 21:14 is looked at again.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { axe, logIn, setUp, shot, start, visit } from './real.mjs'

const INCIDENT = '/api/incidents/EX-1'
let server, it, page, seen
let posts = []

/** A call as the page makes it, with its session. */
async function ask(where, path, body) {
  return where.evaluate(async ([path, body]) => {
    const { csrf } = await (await fetch('/api/session')).json()
    const more = body ? { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify(body) } : {}
    const answer = await fetch(path, more)
    return { status: answer.status, data: await answer.json().catch(() => null) }
  }, [path, body ?? null])
}

const command = async (kind, fields) => {
  const { status, data } = await ask(page, `${INCIDENT}/commands`, { id: randomUUID(), kind, fields })
  assert.equal(status, 200, JSON.stringify(data))
  return data.seq
}

/** All that the strip says. */
const figures = () => page.evaluate(() =>
  [...document.querySelectorAll('#strip .cell:not(.asof)')].map((cell) => cell.innerText.replace(/\s+/g, ' ').trim()))
const moment = () => page.evaluate(() => window.cordon_replay.shown())
const settled = () => page.waitForFunction(() => {
  const { at, wanted, busy } = window.cordon_replay.shown()
  return at !== null && at === wanted && !busy
})
const wheres = async () => {
  await page.locator('#unittable tbody tr').first().waitFor()
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#unittable tbody tr')].map((row) =>
    [row.querySelector('th').innerText.trim(), /\d\d[A-Z] [A-Z]{2} \d{4} \d{4}/.exec(row.innerText)?.[0]])))
}
const free = () => page.evaluate(() => document.activeElement?.blur())
const key = async (code) => {
  await free()
  await page.keyboard.press(code)
}

async function goTo(at) {
  await page.evaluate((at) => { location.hash = `#at=${at}` }, new Date(at).toISOString())
  await page.waitForFunction((at) => window.cordon_replay.shown().at === at, Date.parse(at))
  await settled()
}

const played = (until, known) => start('exercise', 'replay', ['--speed', '1200', '--until', until], known)

/** The exercise says how it went when its last event is said: the state does not change by itself any more. */
async function atRest(until) {
  for (;;) {
    const { data } = await ask(page, `${INCIDENT}/state?kinds=incident`)
    if (data && Date.parse(data.at) >= Date.parse(until)) return
    await new Promise((go) => setTimeout(go, 200))
  }
}

before(async () => {
  const first = '2023-02-17T21:14:00+05:00'
  server = await played(first)
  it = await visit(server)
  page = it.page
  await setUp(page, server.code)
  await page.locator('#strip .cell').first().waitFor()
  await atRest(first)
  await page.evaluate(() => { location.hash = '#s=people&tab=units' })
  await page.waitForFunction(() => document.querySelectorAll('#unittable tbody tr').length >= 7)
  // What the server says before and after is the same, and so is what the page shows: nothing was on its way.
  const state = async () => (await ask(page, `${INCIDENT}/state`)).data
  for (;;) {
    const first = { state: await state(), cells: await figures(), wheres: await wheres() }
    // Phones report each second, and a page hears of it within the next.
    await atRest(new Date(Date.parse(first.state.at) + 3_000).toISOString())
    seen = { cells: await figures(), wheres: await wheres(), state: await state() }
    seen.at = seen.state.at
    const same = (name) => JSON.stringify(first[name]) === JSON.stringify(seen[name])
    if (first.state.hash === seen.state.hash && same('cells') && same('wheres')) break
  }
  it.lost()
  await server.stop()
  server = await played('2023-02-17T22:45:00+05:00', server)
  await page.waitForFunction(() => !document.querySelector('#top.lost'))
  await atRest('2023-02-17T22:45:00+05:00')
  page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.url()) })
})

test('a past moment is what the page showed then', async () => {
  assert.notDeepEqual(await figures(), seen.cells)
  await goTo(seen.at)
  const { data } = await ask(page, `${INCIDENT}/state?at=${encodeURIComponent(seen.at)}`)
  assert.equal(data.hash, seen.state.hash)
  assert.deepEqual(data.entities, seen.state.entities)
  assert.equal(await page.evaluate(() => window.cordon_replay.hash()), seen.state.hash)
  assert.deepEqual(await figures(), seen.cells)
  assert.equal(await page.locator('#top .clock time').getAttribute('datetime'), seen.at)
  await key('4')
  const then = await wheres()
  for (const unit of Object.keys(seen.wheres).filter((name) => /^EX-/.test(name))) assert.equal(then[unit], seen.wheres[unit], unit)
  // The map and the log are of then, the strip on top says so, and the live picture has gone on.
  await key('1')
  await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
  await page.locator('#top.replay .replaystamp').getByText('REPLAY').waitFor()
  await page.locator('#top .stamp').getByText('EXERCISE').waitFor()
  const newest = await page.locator('#sidelog time').first().getAttribute('datetime')
  assert.ok(Date.parse(newest) <= Date.parse(seen.at), newest)
  await shot(page, 'replay-map-dark-en')
})

async function mayNotWrite() {
  assert.ok(await page.locator('#composer-text').isDisabled())
  assert.ok(await page.locator('#composer .primary').isDisabled())
  // What is left beside each item only shows something.
  for (const text of await page.locator('.att .btn').allInnerTexts()) assert.match(text, /^(Show|Open|Compare)/)
  for (const code of ['a', 'n', '/', 'i']) await key(code)
  assert.equal(await page.locator('#entry, #open-name, #kinds').count(), 0)
  await key('6')
  assert.match(await page.getByRole('button', { name: 'New task', disabled: true }).getAttribute('title'), /You see the past/)
  assert.equal(await page.locator('#entry').count(), 0)
}

test('keys and speed move it by the replay’s own time, and nothing is written', async () => {
  posts = []
  await goTo('2023-02-17T21:20:00+05:00')
  await mayNotWrite()
  await key('8')
  await page.locator('.timegrid').waitFor()
  const at = async () => {
    await settled()
    return (await moment()).at
  }
  const begin = await at()
  for (const [code, ms] of [['ArrowRight', 1_000], ['Shift+ArrowRight', 10_000], ['Control+ArrowRight', 60_000], ['Control+ArrowLeft', -60_000], ['ArrowLeft', -1_000]]) {
    const from = (await moment()).at
    await key(code)
    await page.waitForFunction((at) => window.cordon_replay.shown().at === at, from + ms)
  }
  assert.equal(await at(), begin + 10_000)

  const { data } = await ask(page, `${INCIDENT}/timeline`)
  const silent = new Set(['alarm.raised', 'alarm.escalated', 'count.reconciled'])
  const steps = data.events.filter((event) => !silent.has(data.kinds[event[3]]))
  const next = steps.find((event) => event[1] > begin + 10_000)[1]
  await key('.')
  assert.equal(await at(), next)
  await key(',')
  assert.equal(await at(), steps.filter((event) => event[1] < next).at(-1)[1])

  await page.evaluate(() => window.cordon_replay.hold())
  await page.getByRole('button', { name: '60×' }).click()
  const from = await at()
  await key('Space')
  await page.evaluate(() => window.cordon_replay.hold())
  await page.evaluate(() => window.cordon_replay.tick(500))
  assert.equal(await at(), from + 30_000)
  await page.getByRole('button', { name: '5×', exact: true }).click()
  await page.evaluate(() => window.cordon_replay.tick(2_000))
  assert.equal(await at(), from + 40_000)
  await key('Space')
  await page.evaluate(() => window.cordon_replay.tick(2_000))
  assert.equal(await at(), from + 40_000)

  await key('Home')
  assert.equal(await at(), data.events[0][1])
  // A click on a tick goes to its event.
  const box = await page.locator('.timegrid .ticks').boundingBox()
  const mark = steps.find((event) => data.kinds[event[3]].startsWith('decision.'))
  const { min, max } = await page.locator('.timegrid .scrubber').evaluate((it) => ({ min: Number(it.ariaValueMin) * 1000, max: Number(it.ariaValueMax) * 1000 }))
  await page.mouse.click(box.x + ((mark[1] - min) / (max - min)) * box.width + 2, box.y + box.height / 14)
  assert.equal(await at(), mark[1])
  assert.deepEqual(posts, [])
  await key('Escape')
  await page.waitForFunction(() => window.cordon_replay.shown().at === null && !document.querySelector('#top.replay'))
  assert.equal(await page.locator('#composer-text').isDisabled(), false)
})

test('what was corrected or told later is not known before', async () => {
  const [{ id: source }] = (await ask(page, `${INCIDENT}/state?kinds=source`)).data.entities
  const says = (report, text, more = {}) => command('report.received', { report, source, grade: 'F6', predicate: 'note', text, ...more })
  const note = await says('EX-RN1', 'EX smoke on level two')
  const heard = await says('EX-RN2', 'EX heard late', { observed_at: '2023-02-17T21:10:00+05:00' })
  const correction = await says('EX-RN3', 'EX dust on level two', { supersedes: note })
  const { data } = await ask(page, `${INCIDENT}/timeline`)
  const at = (seq) => new Date(data.events.find((event) => event[0] === seq)[1]).toISOString()
  assert.ok(at(note) < at(correction))
  await key('3')
  const line = page.locator(`#biglog [data-seq="${note}"]`)
  await line.and(page.locator('.corrected')).waitFor()
  await goTo(at(note))
  await line.and(page.locator(':not(.corrected)')).waitFor()
  assert.equal(await page.locator(`#biglog [data-seq="${heard}"]`).count(), 0)
  await goTo(at(correction))
  await line.and(page.locator('.corrected')).waitFor()

  // Two clocks: it had happened by 21:14, and nobody knew.
  await goTo(seen.at)
  await page.locator('#pastbar').getByText('1 report of something earlier came later.').waitFor()
  await page.locator('#pastbar').getByRole('button', { name: 'Show', exact: true }).last().click()
  await page.locator(`[aria-labelledby=later-title] [data-seq="${heard}"]`).getByText('EX heard late').waitFor()
  await axe(page, 'the replay')
  await shot(page, 'replay-dark-en')
})

test('events are found, and two moments are compared', async () => {
  await page.getByLabel('Find an event').fill('smoke on level')
  await page.locator('.happened').first().getByText('EX smoke on level two').click()
  await settled()
  assert.ok((await moment()).at > Date.parse('2023-02-17T22:45:00+05:00'))
  await goTo('2023-02-17T21:14:00+05:00')
  await page.getByRole('button', { name: 'Keep as A' }).click()
  await goTo('2023-02-17T21:44:00+05:00')
  await page.getByRole('button', { name: 'Keep as B' }).click()
  const change = page.locator('.changes [data-key="unit/RGR-1"]')
  await change.getByText('lift').waitFor()
  assert.match(await change.innerText(), /Zone: Main block, Floor 3, lift, then Main block, Floor 3, C/)
})

test('a clip leaves through the export, which is written into the record', async () => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.replay .bar a').click()])
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  const times = lines.map((line) => Date.parse(line.recorded))
  assert.ok(lines.length > 10 && Math.min(...times) >= Date.parse('2023-02-17T21:14:00+05:00') && Math.max(...times) <= Date.parse('2023-02-17T21:44:00+05:00'))
  const { data } = await ask(page, `${INCIDENT}/events?before=1000000&limit=5`)
  assert.match(data.events.find((event) => event.kind === 'export.made').fields.subject, /recorded from 2023-02-17T16:14:00.000Z to 2023-02-17T16:44:00.000Z/)

  // On paper it is the state of that moment.
  await page.evaluate(() => { window.print = () => dispatchEvent(new Event('beforeprint')) })
  await page.locator('.replay .bar').getByRole('button', { name: 'Print' }).click()
  await page.locator('.report').getByText('RGR-1').first().waitFor({ state: 'attached' })
  assert.match(await page.locator('#printhead').textContent(), /EXERCISE.*Situation report.*As it stood at .*21:44:00/)
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
})

test('as another role: what it was given, and never more than one’s own', async () => {
  const at = encodeURIComponent(seen.at)
  const made = await ask(page, '/api/operators', { id: randomUUID(), name: 'EX medic', password: 'practice only 2', roles: ['medical'], agency: '' })
  assert.equal(made.status, 200)
  const other = await visit(server)
  await logIn(other.page, 'EX medic', 'practice only 2')
  const own = (await ask(other.page, `${INCIDENT}/state?at=${at}`)).data
  assert.deepEqual((await ask(page, `${INCIDENT}/state?at=${at}&as=medical`)).data, own)
  assert.notDeepEqual((await ask(page, `${INCIDENT}/state?at=${at}`)).data.entities, own.entities)
  // A medic who asks as the commander reads what both may.
  const asked = (await ask(other.page, `${INCIDENT}/past?at=${at}&as=commander`)).data
  assert.equal(asked.as_whole, false)
  const mine = new Map(own.entities.map((entity) => [`${entity.kind}/${entity.id}`, entity]))
  for (const entity of asked.entities) {
    const known = mine.get(`${entity.kind}/${entity.id}`)
    assert.ok(known, entity.id)
    for (const [name, value] of Object.entries(entity.fields)) assert.deepEqual(known.fields[name], value, `${entity.id} ${name}`)
  }
  await other.close()

  await goTo(seen.at)
  await page.selectOption('#past-as', 'medical')
  await page.locator('#pastbar').getByText('What medical was given').waitFor()
  await page.waitForFunction(() => !document.querySelector('#strip').innerText.includes('Findings'))
  await page.locator('#strip').getByText('Killed').waitFor()
  await key('1')
  await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
  await page.selectOption('#past-as', 'observer')
  await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') === null)
  await page.locator('#legend').getByText('0 units').or(page.locator('#legend').getByText('appear here')).first().waitFor()
  await page.selectOption('#past-as', '')
  await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
})

/** A phone over the exercise's plain port. */
function raise(uid) {
  const time = new Date(Date.parse('2023-02-17T22:46:00+05:00')).toISOString()
  const event = (type, id, detail) => `<event version="2.0" uid="${id}" type="${type}" how="m-g" time="${time}" start="${time}" stale="${time}">` +
    `<point lat="10.0" lon="66.0" hae="0" ce="9" le="9"/><detail>${detail}</detail></event>`
  const socket = connect(server.tcp, '127.0.0.1')
  socket.write(event('a-f-G-U-C', uid, `<contact callsign="${uid}"/>`))
  socket.write(event('b-a-o-tbl', `${uid}-9-1-1`, `<link uid="${uid}" type="a-f-G-U-C" relation="p-p"/><contact callsign="${uid}-Alert"/><emergency type="911 Alert">${uid}</emergency>`))
  return socket
}

test('what happens live is heard in the past, and Escape leads there', async () => {
  await goTo(seen.at)
  const phone = raise('EX-NOW-1')
  await page.locator('#livecall').getByText('LIVE: EX-NOW-1').waitFor()
  assert.equal(await page.locator('.att[data-id^=emergency]').count(), 0)
  await axe(page, 'a live call in the past')
  await key('Escape')
  await page.locator('.att[data-id^=emergency]').getByText('EX-NOW-1').first().waitFor()
  assert.equal(await page.locator('#livecall').count(), 0)
  phone.destroy()
})

test('a link opens the moment, in Urdu, in each theme', async () => {
  await page.locator('#top button[lang=ur]').click()
  await page.waitForFunction(() => document.documentElement.dir === 'rtl')
  posts = []
  await page.goto(`https://127.0.0.1:${server.web}/?again#s=replay&at=2023-02-17T16:14:00Z`)
  await page.waitForFunction((at) => window.cordon_replay?.shown().at === at, Date.parse('2023-02-17T16:14:00Z'))
  await page.locator('.timegrid').waitFor()
  await page.locator('#top.replay .replaystamp').getByText('اعادہ').waitFor()
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth)
  // Time runs as on a player: the slider is not mirrored.
  const { left, cursor } = await page.evaluate(() => ({
    left: document.querySelector('.timegrid .scrubber').getBoundingClientRect(), cursor: document.querySelector('.timegrid .cursor').getBoundingClientRect(),
  }))
  const part = (cursor.x - left.x) / left.width
  await key('Control+ArrowRight')
  await page.waitForFunction((at) => window.cordon_replay.shown().at === at, Date.parse('2023-02-17T16:15:00Z'))
  const later = await page.evaluate(() => document.querySelector('.timegrid .cursor').getBoundingClientRect().x)
  assert.ok(later > cursor.x && part > 0.4 && part < 0.7, String(part))
  for (const theme of ['dark', 'light', 'red']) {
    while ((await page.evaluate(() => document.documentElement.dataset.theme)) !== theme) await key('t')
    await axe(page, `the replay in ${theme}`)
    await shot(page, `replay-${theme}-ur`)
  }
  assert.deepEqual(posts, [])
  await key('Escape')
  await page.waitForFunction(() => window.cordon_replay.shown().at === null)
  await it.close()
  await server.stop()
})
