// Replay against the real server: the reference evening is played to 21:14, where a page in each language writes down
// what it sees, and then to its end, where 21:14 is looked at again.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { axe, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, plain, wordsOf } from './words.mjs'

const INCIDENT = '/api/incidents/EX-1'
/** What the record held at 21:14; of each language its page, what that showed then, and what it sent since. */
let server, seen
const watching = {}
/** Reports of something earlier that came later, of all languages: they share the record. */
let heard_late = 0

/** A call as the page makes it, with its session. */
async function ask(page, path, body) {
  return page.evaluate(async ([path, body]) => {
    const { csrf } = await (await fetch('/api/session')).json()
    const more = body ? { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify(body) } : {}
    const answer = await fetch(path, more)
    return { status: answer.status, data: await answer.json().catch(() => null) }
  }, [path, body ?? null])
}

const command = async (page, kind, fields) => {
  const { status, data } = await ask(page, `${INCIDENT}/commands`, { id: randomUUID(), kind, fields })
  assert.equal(status, 200, JSON.stringify(data))
  return data.seq
}

/** All that the strip says. */
const figures = (page) => page.evaluate(() =>
  [...document.querySelectorAll('#strip .cell:not(.asof)')].map((cell) => cell.innerText.replace(/\s+/g, ' ').trim()))
const moment = (page) => page.evaluate(() => window.cordon_replay.shown())
const settled = async (page) => {
  const done = await page.waitForFunction(() => {
    const { at, wanted, busy, error } = window.cordon_replay.shown()
    return at !== null && at === wanted && !busy && { error }
  })
  assert.equal((await done.jsonValue()).error, '', 'the moment that was asked for is not shown')
}
const isAt = (page, at) => page.waitForFunction((at) => window.cordon_replay.shown().at === at, at)
const wheres = async (page) => {
  await page.locator('#unittable tbody tr').first().waitFor()
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#unittable tbody tr')].map((row) =>
    [row.querySelector('th').innerText.trim(), /\d\d[A-Z] [A-Z]{2} \d{4} \d{4}/.exec(row.innerText)?.[0]])))
}
const key = async (page, code) => {
  await page.evaluate(() => document.activeElement?.blur())
  await page.keyboard.press(code)
}

async function goTo(page, at) {
  await page.evaluate((at) => { location.hash = `#at=${at}` }, new Date(at).toISOString())
  await isAt(page, Date.parse(at))
  await settled(page)
}

const played = (until, known) => start('exercise', 'replay', ['--speed', '1200', '--until', until], known)

/** The exercise says how it went when its last event is said: the state does not change by itself any more. */
async function atRest(until) {
  const { page } = watching.en
  for (;;) {
    const { data } = await ask(page, `${INCIDENT}/state?kinds=incident`)
    if (data && Date.parse(data.at) >= Date.parse(until)) return
    await new Promise((go) => setTimeout(go, 200))
  }
}

const onEach = (what) => Promise.all(LANGUAGES.map((lang) => what(watching[lang], lang)))

async function open(lang) {
  const it = await visit(server, `?lang=${lang}`)
  watching[lang] = { ...it, posts: [] }
  if (lang === 'en') await setUp(it.page, server.code)
  else await logIn(it.page, 'Duty officer')
}

/** What the server says, and what each page shows of it. */
async function look() {
  const { data: state } = await ask(watching.en.page, `${INCIDENT}/state`)
  const shown = await onEach(async ({ page }) => ({ cells: await figures(page), wheres: await wheres(page) }))
  return { state, shown }
}

before(async () => {
  const first = '2023-02-17T21:14:00+05:00'
  server = await played(first)
  for (const lang of LANGUAGES) await open(lang)
  await onEach(({ page }) => page.locator('#strip .cell').first().waitFor())
  await atRest(first)
  await onEach(({ page }) => page.evaluate(() => { location.hash = '#s=people&tab=units' }))
  await onEach(({ page }) => page.waitForFunction(() => document.querySelectorAll('#unittable tbody tr').length >= 7))
  // What the server says before and after is the same, and so is what the pages show: nothing was on its way.
  for (;;) {
    const first = await look()
    // Phones report each second, and a page hears of it within the next.
    await atRest(new Date(Date.parse(first.state.at) + 3_000).toISOString())
    const { state, shown } = await look()
    LANGUAGES.forEach((lang, i) => { watching[lang].seen = shown[i] })
    seen = { state, at: state.at }
    if (first.state.hash === state.hash && JSON.stringify(first.shown) === JSON.stringify(shown)) break
  }
  await onEach((it) => it.lost())
  await server.stop()
  server = await played('2023-02-17T22:45:00+05:00', server)
  await onEach(({ page }) => page.waitForFunction(() => !document.querySelector('#top.lost')))
  await atRest('2023-02-17T22:45:00+05:00')
  await onEach(({ page, posts }) => page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.url()) }))
})

