// Pictures of the page for a person to look at, kept by every run beside the program that made them (build/shots, or
// CORDON_SHOTS=DIR), and what a machine sees of them: texts upon one another.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { overlaps } from './looking.mjs'
import { CORDON, setUp, start, visit } from './real.mjs'

export const SHOTS = process.env.CORDON_SHOTS ?? join(dirname(CORDON), 'shots')
export const SCREENS = ['map', 'floors', 'log', 'people', 'casualties', 'tasks', 'statements', 'replay', 'points', 'admin']
export const MOMENT = '2023-02-17T21:52:00+05:00'

mkdirSync(SHOTS, { recursive: true })

/** The reference evening at that moment, and the session of who has just made its first account. */
export async function startEvening(name) {
  const evening = await start('exercise', name, ['--from', MOMENT, '--until', MOMENT])
  const it = await visit(evening)
  await setUp(it.page, evening.code)
  await it.page.locator('#strip .cell').first().waitFor()
  const session = await it.page.context().storageState()
  await it.close()
  return { evening, session }
}

/** A picture, and what overlaps on it. */
export async function keep(page, name, wrong) {
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: join(SHOTS, name + '.png') })
  for (const text of await page.evaluate(overlaps)) wrong.push(`${name}: ${text}`)
}

export async function look(page, screen) {
  await page.evaluate((wanted) => { location.hash = '#s=' + wanted }, screen)
  await page.waitForFunction((wanted) => new URLSearchParams(location.hash.slice(1)).get('s') === wanted, screen)
  await page.waitForFunction(() => !document.querySelector('#work .stage'))
}

/** Canvases are drawn in the frame after their sizes are known. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))))

export async function pictures({ evening, session }, name, query, options = {}) {
  const it = await visit(evening, query, { storageState: session, ...options })
  const { page } = it
  await page.locator('#strip .cell').first().waitFor()
  await page.waitForFunction(() => window.cordon_map?.draws() > 0)
  const wrong = []
  for (const screen of SCREENS) {
    await look(page, screen)
    await drawn(page)
    await keep(page, `${screen}-${name}`, wrong)
  }
  assert.deepEqual(wrong, [])
  await it.close()
}
