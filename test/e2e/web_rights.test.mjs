// What is open in Admin is what this account may do, against the real server: each set of rights presses whatever it can.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import { makeAccounts, post, press, show, visitAs } from './press.mjs'
import { freePort, setUp, start, visit } from './real.mjs'
import { LANGUAGES } from './words.mjs'

/** One of each set of rights. */
const ACCOUNTS = ['administrator', 'commander', 'deputy', 'logistics', 'loggist', 'family-liaison', 'responder', 'observer,administrator']
/** In Urdu those whose Admin differs most; what may be done does not hang on the language. */
const SETS = { en: ACCOUNTS, ur: ['administrator', 'deputy', 'observer,administrator'] }
let server

before(async () => {
  server = await start('serve', 'rights', ['--enrol', await freePort(), '--sharing', 'on'])
  const it = await visit(server)
  await setUp(it.page, server.code)
  await makeAccounts(it.page, ACCOUNTS)
  const made = await post(it.page, '/api/incidents', { id: randomUUID(), kind: 'incident.opened', fields: { name: 'EX Harbour House', type: 'complex-attack', exercise: true } })
  assert.equal(made.status, 200, made.text)
  await it.close()
})

for (const lang of LANGUAGES) {
  test(`what is open in Admin is never refused: each set of rights, each part, in ${lang}`, { timeout: 180_000 }, async () => {
    for (const roles of SETS[lang]) {
      const it = await visitAs(server, roles, lang)
      const { page, refusals } = it
      await show(page, '#s=admin')
      const tabs = await page.locator('.admintabs button').evaluateAll((list) => list.map((one) => one.id))
      assert.equal(tabs.includes('admintab-operators'), roles.includes('administrator'), roles)
      for (const tab of tabs) {
        await page.locator('#' + tab).click()
        await page.locator('#adminpart h1, #adminpart h2').first().waitFor()
        await page.evaluate(press, { within: '#adminpart', hash: '#s=admin', fill: true, most: 25 })
        assert.deepEqual(refusals, [], `${roles}: ${tab}`)
      }
      await page.waitForFunction(() => !document.querySelector('#adminpart button[disabled].primary[type=submit]'))
      assert.deepEqual(refusals, [], roles)
      await it.close()
    }
  })
}
