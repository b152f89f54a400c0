// Floors against the real server with an imported building of 400 rooms: its plan, floors in an instant, a search marked
// by keyboard alone, several zones at once, a void with its reason, and what comes out on paper.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { counted, isDrawn, shownLevels } from './looking.mjs'
import { axe, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const PLAN = process.env.CORDON_INDOOR ?? fileURLToPath(new URL('../../../shared/data/indoor/apb.geojson', import.meta.url))

const entry = (page, kind, fields, more = {}) => page.evaluate(async ({ kind, fields, more }) => {
  const { csrf } = await (await fetch('/api/session')).json()
  const path = kind === 'incident.opened' ? '/api/incidents' : '/api/incidents/EX-1/commands'
  const answer = await fetch(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify({ id: crypto.randomUUID(), kind, fields, ...more }),
  })
  return answer.ok ? 'ok' : (await answer.json()).detail
}, { kind, fields, more })

/** An incident with an imported building and three units. */
async function building(page) {
  const put = async (...what) => assert.equal(await entry(page, ...what), 'ok', JSON.stringify(what))
  await put('incident.opened', { name: 'EX Hall', type: 'complex-attack', exercise: true }, { incident: 'EX-1' })
  const imported = await page.evaluate(async (body) => {
    const { csrf } = await (await fetch('/api/session')).json()
    return (await fetch('/api/incidents/EX-1/import?structure=EX-H&name=EX%20Hall&doors=closed', {
      method: 'POST', headers: { 'Content-Type': 'application/geo+json', 'X-Cordon-CSRF': csrf }, body,
    })).json()
  }, readFileSync(PLAN, 'utf8'))
  assert.equal(imported.ok, true, JSON.stringify(imported))
  for (const [agency, agency_kind] of [['police', 'police'], ['army', 'army']]) await put('agency.joined', { agency, name: agency, agency_kind })
  for (const [unit, agency] of [['EX-SPU-1', 'police'], ['EX-SPU-2', 'police'], ['EX-ARMY-1', 'army']]) await put('unit.checked_in', { unit, agency, strength: 6 })
}

/** Asks until the answer is good; the test's own time ends it. */
async function until(ask) {
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    await new Promise((done) => setTimeout(done, 100))
  }
}

const clearanceIs = (page, zone, state) => until(() => page.evaluate(async ({ zone, state }) => {
  const { structures } = await (await fetch('/api/incidents/EX-1/views/floors')).json()
  const found = structures.flatMap((it) => it.levels.flatMap((level) => level.zones)).find((it) => it.id === zone)
  return (found.clearance.threat?.state ?? 'unknown') === state
}, { zone, state }))

/** The lines of a kind about these zones, once each has one. */
const lines = (page, kind, zones) => until(() => page.evaluate(async ({ kind, zones }) => {
  const { events } = await (await fetch(`/api/incidents/EX-1/events?after=0&limit=1000&kinds=${kind}`)).json()
  const found = events.map((it) => it.fields).filter((fields) => zones.includes(fields.zone))
  return zones.every((zone) => found.some((fields) => fields.zone === zone)) && found
}, { kind, zones }))
const activeZone = (page) => page.evaluate(() => {
  const list = document.querySelector('#planlist')
  return document.getElementById(list.getAttribute('aria-activedescendant')).dataset.planZone
})

