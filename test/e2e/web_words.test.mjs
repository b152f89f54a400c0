// What the server says, in Urdu, against the real server: a refusal at its field and in the line that tells of it, the
// sentences of alarms and findings, and a wrong password. Nothing of them is left in English but names and numbers.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { event, plainPhone, report } from './phones.mjs'
import { axe, logIn, setUp, shot, start, visit } from './real.mjs'

let evening, watching

before(async () => {
  evening = await start('exercise', 'words', ['--speed', '600', '--until', '2023-02-17T20:30:00+05:00'])
  watching = await visit(evening, '?lang=ur')
  await setUp(watching.page, evening.code)
})

const urdu = /[\u0600-\u06ff]/
const plain = (text) => text.replace(/[\u2066-\u2069]/g, '')

/** Chooses a kind of entry as one does by keyboard. */
async function slash(page, word) {
  await page.locator('#foot').click()
  await page.keyboard.press('/')
  await page.locator('#kinds').waitFor()
  await page.keyboard.type(word)
  await page.keyboard.press('Enter')
  await page.locator('#entry-title').waitFor()
}

test('a refused command says why in Urdu, at its field', { timeout: 120_000 }, async () => {
  const { page, refused } = watching
  refused()
  assert.equal(await page.evaluate(() => document.documentElement.lang + document.documentElement.dir), 'urrtl')
  // The evening is played until a search has been recorded: there are zones and units that are checked in.
  await page.locator('#strip .cell').filter({ hasText: 'خطرے کی تلاشی' }).getByText(/43\W* میں سے \W*[1-9]/).waitFor({ timeout: 60_000 })
  await slash(page, 'search')
  await page.locator('#entry-zone').selectOption('Main block/3/A')
  await page.locator('#entry-unit').selectOption('RGR-1')
  await page.locator('[data-field=kind] [value=eod]').check()
  await page.locator('#entry .primary').click()
  const wrong = page.locator('#entry-unit-wrong')
  await wrong.waitFor()
  assert.equal(await wrong.innerText(), 'EOD کلیئرنس صرف بم ڈسپوزل یونٹ دیتا ہے')
  assert.equal(await page.locator('#entry-unit').getAttribute('aria-invalid'), 'true')
  await page.evaluate(() => document.fonts.ready)
  await axe(page, 'refused in Urdu')
  await shot(page, 'words-refused-ur')
  await page.keyboard.press('Escape')
})

test('alarms and findings are in Urdu to the last word that is no name', async () => {
  const { page } = watching
  await page.locator('#foot').click()
  await page.keyboard.press('o')
  await page.locator('[data-id]').first().waitFor()
  const lines = await page.locator('#work li[data-id] p').allInnerTexts()
  assert.ok(lines.length > 4, `${lines.length} lines`)
  const english = lines.map(plain).filter((line) => /(?:\b[a-z]{3,}\b\s+){3}/.test(line))
  assert.deepEqual(english, [])
  const left = await page.locator('#work li[data-id] p').evaluateAll((list) => list.filter((it) => getComputedStyle(it).direction === 'ltr').map((it) => it.innerText))
  assert.deepEqual(left, [])
  await axe(page, 'open points in Urdu')
  await shot(page, 'words-points-ur')
})

test('what the server writes into the record is said in Urdu, and its card shows what stands there', { timeout: 60_000 }, async () => {
  const { page } = watching
  const phone = await plainPhone(evening.tcp)
  phone.send(report('EX-R7', 'EX-R7'))
  phone.send(event('EX-R7-9-1-1', 'b-a-o-tbl', '<link uid="EX-R7" relation="p-p" type="a-f-G-U-C"/><contact callsign="EX-R7-Alert"/><emergency type="911 Alert">EX-R7</emergency>'))
  await page.locator('#foot').click()
  await page.keyboard.press('3')
  const line = page.locator('#work .row').filter({ hasText: 'EX-R7' }).filter({ hasText: 'کی طرف سے', hasNotText: 'الارم' }).first()
  await line.waitFor()
  const text = plain(await line.locator('.tx').innerText())
  assert.match(text, /خطرے کا بٹن، EX-R7 کی طرف سے، مقام 10\.0010000,20\.0010000/)
  const alarms = page.locator('#work .row').filter({ hasText: 'الارم' })
  await alarms.filter({ hasText: 'EX-R7' }).first().waitFor()
  const english = (await alarms.locator('.tx').allInnerTexts()).map(plain).filter((it) => /(?:\b[a-z]{3,}\b\s+){3}/.test(it))
  assert.deepEqual(english, [])
  await line.click()
  const card = page.locator('.eventcard')
  const recorded = card.locator('.recorded bdi').last()
  await recorded.waitFor()
  assert.equal(await recorded.innerText(), '911 Alert from EX-R7 at 10.0010000,20.0010000')
  assert.equal(await recorded.getAttribute('dir'), 'ltr')
  assert.match(plain(await card.innerText()), /کی طرف سے/)
  await axe(page, 'an entry of the server in Urdu')
  await shot(page, 'words-written-ur')
  phone.close()
})

test('a wrong password is refused in Urdu', async () => {
  const it = await visit(evening, '?lang=ur')
  it.refused()
  await it.page.fill('#name', 'Duty officer')
  await it.page.fill('#password', 'not the one')
  await it.page.click('button[type=submit]')
  const alert = it.page.getByRole('alert')
  await alert.filter({ hasText: urdu }).waitFor()
  assert.equal(plain(await alert.innerText()), 'نام یا پاس ورڈ درست نہیں۔')
  await logIn(it.page, 'Duty officer')
  await it.close()
  await watching.close()
})
