// A page whose server was upgraded meanwhile, and parts of the page that do not come when an action needs them: in
// Debian's Chromium before the mock server, in both languages. Needs `web/build` first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { axe, open, shot, shown } from './page.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

/** Before its page is loaded: the files whose names fit do not come while `away()` says so. */
async function withoutFiles(files, away, options = {}) {
  const it = await open({ incident: exercise(), history: 3, ...options }, null)
  await it.page.route(files, (route) => (away(it.mock) ? route.abort() : route.continue()))
  return it
}

/** A file that an upgraded server has not is what the test is about; the browser writes it to its console. */
async function close(it) {
  it.wrong.splice(0, Infinity, ...it.wrong.filter((text) => !/status of 404/.test(text)))
  await it.close({ broken: true })
}

const outcome = (page, text) => page.locator('.outcome').getByText(text).waitFor()

async function find(page, words) {
  await page.keyboard.press('Control+k')
  await page.locator('dialog.find input').fill(words)
  await page.locator('.hit').filter({ hasText: words }).first().waitFor()
  await page.keyboard.press('Enter')
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`a server that was upgraded: the page says so, keeps what is half written, and loads the new one when it is told to, in ${lang}`, async () => {
    // What the page fetches ahead of time had not come by then.
    const it = await withoutFiles(/\/assets\/statements-[^/]*$/, (mock) => !mock.state.upgraded)
    const { page, mock } = it
    await page.goto(`${mock.url}?lang=${lang}`)
    await shown(page)
    await page.locator('#strip .cell').first().waitFor()
    await page.locator('#composer-text').focus()
    await page.keyboard.type('EX half writ')
    await it.lose()
    await page.locator('#top.lost').waitFor()
    assert.equal(await page.locator('#otherpage').count(), 0)
    mock.state.upgraded = true
    await mock.back()
    await page.locator('#otherpage').getByText(say('build.differs')).waitFor()
    await page.locator('#top:not(.lost)').waitFor()
    await page.keyboard.type('ten')
    assert.equal(await page.locator('#composer-text').inputValue(), 'EX half written')
    await page.keyboard.press('Enter')
    await page.locator('#sidelog .row:not(.waiting)').getByText('EX half written').waitFor()
    await page.locator('#foot').click()
    await page.keyboard.press('7')
    const gone = page.locator('#work > .stage')
    await gone.getByText(say('build.part_gone')).waitFor()
    await axe(page, 'another page')
    await shot(page, `other-page-${lang}`)

    await gone.getByRole('button', { name: say('build.load') }).press('Enter')
    await page.locator('#work .screen').waitFor()
    assert.match(await page.evaluate(() => document.querySelector('script[type=module]').src), /\/assets\/next\//)
    // It has asked, and found itself.
    await page.waitForFunction(() => performance.getEntriesByType('resource').some((it) => new URL(it.name).pathname === '/'))
    await page.locator('#sidelog').getByText('EX half written').waitFor()
    assert.equal(await page.locator('#otherpage').count(), 0)
    await close(it)
  })

  test(`a server that was upgraded before the login: who comes in is told, in ${lang}`, async () => {
    const it = await open({ logged_in: false }, `?lang=${lang}`)
    const { page, mock } = it
    await page.locator('#gate #name').waitFor()
    mock.state.upgraded = true
    await page.fill('#name', 'Duty officer')
    await page.fill('#password', 'practice only')
    await page.click('button[type=submit]')
    // The map is a part of its own, and the first that is missed.
    await page.locator('.mapbox').getByText(say('build.part_gone')).waitFor()
    await page.locator('#otherpage').getByRole('button', { name: say('build.load') }).click()
    await shown(page)
    await close(it)
  })

  test(`a part that an action needs and that does not come: the post is told and tries again, in ${lang}`, async () => {
    let is_away = true
    // The words of the page's own language have come, or there is no page to look at.
    const files = new RegExp(`/assets/(place|shaping|admit${lang === 'en' ? '|ur' : ''})-[^/]*$`)
    const cordon = ['cordon.set', { cordon: 'K-1', cordon_kind: 'inner', name: 'EX inner', shape: '10.001,20.001 10.001,20.002 10.002,20.002 10.001,20.001' }]
    const it = await withoutFiles(files, () => is_away, { incident: [...exercise(), cordon], held: 1 })
    const { page } = it
    await page.goto(`${it.mock.url}?lang=${lang}`)
    await shown(page)
    const other = page.locator('#top button[lang]')
    if (lang === 'en') {
      await other.click()
      await outcome(page, say('boot.not_come'))
    }
    await find(page, 'EX inner')
    await outcome(page, say('boot.late'))
    await page.locator('#foot').click()
    await page.keyboard.press('e')
    await outcome(page, say('boot.not_come'))
    await axe(page, 'a part that an action needs')
    await shot(page, `part-not-come-${lang}`)
    await page.getByRole('button', { name: say.like('decide.admit', { n: 1 }) }).click()
    await outcome(page, say('boot.late'))
    assert.equal(await page.locator('#drawbar, dialog, #work #card').count(), 0)

    is_away = false
    await page.locator('dialog').waitFor()
    await page.locator('.outcome').waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await page.locator('#card').getByText('EX inner').first().waitFor()
    await page.locator('#foot').click()
    await page.keyboard.press('e')
    await page.locator('#drawbar').waitFor()
    await other.click()
    await page.waitForFunction((was) => document.documentElement.lang !== was, lang)
    await it.close({ broken: true })
  })
}