/** Tab, until what is wanted has the focus: the whole way by keyboard. */
async function tabTo(page, selector) {
  for (let i = 0; i < 80; i++) {
    if (await page.evaluate((it) => document.activeElement.matches(it), selector)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${selector} is not reached by Tab`)
}
const focusIn = (page, selector) => page.waitForFunction((it) => document.activeElement.matches(it), selector)

/** The imported building of all languages, and a browser that is logged in. */
let hall, session
const imported = { timeout: 240_000, skip: !existsSync(PLAN) && 'no imported building here' }

test('an imported building: its plan, and floors in an instant', imported, async () => {
  hall = await start('serve', 'hall')
  const it = await visit(hall, '?floors=plan')
  const { page } = it
  await setUp(page, hall.code)
  await building(page)
  session = await page.context().storageState()
  await page.locator('#stackbox .storey').nth(4).waitFor()
  await page.locator('#foot').click()
  await page.keyboard.press('2')
  await page.locator('#planlist').waitFor()
  await page.keyboard.press('Shift+Digit4')
  await page.waitForFunction(() => document.querySelector('.planwork canvas').dataset.level === 'EX-H/3')
  await isDrawn(page, '.planwork canvas')
  assert.equal(await page.locator('#planlist [role=option]').count(), (await counted(page, 'threat', 'EX-H')).find((level) => level.id === 'EX-H/3').total)
  await shot(page, 'floors-imported')

  // From the key to the frame that shows the floor, each of them more than a hundred rooms.
  await until(() => page.evaluate(() => window.cordon_plan.allDrawn()))
  const drawn = await page.evaluate(() => window.cordon_plan.drawn())
  const took = await page.evaluate(async () => {
    const took = []
    const frame = () => new Promise((done) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(0) }))
    for (let i = 0; i < 12; i++) {
      const canvas = document.querySelector('.planwork canvas')
      const before = canvas.dataset.level
      await frame()
      const from = performance.now()
      window.dispatchEvent(new KeyboardEvent('keydown', { code: i % 4 < 2 ? 'BracketLeft' : 'BracketRight', key: 'x' }))
      while (canvas.dataset.level === before) await frame()
      await frame()
      took.push(performance.now() - from)
    }
    return took
  })
  console.log(`floor switch, ms: ${took.map((ms) => ms.toFixed(0)).join(' ')}`)
  // Each floor was drawn while nobody waited for it: going to it is a copy, however busy this computer is.
  assert.equal(await page.evaluate(() => window.cordon_plan.drawn()), drawn)
  await it.close()
})

/** What each language works with: they share the building. */
const WORK = {
  en: { unit: 'EX-SPU-1', floor: 3, steps: ['ArrowRight', 'ArrowDown', 'ArrowRight'], threat: 'T-1', hazard: 'H-1' },
  ur: { unit: 'EX-SPU-2', floor: 2, steps: ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowDown'], threat: 'T-2', hazard: 'H-2' },
}

/** The zone, the step, who: three times Enter, and the search runs; then it ends, and does not hold any more. */
async function searched(page, say, { unit, steps }) {
  await tabTo(page, '#planlist')
  const first = await activeZone(page)
  for (const key of steps) await page.keyboard.press(key)
  const zone = await activeZone(page)
  assert.notEqual(zone, first)
  assert.equal(await entry(page, 'unit.entered_zone', { unit, zone, count: 6 }), 'ok')
  await page.waitForFunction(([id, unit]) => document.querySelector(`[data-plan-zone="${CSS.escape(id)}"]`).textContent.includes(unit), [zone, unit])
  await page.keyboard.press('Enter')
  await focusIn(page, '.zonecard .next .primary')
  await page.keyboard.press('Enter')
  await focusIn(page, '.whobox .primary')
  assert.ok((await page.evaluate(() => document.activeElement.textContent)).includes(unit), 'who is there is offered first')
  await page.keyboard.press('Enter')
  await clearanceIs(page, zone, 'entered')
  // The next step has the focus; who began ends.
  await page.locator('.zonecard .state .glyph.entered').waitFor()
  await focusIn(page, '.zonecard .next .primary')
  await page.keyboard.press('Enter')
  await clearanceIs(page, zone, 'complete')
  await page.locator('.zonecard .state .glyph.complete').waitFor()
  await page.locator('.history li').nth(2).waitFor()

  // It does not hold any more: a reason, and a button that is held. A short press changes nothing.
  await page.locator('.zonecard .next').getByRole('button', { name: say('step.zone.voided'), exact: true }).focus()
  await page.keyboard.press('Enter')
  await focusIn(page, '.whobox input[type=radio]')
  await page.keyboard.press('ArrowDown')
  const reason = await page.locator('.whobox input:checked').getAttribute('value')
  await tabTo(page, '.btn.hold')
  await page.keyboard.press('Space')
  await clearanceIs(page, zone, 'complete')
  await page.keyboard.down('Space')
  await clearanceIs(page, zone, 'void')
  await page.keyboard.up('Space')
  assert.deepEqual((await lines(page, 'zone.voided', [zone])).map((fields) => fields.void_reason), [reason])
  await page.locator('.zonecard .state .glyph.void').waitFor()
}

/** Three zones at once: started and ended by one unit, taken back within ten seconds. */
async function severalSearched(page, say, { unit }) {
  await tabTo(page, '#planlist')
  const zones = []
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('ArrowLeft')
    zones.push(await activeZone(page))
    await page.keyboard.press('Shift+Enter')
  }
  assert.equal(new Set(zones).size, 3)
  const card = page.locator('.zonecard')
  await card.getByText(say.exactly('floor.zones_n', { n: 3 })).waitFor()
  await card.getByRole('button', { name: say('step.zone.search_started') }).click()
  await card.getByRole('button', { name: unit }).click()
  for (const zone of zones) await clearanceIs(page, zone, 'entered')
  await card.getByText(say.like('floor.entered_n', { n: 3 })).waitFor()
  await card.getByRole('button', { name: `${say('step.zone.search_ended')} 3` }).click() // all three have come back from the record
  await card.getByRole('button', { name: unit }).click()
  // The offer lasts ten seconds: it is taken when it is there.
  await page.getByText(say.like('floor.undo_search', { zone: say('floor.zones_n', { n: 3 }) })).waitFor()
  await page.keyboard.press('z')
  for (const zone of zones) await clearanceIs(page, zone, 'void')
  assert.equal((await lines(page, 'zone.search_ended', zones)).length, 3)
  assert.deepEqual((await lines(page, 'zone.voided', zones)).map((fields) => fields.void_reason), ['withdrawn', 'withdrawn', 'withdrawn'])
  return zones
}

/** What the plan must not hide: a threat, a stranger's unit in the same room, a building that came down in part. */
async function notHidden(page, say, [bad, shaken], { unit, floor, threat, hazard }) {
  const put = async (...what) => assert.equal(await entry(page, ...what), 'ok', JSON.stringify(what))
  const source = `EX-caller-${floor}`
  await put('source.registered', { source, name: source, source_kind: 'caller' })
  await put('threat.reported', { threat, threat_kind: 'person', lo: 1, hi: 2, zone: bad, source, grade: 'B2' })
  await put('hazard.reported', { hazard, hazard_kind: 'collapse', zone: shaken })
  await put('unit.entered_zone', { unit: 'EX-ARMY-1', zone: bad, count: 6 })
  await put('unit.entered_zone', { unit, zone: bad, count: 6 })
  await page.locator(`.besides .storey.threat[data-level="EX-H/${floor}"]`).waitFor()
  await page.locator('.floorside .reentry').getByText(say('floor.reentry')).waitFor()
  await page.locator('.floorside .stranger').filter({ hasText: unit }).first().waitFor()
  const at = await page.evaluate((id) => window.cordon_plan.pixelOf(id), bad)
  await page.locator('#planlist').click({ position: { x: at[0], y: at[1] } })
  await page.locator('.zonecard dd.bad').getByText(threat).waitFor()
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)
  const work = WORK[lang]
  const level = `EX-H/${work.floor}`

  test(`a search from start to void by keyboard alone, several zones at once, and what a plan must not hide, in ${lang}`, imported, async () => {
    const it = await visit(hall, `?floors=plan&lang=${lang}#s=floors`, { storageState: session })
    const { page } = it
    await page.locator('#planlist').waitFor()
    await page.locator('#foot').click()
    await page.keyboard.press(`Shift+Digit${work.floor + 1}`)
    await page.waitForFunction((level) => document.querySelector('.planwork canvas').dataset.level === level, level)
    await searched(page, say, work)
    await axe(page, `a zone of the plan ${lang}`)
    await shot(page, `floors-zone-${lang}`)
    await page.keyboard.press('Escape')
    await page.locator('.zonecard').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => document.activeElement.id), 'planlist')

    const zones = await severalSearched(page, say, work)
    await axe(page, `several zones ${lang}`)
    await shot(page, `floors-several-${lang}`)
    await page.keyboard.press('Escape')
    await notHidden(page, say, zones, work)
    await shot(page, `floors-threat-${lang}`)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: say('floor.as_strips'), exact: true }).click()
    await page.locator('.zones.folded').first().waitFor()
    await shot(page, `floors-imported-strips-${lang}`)
    const chosen = (await shownLevels(page)).find((level) => level.total > 24)
    assert.deepEqual(chosen, (await counted(page, 'threat', 'EX-H')).find((level) => level.id === chosen.id))
    await page.emulateMedia({ media: 'print' })
    await page.locator('[data-paper-level]').nth(4).waitFor()
    await isDrawn(page, `[data-paper-level="${level}"] canvas`)
    await shot(page, `floors-paper-imported-${lang}`)
    await it.close()
  })
}
