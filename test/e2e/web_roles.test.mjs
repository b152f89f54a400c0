// What is open on the screens of an evening is what the role may enter, against the real server.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { EVERYWHERE, PASSWORD, SCREENS, atRest, makeAccounts, press, refusalsOf, show } from './press.mjs'
import { logIn, setUp, shot, start, visit } from './real.mjs'

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

/** A page of one account, and the refusals that it gets. */
async function as(roles, lang = 'en') {
  const it = await visit(server, `?lang=${lang}`)
  it.lost() // an exercise's clock makes no invite: 503
  const refusals = await refusalsOf(it)
  await logIn(it.page, `EX ${roles}`, PASSWORD)
  await it.page.locator('#strip').waitFor()
  return { ...it, refusals }
}

test('what is open on the other screens is not refused for the role', { timeout: 180_000 }, async () => {
  for (const roles of ACCOUNTS) {
    const it = await as(roles)
    const { page, refusals } = it
    for (const screen of SCREENS.filter((one) => one !== 'replay')) {
      const hash = `#s=${screen}`
      await show(page, hash)
      await page.evaluate(press, { within: screen === 'map' ? EVERYWHERE : '#work, #card', hash, fill: false, most: 20 })
      await shot(page, `rights-${roles}-${screen}`)
    }
    assert.deepEqual(refusals, [], roles)
    await it.close()
  }
})