/** What is left beside each item only shows something. */
const SHOWS = ['show', 'decide.open', 'decide.open_floors', 'decide.open_map', 'decide.compare']

async function mayNotWrite(page, say) {
  assert.ok(await page.locator('#composer-text').isDisabled())
  assert.ok(await page.locator('#composer .primary').isDisabled())
  const shows = SHOWS.map((it) => say(it))
  for (const text of await page.locator('.att .btn').allInnerTexts()) assert.ok(shows.some((it) => text.startsWith(it)), text)
  for (const code of ['a', 'n', '/', 'i']) await key(page, code)
  assert.equal(await page.locator('#entry, #open-name, #kinds').count(), 0)
  await key(page, '6')
  assert.equal(await page.getByRole('button', { name: say('task.new'), disabled: true }).getAttribute('title'), say('past.read_only'))
  assert.equal(await page.locator('#entry').count(), 0)
}

/** Plays by hand: the replay's own time, and none of the wall's. */
async function playing(page, at) {
  const tick = (ms) => page.evaluate((ms) => window.cordon_replay.tick(ms), ms)
  await page.evaluate(() => window.cordon_replay.hold())
  await page.getByRole('button', { name: '60×' }).click()
  const from = await at()
  await key(page, 'Space')
  await page.evaluate(() => window.cordon_replay.hold())
  await tick(500)
  assert.equal(await at(), from + 30_000)
  await page.getByRole('button', { name: '5×', exact: true }).click()
  await tick(2_000)
  assert.equal(await at(), from + 40_000)
  await key(page, 'Space')
  await tick(2_000)
  assert.equal(await at(), from + 40_000)
}

test('what another role was given is the same for whoever looks, and never more than one’s own', async () => {
  const { page } = watching.en
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
})

/** What is told in each language, which is found by its words. */
const TOLD = {
  en: { smoke: 'EX smoke on level two', late: 'EX heard late', dust: 'EX dust on level two', find: 'smoke on level' },
  ur: { smoke: 'EX دوسری منزل پر دھواں', late: 'EX دیر سے سنا', dust: 'EX دوسری منزل پر گرد', find: 'منزل پر دھواں' },
}

