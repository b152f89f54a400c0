// How the rest looks: the screens on a small laptop, on a wall and on a tablet; and what has no key of its own: the cards
// of the first minute, a practice, the page on which phones join, the observer's, the hand-over of command.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { SHOTS, keep, pictures, startEvening } from './pictures.mjs'
import { freePort, newContext, start, visit } from './real.mjs'

let scene

before(async () => { scene = await startEvening('looks-more') })

test('pictures of a small laptop', () => pictures(scene, '1366-en', '?theme=dark&lang=en', { viewport: { width: 1366, height: 768 } }))
test('pictures of a wall', () => pictures(scene, 'wall-en', '?theme=dark&lang=en&scale=1.4'))
test('pictures of a tablet', () => pictures(scene, 'tablet-en', '?theme=dark&lang=en', { viewport: { width: 1024, height: 768 }, hasTouch: true }))

const LOOKS = ['dark', 'light', 'red'].flatMap((theme) => ['en', 'ur'].map((lang) => ({ theme, lang })))

test('pictures of the first minute, of joining and of a practice', { timeout: 120_000 }, async () => {
  const enrol = await freePort()
  const server = await start('serve', 'looks-first', ['--enrol', enrol])
  const it = await visit(server, `#setup=${server.code}`, { first: true })
  const { page } = it
  const wrong = []
  await page.fill('#name', 'Duty officer')
  await page.fill('#password', 'practice only')
  await page.keyboard.press('Enter')
  await page.locator('.firstcode .code').waitFor()
  const token = await page.locator('.firstcode .token').innerText()
  for (const { theme, lang } of LOOKS) {
    await page.goto(`https://127.0.0.1:${server.web}/?theme=${theme}&lang=${lang}`)
    await page.locator('#first .firstcards').waitFor()
    await page.locator('#first .laptop dd').first().waitFor()
    await keep(page, `first-${theme}-${lang}`, wrong)
  }
  // The page for phones has its own style, and both languages on it.
  for (const colorScheme of ['dark', 'light']) {
    const context = await newContext({ viewport: { width: 390, height: 844 }, colorScheme })
    const phone = await context.newPage()
    await phone.goto(`https://127.0.0.1:${enrol}/join/${token}`)
    await phone.screenshot({ path: join(SHOTS, `join-${colorScheme}.png`), fullPage: true })
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page for phones is too wide')
    await context.close()
  }
  await page.goto(`https://127.0.0.1:${server.web}/?theme=dark&lang=en`)
  const start_it = page.locator('#first .practice .acts .btn').first()
  const [tab] = await Promise.all([page.context().waitForEvent('page'), start_it.click()])
  await tab.locator('#top .stamp').waitFor()
  await tab.locator('#sidelog .row').first().waitFor()
  await keep(tab, 'practice-dark-en', wrong)
  await tab.close()
  assert.deepEqual(wrong, [])
  await it.close()
  await server.stop()
})

test('pictures of the observer and of the hand-over of command', { timeout: 120_000 }, async () => {
  const { evening, session } = scene
  const wrong = []
  const it = await visit(evening, '', { storageState: session })
  const { page } = it
  await page.locator('#strip .cell').first().waitFor()
  const made = await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/session')).json()
    const body = JSON.stringify({ id: 'looks-op-1', name: 'EX minister', password: 'practice only', roles: ['observer'], agency: '' })
    return (await fetch('/api/operators', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body })).status
  })
  assert.equal(made, 200)
  for (const { theme, lang } of LOOKS) {
    await page.goto('about:blank')
    await page.goto(`https://127.0.0.1:${evening.web}/?theme=${theme}&lang=${lang}`)
    await page.locator('#top .command').click()
    await page.locator('#entry.transfer').waitFor()
    await keep(page, `transfer-${theme}-${lang}`, wrong)
  }
  await it.close()

  const eye = await visit(evening)
  await eye.page.fill('#name', 'EX minister')
  await eye.page.fill('#password', 'practice only')
  await eye.page.click('button[type=submit]')
  await eye.page.locator('#observer').waitFor()
  for (const { theme, lang } of LOOKS) {
    await eye.page.goto('about:blank')
    await eye.page.goto(`https://127.0.0.1:${evening.web}/?theme=${theme}&lang=${lang}`)
    await eye.page.locator('#observer .count .figure').first().waitFor()
    await keep(eye.page, `observer-${theme}-${lang}`, wrong)
  }
  assert.deepEqual(wrong, [])
  await eye.close()
})
