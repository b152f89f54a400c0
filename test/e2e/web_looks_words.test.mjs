// A language that nobody speaks: each word of the page longer by two fifths, accented and in brackets, loaded in the
// place of Urdu. What is not accented was never translated; what is cut off here is cut off in a longer language.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { slash } from './hands.mjs'
import { bare, cut } from './looking.mjs'
import { open, shown } from './page.mjs'

const SCREENS = { map: '1', floors: '2', log: '3', people: '4', casualties: '5', tasks: '6', statements: '7', replay: '8', admin: '9', points: 'o' }
const DIALOGS = { keys: 'Shift+Slash', find: 'Control+k', layers: 'y' }
const LONGER = 0.4
const english = JSON.parse(readFileSync(new URL('../../web/src/i18n/en.json', import.meta.url), 'utf8'))
const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ACCENTED = 'áƀçđéƒǧĥíĵķłɱńóƥɋŕšŧúṽŵẋýžÁƁÇĐÉƑǦĤÍĴĶŁṀŃÓƤɊŔŠŦÚṼŴẊÝŽ'

/** Values in braces stay as they are. */
function pseudo(text) {
  const letters = text.replace(/\{\w+\}/g, '')
  const accented = text.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? part : [...part].map((letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter).join('')))
  return `⟦${accented.join('')}${'ö'.repeat(Math.ceil(letters.length * LONGER))}⟧`
}

/** The page asks for Urdu and gets this catalogue: the same import, another file. */
async function speak(page, words) {
  await page.route(/assets\/ur-[^/]*\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify({ ...words, _dir: 'ltr' })}` }))
}

async function board(words) {
  const it = await open({ incident: exercise(), history: 12 }, null)
  const { page } = it
  await speak(page, words)
  await page.goto(it.mock.url + '?lang=ur')
  await shown(page)
  await page.locator('#strip .cell').first().waitFor()
  // The letters' sizes are those of English: only the words differ.
  await page.evaluate(() => { document.documentElement.lang = 'en' })
  it.mock.raise(it.mock.person(3))
  await page.locator('.att.crit').waitFor()
  await page.locator('#foot b').click()
  return it
}

async function go(page, name) {
  await page.keyboard.press(SCREENS[name])
  await page.waitForFunction((wanted) => new URLSearchParams(location.hash.slice(1)).get('s') === wanted, name)
  await page.waitForFunction(() => !document.querySelector('#work .stage'))
}

/** Each screen, part of a screen, dialog, card and form: `look` is told its name. */
async function everywhere(page, look) {
  for (const name of Object.keys(SCREENS)) {
    await go(page, name)
    await look(name)
    const tabs = await page.locator('#work [role=tab]').count()
    for (let i = 1; i < tabs; i++) {
      await page.locator('#work [role=tab]').nth(i).click()
      await look(`${name}, part ${i + 1}`)
    }
  }
  await go(page, 'map')
  for (const [name, key] of Object.entries(DIALOGS)) {
    await page.keyboard.press(key)
    await page.locator('dialog[open]').waitFor()
    await look(`dialog ${name}`)
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  }
  for (const form of ['transfer', 'task', 'cordon', 'count']) {
    await page.locator('#foot b').click()
    await slash(page, form)
    await look(`form ${form}`)
    await page.locator('#entry header .square').click()
    await page.locator('#entry').waitFor({ state: 'detached' })
  }
}

test('each word of the page is of its catalogue, and a longer one is not cut off', { timeout: 120_000 }, async () => {
  const whole = new Map()
  const first = await board(english)
  assert.ok((await first.page.evaluate(bare)).length > 20, 'plain letters are seen where there are some')
  await everywhere(first.page, async (name) => whole.set(name, new Set((await first.page.evaluate(cut)).map((it) => it.at))))
  const of_admin = /404 .*\/(api\/admin\/|api\/clients\/inputs|api\/incidents\/[^/]+\/sharing|Marti\/api\/video)/
  const close = (it) => {
    it.wrong.splice(0, Infinity, ...it.wrong.filter((text) => !of_admin.test(text)))
    return it.close()
  }
  await close(first)

  const longer = Object.fromEntries(Object.entries(english).map(([key, text]) => [key, key.startsWith('_') ? text : pseudo(text)]))
  const it = await board(longer)
  const wrong = []
  await everywhere(it.page, async (name) => {
    for (const text of await it.page.evaluate(bare)) wrong.push(`"${text}" is not of the catalogue (${name})`)
    for (const { at, text } of await it.page.evaluate(cut)) if (!whole.get(name).has(at)) wrong.push(`${name}: "${text}" is cut off (${at})`)
  })
  assert.deepEqual([...new Set(wrong)], [])
  await close(it)
})