/** A phone over the exercise's plain port, which calls for help until it is told to stop. */
function raise(uid) {
  const time = new Date(Date.parse('2023-02-17T22:46:00+05:00')).toISOString()
  const event = (type, id, detail) => `<event version="2.0" uid="${id}" type="${type}" how="m-g" time="${time}" start="${time}" stale="${time}">` +
    `<point lat="10.0" lon="66.0" hae="0" ce="9" le="9"/><detail>${detail}</detail></event>`
  const socket = connect(server.tcp, '127.0.0.1')
  const about = `<link uid="${uid}" type="a-f-G-U-C" relation="p-p"/><contact callsign="${uid}-Alert"/>`
  socket.write(event('a-f-G-U-C', uid, `<contact callsign="${uid}"/>`))
  socket.write(event('b-a-o-tbl', `${uid}-9-1-1`, `${about}<emergency type="911 Alert">${uid}</emergency>`))
  return { cancel: () => socket.end(event('b-a-o-can', `${uid}-9-1-1`, `${about}<emergency cancel="true">${uid}</emergency>`)) }
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)
  const told = TOLD[lang]

  test(`a past moment is what the page showed then, in ${lang}`, async () => {
    const { page, seen: then } = watching[lang]
    assert.notDeepEqual(await figures(page), then.cells)
    await goTo(page, seen.at)
    const { data } = await ask(page, `${INCIDENT}/state?at=${encodeURIComponent(seen.at)}`)
    assert.equal(data.hash, seen.state.hash)
    assert.deepEqual(data.entities, seen.state.entities)
    assert.equal(await page.evaluate(() => window.cordon_replay.hash()), seen.state.hash)
    assert.deepEqual(await figures(page), then.cells)
    assert.equal(await page.locator('#top .clock time').getAttribute('datetime'), seen.at)
    await key(page, '4')
    const units = await wheres(page)
    const ours = Object.keys(then.wheres).filter((name) => /^EX-/.test(name))
    assert.ok(ours.length > 0)
    for (const unit of ours) assert.equal(units[unit], then.wheres[unit], unit)
    // The map and the log are of then, the strip on top says so, and the live picture has gone on.
    await key(page, '1')
    await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
    await page.locator('#top.replay .replaystamp').getByText(say('past.stamp')).waitFor()
    await page.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    const newest = await page.locator('#sidelog time').first().getAttribute('datetime')
    assert.ok(Date.parse(newest) <= Date.parse(seen.at), newest)
    await shot(page, `replay-map-dark-${lang}`)
  })

  test(`keys and speed move it by the replay’s own time, and nothing is written, in ${lang}`, async () => {
    const { page, posts } = watching[lang]
    posts.length = 0
    await goTo(page, '2023-02-17T21:20:00+05:00')
    await mayNotWrite(page, say)
    await key(page, '8')
    await page.locator('.timegrid').waitFor()
    const at = async () => {
      await settled(page)
      return (await moment(page)).at
    }
    const begin = await at()
    for (const [code, ms] of [['ArrowRight', 1_000], ['Shift+ArrowRight', 10_000], ['Control+ArrowRight', 60_000], ['Control+ArrowLeft', -60_000], ['ArrowLeft', -1_000]]) {
      const from = (await moment(page)).at
      await key(page, code)
      await isAt(page, from + ms)
    }
    assert.equal(await at(), begin + 10_000)

    const { data } = await ask(page, `${INCIDENT}/timeline`)
    const silent = new Set(['alarm.raised', 'alarm.escalated', 'count.reconciled'])
    const steps = data.events.filter((event) => !silent.has(data.kinds[event[3]]))
    const next = steps.find((event) => event[1] > begin + 10_000)[1]
    await key(page, '.')
    assert.equal(await at(), next)
    await key(page, ',')
    assert.equal(await at(), steps.filter((event) => event[1] < next).at(-1)[1])
    await playing(page, at)

    await key(page, 'Home')
    assert.equal(await at(), data.events[0][1])
    // A click on a tick goes to its event.
    const box = await page.locator('.timegrid .ticks').boundingBox()
    const mark = steps.find((event) => data.kinds[event[3]].startsWith('decision.'))
    const { min, max } = await page.locator('.timegrid .scrubber').evaluate((it) => ({ min: Number(it.ariaValueMin) * 1000, max: Number(it.ariaValueMax) * 1000 }))
    await page.mouse.click(box.x + ((mark[1] - min) / (max - min)) * box.width + 2, box.y + box.height / 14)
    assert.equal(await at(), mark[1])
    assert.deepEqual(posts, [])
    await key(page, 'Escape')
    await page.waitForFunction(() => window.cordon_replay.shown().at === null && !document.querySelector('#top.replay'))
    assert.equal(await page.locator('#composer-text').isDisabled(), false)
  })

  test(`what was corrected or told later is not known before, in ${lang}`, async () => {
    const { page } = watching[lang]
    const [{ id: source }] = (await ask(page, `${INCIDENT}/state?kinds=source`)).data.entities
    const says = (report, text, more = {}) =>
      command(page, 'report.received', { report: `EX-${lang}-${report}`, source, grade: 'F6', predicate: 'note', text, ...more })
    const note = await says('1', told.smoke)
    const heard = await says('2', told.late, { observed_at: '2023-02-17T21:10:00+05:00' })
    const correction = await says('3', told.dust, { supersedes: note })
    heard_late++
    const { data } = await ask(page, `${INCIDENT}/timeline`)
    const at = (seq) => new Date(data.events.find((event) => event[0] === seq)[1]).toISOString()
    assert.ok(at(note) < at(correction))
    await key(page, '3')
    const line = page.locator(`#biglog [data-seq="${note}"]`)
    await line.and(page.locator('.corrected')).waitFor()
    await goTo(page, at(note))
    await line.and(page.locator(':not(.corrected)')).waitFor()
    assert.equal(await page.locator(`#biglog [data-seq="${heard}"]`).count(), 0)
    await goTo(page, at(correction))
    await line.and(page.locator('.corrected')).waitFor()

    // Two clocks: it had happened by 21:14, and nobody knew.
    await goTo(page, seen.at)
    await page.locator('#pastbar').getByText(say.like('past.late', { n: heard_late })).waitFor()
    await page.locator('#pastbar').getByRole('button', { name: say('show'), exact: true }).last().click()
    await page.locator(`[aria-labelledby=later-title] [data-seq="${heard}"]`).getByText(told.late).waitFor()
    await axe(page, 'the replay')
    await shot(page, `replay-dark-${lang}`)
  })

  test(`events are found, and two moments are compared, in ${lang}`, async () => {
    const { page } = watching[lang]
    await page.getByLabel(say('replay.find')).fill(told.find)
    await page.locator('.happened').first().getByText(told.smoke).click()
    await settled(page)
    assert.ok((await moment(page)).at > Date.parse('2023-02-17T22:45:00+05:00'))
    for (const [name, at] of [['A', '2023-02-17T21:14:00+05:00'], ['B', '2023-02-17T21:44:00+05:00']]) {
      await goTo(page, at)
      await page.getByRole('button', { name: say.like('replay.keep', { name }) }).click()
    }
    const change = page.locator('.changes [data-key="unit/RGR-1"]')
    await change.getByText(say('word:lift')).waitFor()
    const place = (zone) => ['Main block', say('floor.label', { name: 3 }), zone].join(say('comma'))
    const moved = say('replay.from_to', { what: say('field.zone'), before: place(say('word:lift')), after: place('C') })
    assert.ok(plain(await change.innerText()).includes(moved), moved)
  })

  test(`a clip leaves through the export, which is written into the record, in ${lang}`, async () => {
    const { page } = watching[lang]
    const made = async () => (await ask(page, `${INCIDENT}/events?after=0&limit=1000&kinds=export.made`)).data.events
    const before = (await made()).length
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.replay .bar a').click()])
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line))
    const times = lines.map((line) => Date.parse(line.recorded))
    assert.ok(lines.length > 10 && Math.min(...times) >= Date.parse('2023-02-17T21:14:00+05:00') && Math.max(...times) <= Date.parse('2023-02-17T21:44:00+05:00'))
    const now = await made()
    assert.equal(now.length, before + 1)
    assert.match(now.at(-1).fields.subject, /recorded from 2023-02-17T16:14:00.000Z to 2023-02-17T16:44:00.000Z/)

    // On paper it is the state of that moment.
    await page.evaluate(() => { window.print = () => dispatchEvent(new Event('beforeprint')) })
    await page.locator('.replay .bar').getByRole('button', { name: say('print.print') }).click()
    await page.locator('.report').getByText('RGR-1').first().waitFor({ state: 'attached' })
    const head = [say('incident.exercise'), say('replay.report'), say('print.as_of_past', { time: '.*21:44:00' })].join('.*')
    assert.match(plain(await page.locator('#printhead').textContent()), new RegExp(head))
    await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  })

  test(`as another role: the screens show what it was given, in ${lang}`, async () => {
    const { page } = watching[lang]
    await goTo(page, seen.at)
    await page.selectOption('#past-as', 'medical')
    await page.locator('#pastbar').getByText(say.like('past.as_shown', { role: say('word:medical') })).waitFor()
    await page.waitForFunction((word) => !document.querySelector('#strip').innerText.includes(word), say('strip.findings'))
    await page.locator('#strip').getByText(say('strip.killed')).waitFor()
    await key(page, '1')
    await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
    await page.selectOption('#past-as', 'observer')
    await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') === null)
    await page.locator('#legend').getByText(say.like('legend.units', { n: 0 })).waitFor()
    await page.selectOption('#past-as', '')
    await page.waitForFunction(() => window.cordon_map.pixel('EX-RGR-1') !== null)
  })

  test(`what happens live is heard in the past, and Escape leads there, in ${lang}`, async () => {
    const { page } = watching[lang]
    const uid = `EX-NOW-${lang}`
    await goTo(page, seen.at)
    const phone = raise(uid)
    await page.locator('#livecall').getByText(uid).waitFor()
    const what = `${uid}-Alert ${say('emergency.type.911 Alert')}`
    assert.equal(plain(await page.locator('#livecall').textContent()), say('past.live_call', { what }))
    assert.equal(await page.locator('.att[data-id^=emergency]').count(), 0)
    await axe(page, 'a live call in the past')
    await shot(page, `replay-call-${lang}`)
    await key(page, 'Escape')
    await page.locator('.att[data-id^=emergency]').getByText(uid).first().waitFor()
    assert.equal(await page.locator('#livecall').count(), 0)
    phone.cancel()
    await page.locator('.att[data-id^=emergency]').waitFor({ state: 'detached' })
  })
}

test('a link opens the moment, in Urdu, in each theme', async () => {
  const { page, posts } = watching.en
  await page.locator('#top button[lang=ur]').click()
  await page.waitForFunction(() => document.documentElement.dir === 'rtl')
  posts.length = 0
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
  await key(page, 'Control+ArrowRight')
  await isAt(page, Date.parse('2023-02-17T16:15:00Z'))
  const later = await page.evaluate(() => document.querySelector('.timegrid .cursor').getBoundingClientRect().x)
  assert.ok(later > cursor.x && part > 0.4 && part < 0.7, String(part))
  for (const theme of ['dark', 'light', 'red']) {
    while ((await page.evaluate(() => document.documentElement.dataset.theme)) !== theme) await key(page, 't')
    await axe(page, `the replay in ${theme}`)
    await shot(page, `replay-${theme}-ur`)
  }
  assert.deepEqual(posts, [])
  await key(page, 'Escape')
  await page.waitForFunction(() => window.cordon_replay.shown().at === null)
  await onEach((it) => it.close())
  await server.stop()
})
