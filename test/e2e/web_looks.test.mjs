// How the page looks: pictures of every screen in each theme and language and at each size, kept by every run beside
// the program that made them (build/shots, or CORDON_SHOTS=DIR) for a person to look at. What a machine can see of a
// picture is tested with it: nothing outside, no text upon another, no colour that says nothing.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, test } from 'node:test'
import { CORDON, freePort, logIn, setUp, start, visit } from './real.mjs'
import { overlaps } from './looking.mjs'

const SHOTS = process.env.CORDON_SHOTS ?? join(dirname(CORDON), 'shots')
const SCREENS = ['map', 'floors', 'log', 'people', 'casualties', 'tasks', 'statements', 'replay', 'points', 'admin']
const MOMENT = '2023-02-17T21:52:00+05:00'

let evening, session

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  evening = await start('exercise', 'looks', ['--from', MOMENT, '--until', MOMENT])
  const it = await visit(evening)
  await setUp(it.page, evening.code)
  await it.page.locator('#strip .cell').first().waitFor()
  session = await it.page.context().storageState()
  await it.close()
})

const keep = (page, name) => page.screenshot({ path: join(SHOTS, name + '.png') })

async function look(page, query, screen) {
  await page.evaluate((wanted) => { location.hash = '#s=' + wanted }, screen)
  await page.waitForFunction((wanted) => new URLSearchParams(location.hash.slice(1)).get('s') === wanted, screen)
  await page.waitForFunction(() => !document.querySelector('#work .stage'))
  await page.evaluate(() => document.fonts.ready)
}

async function pictures(name, query, options = {}) {
  const it = await visit(evening, query, { storageState: session, ...options })
  const { page } = it
  await page.locator('#strip .cell').first().waitFor()
  await page.waitForFunction(() => window.cordon_map?.draws() > 0)
  const wrong = []
  for (const screen of SCREENS) {
    await look(page, query, screen)
    await page.waitForTimeout(300)
    await keep(page, `${screen}-${name}`)
    for (const text of await page.evaluate(overlaps)) wrong.push(`${screen}: ${text}`)
  }
  assert.deepEqual(wrong, [])
  await it.close()
}

for (const theme of ['dark', 'light', 'red']) {
  for (const lang of ['en', 'ur']) {
    test(`pictures of every screen, ${theme}, ${lang}`, () => pictures(`${theme}-${lang}`, `?theme=${theme}&lang=${lang}`))
  }
}
test('pictures of a small laptop', () => pictures('1366-en', '?theme=dark&lang=en', { viewport: { width: 1366, height: 768 } }))
test('pictures of a wall', () => pictures('wall-en', '?theme=dark&lang=en&scale=1.4'))
test('pictures of a tablet', () => pictures('tablet-en', '?theme=dark&lang=en', { viewport: { width: 1024, height: 768 }, hasTouch: true }))
