// Floors against the real server on the exercise's evening: the storey stack, plans made from names, the same counts as
// the server has, and what comes out on paper. An imported building is in web_floors_imported.test.mjs.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { speak } from './hands.mjs'
import { counted, isDrawn, shownLevels } from './looking.mjs'
import { axe, setUp, shot, start, visit } from './real.mjs'

let evening, watching

before(async () => {
  evening = await start('exercise', 'floors', ['--speed', '600', '--until', '2023-02-17T21:30:00+05:00'])
  watching = await visit(evening)
  await setUp(watching.page, evening.code)
})

const pressed = (page) => page.locator('#stackbox .storey[aria-pressed=true]').getAttribute('data-level')
const pressedIs = (page, id) => page.locator(`#stackbox .storey[aria-pressed=true][data-level="${id}"]`).waitFor()

async function theme(page, wanted) {
  while ((await page.evaluate(() => document.documentElement.dataset.theme)) !== wanted) {
    await page.locator('#foot').click()
    await page.keyboard.press('t')
  }
}

const notTooWide = async (page, where) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(wide <= 0, `${where} is ${wide} px too wide`)
}

test('the evening: the stack by keys, the same counts as the server, themes, languages, sizes and paper', { timeout: 240_000 }, async () => {
  const { page } = watching
  await page.locator('#stackbox .storey').nth(5).waitFor()
  // The evening is played when the last search before half past nine is there.
  await page.locator('#strip .cell').filter({ hasText: 'Threat searched' }).getByText('34 of 43', { exact: true }).waitFor({ timeout: 120_000 })

  // Keys on the map: up, down, and floors by their number.
  await page.locator('#foot').click()
  await page.keyboard.press('Shift+Digit1')
  await pressedIs(page, 'Main block/0')
  await page.keyboard.press(']')
  await pressedIs(page, 'Main block/1')
  await page.keyboard.press('Shift+Digit5')
  await pressedIs(page, 'Main block/4')
  await page.keyboard.press('[')
  await pressedIs(page, 'Main block/3')
  for (let i = 0; i < 9; i++) await page.keyboard.press('[')
  assert.equal(await pressed(page), 'Main block/0')
  await page.keyboard.press('Shift+Digit4')
  await page.waitForFunction(() => document.querySelector('#stackbox canvas').dataset.level === 'Main block/3')
  await isDrawn(page, '#stackbox canvas')
  const share = await page.evaluate(() => document.querySelector('#stackbox').offsetWidth / document.querySelector('#map').offsetWidth)
  assert.ok(share <= 0.245, `the stack hides ${share} of the map`)
  await axe(page, 'the storey stack')
  await shot(page, 'floors-stack-dark')

  // Folded away, which is remembered, and back.
  await page.getByRole('button', { name: 'Fold the storeys' }).click()
  await page.locator('#stackbox .folded').waitFor()
  await page.reload()
  await page.locator('#stackbox .folded .storey').nth(5).waitFor()
  await page.getByRole('button', { name: 'Show the storeys' }).click()

  // A room of the inset opens on Floors.
  await page.keyboard.press('Shift+Digit4')
  await page.locator('#stackbox canvas').click({ position: { x: 20, y: 40 } })
  await page.locator('.zonecard').getByText('Floor 3, B', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.zonecard').waitFor({ state: 'detached' })

  const said = await counted(page, 'threat', 'Main block')
  assert.ok(said.reduce((sum, level) => sum + level.clear, 0) >= 20, JSON.stringify(said))
  assert.deepEqual(await shownLevels(page), said)
  const all = said.reduce((sum, level) => ({ clear: sum.clear + level.clear, total: sum.total + level.total }), { clear: 0, total: 0 })
  await page.locator('.bar.second').getByText(`${all.clear} of ${all.total} rooms clear`).waitFor()
  await page.locator('.insidetable').getByText('RGR-1').waitFor()

  for (const code of ['en', 'ur']) {
    await speak(page, code)
    for (const wanted of ['dark', 'light', 'red']) {
      await theme(page, wanted)
      for (const as of ['strips', 'plan']) {
        await page.getByRole('button', { name: { en: { strips: 'Strips', plan: 'Plan' }, ur: { strips: 'پٹیاں', plan: 'نقشہ' } }[code][as], exact: true }).and(page.locator('.bar .btn')).click()
        await page.locator(as === 'strips' ? '.level' : '#planlist').first().waitFor()
        if (as === 'plan') await isDrawn(page, '.planwork canvas')
        if (wanted !== 'red') await axe(page, `${as} ${wanted} ${code}`)
        await shot(page, `floors-${as}-${wanted}-${code}`)
        assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /\b(floor|act|step|word)[.:][a-z_]+\b/)
      }
    }
  }
  // A plan does not mirror: what is west in one language is west in the other.
  const west = (zone) => page.evaluate((id) => window.cordon_plan.pixelOf(id)[0], zone)
  assert.ok(await west('Main block/3/B') < await west('Main block/3/D'))
  await theme(page, 'dark')

  // A laptop, and twice the size: nothing has to be scrolled sideways.
  for (const [width, height] of [[1366, 768], [800, 450]]) {
    await page.setViewportSize({ width, height })
    await notTooWide(page, `plan at ${width}`)
    await page.getByRole('button', { name: 'پٹیاں' }).click()
    await page.locator('.level').first().waitFor()
    await notTooWide(page, `strips at ${width}`)
    await shot(page, `floors-strips-${width}-ur`)
    await page.getByRole('button', { name: 'نقشہ', exact: true }).and(page.locator('.bar .btn')).click()
  }
  await page.setViewportSize({ width: 1600, height: 900 })

  // On paper: all floors, with what the signs mean, in both languages.
  for (const code of ['ur', 'en']) {
    await speak(page, code)
    await page.emulateMedia({ media: 'print' })
    await page.locator('.floorpaper').waitFor()
    assert.deepEqual(await page.locator('[data-paper-level]').evaluateAll((it) => it.map((level) => level.dataset.paperLevel)), said.map((level) => level.id))
    assert.equal(await page.locator('[data-paper-zone]').count(), all.total)
    assert.ok(await page.locator('.floorpaper .paperlegend').isVisible())
    assert.equal(await page.locator('.floors').isVisible(), false)
    await shot(page, `floors-paper-${code}`)
    await page.emulateMedia({ media: 'screen' })
    await page.locator('.floorpaper').waitFor({ state: 'detached' })
  }

  // A link for a wall: this building, this kind.
  await page.goto('about:blank')
  await page.goto(`https://127.0.0.1:${evening.web}/?scale=1.4&floors=strips#s=floors&f=${encodeURIComponent('Place of worship')}&k=eod`)
  await page.locator('.level').first().waitFor()
  assert.equal(await page.locator('.level').count(), 1)
  assert.equal(await page.locator('.bar .chips [aria-pressed=true]').filter({ hasText: 'EOD' }).count(), 1)
  assert.deepEqual(await shownLevels(page), await counted(page, 'eod', 'Place of worship'))
  await notTooWide(page, 'a wall')
  await shot(page, 'floors-wall')
  await watching.close()
  await evening.stop()
})
