// What is open on the screens of an evening is what the role may enter, and nothing that writes while a past moment is
// shown, against the real server: found by pressing whatever can be pressed.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { EVERYWHERE, PASSWORD, SCREENS, atRest, makeAccounts, press, show, visitAs } from './press.mjs'
import { axe, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const ACCOUNTS = ['administrator', 'responder', 'loggist']
const UNTIL = '2023-02-17T21:14:00+05:00'
let server

before(async () => {
  server = await start('exercise', 'roles', ['--speed', '1200', '--until', UNTIL])
  const it = await visit(server)
  await setUp(it.page, server.code)
  await makeAccounts(it.page, ACCOUNTS)
  await atRest(it.page, UNTIL)
  await it.close()
})

for (const lang of LANGUAGES) {
  test(`no control that writes is open while a past moment is shown, on each screen, in ${lang}`, { timeout: 120_000 }, async () => {
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await page.addInitScript(() => { window.print = () => undefined })
    await logIn(page, 'Duty officer', PASSWORD)
    await page.locator('#strip .cell').first().waitFor()
    const reason = wordsOf(lang)('past.read_only')
    const at = 'at=2023-02-17T16:05:00.000Z'
    await show(page, `#s=replay&${at}`)
    await page.locator('#top.replay').waitFor()
    const writes = []
    page.on('request', (request) => { if (request.method() !== 'GET') writes.push(`${request.method()} ${request.url()}`) })
    let closed = 0
    for (const screen of SCREENS) {
      const hash = `#s=${screen}&${at}`
      await show(page, hash)
      const { pressed, wrong } = await page.evaluate(press, { within: screen === 'map' ? EVERYWHERE : '#work, #card', hash, reason, fill: false, most: screen === 'replay' ? 20 : 60 })
      assert.deepEqual(wrong, [], `${screen}: ${pressed.length} were pressed`)
      await show(page, hash)
      closed += await page.locator(`[disabled][title="${reason}"]`).count()
      const open = await page.locator('.figureinput:enabled, #task-line:enabled, #tasktable select:enabled, #person-tag:enabled, .rollhead select:enabled, #composer :enabled').count()
      assert.equal(open, 0, `${screen}: fields that write are open`)
      await shot(page, `rights-past-${screen}-${lang}`)
      if (lang === 'en' && screen === 'tasks') await axe(page, `${screen} in the past`)
    }
    assert.ok(closed > 20, `${closed} controls say why they are closed`)
    assert.deepEqual(writes, [])
    await it.close()
  })

  test(`what is open on the other screens is not refused for the role, in ${lang}`, { timeout: 180_000 }, async () => {
    for (const roles of ACCOUNTS) {
      const it = await visitAs(server, roles, lang)
      it.lost() // an exercise's clock makes no invite: 503
      const { page, refusals } = it
      for (const screen of SCREENS.filter((one) => one !== 'replay')) {
        const hash = `#s=${screen}`
        await show(page, hash)
        await page.evaluate(press, { within: screen === 'map' ? EVERYWHERE : '#work, #card', hash, fill: false, most: 20 })
        await shot(page, `rights-${roles}-${screen}-${lang}`)
      }
      assert.deepEqual(refusals, [], roles)
      await it.close()
    }
  })
}
