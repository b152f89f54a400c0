// The page against the mock server (web/tools/mock.mjs), in Debian's Chromium. Needs `web/build` first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axe, open as openAt, shot, shown } from './page.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

/** As close(), for a test that aborted a request on purpose. */
async function mockStop(it) {
  assert.deepEqual(await it.page.evaluate(() => window.csp), [])
  await it.page.close()
  await it.mock.stop()
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)
  const open = (options) => openAt(options, `?lang=${lang}`)

  test(`the first account by the setup code, then log out and in, in ${lang}`, async () => {
    const it = await open({ accounts: undefined, logged_in: false })
    const { page, mock } = it
    await page.fill('#code', 'wrong')
    await page.fill('#name', 'Duty officer')
    await page.fill('#password', 'practice only')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText(say.server('not the setup code')).first().waitFor()
    await axe(page, 'setup')
    await shot(page, `setup-${lang}`)
    await page.fill('#code', mock.state.code)
    await page.click('button[type=submit]')
    await page.getByRole('button', { name: say('account') }).click()
    await page.getByRole('button', { name: say('logout') }).click()
    await page.fill('#name', 'Duty officer')
    await page.fill('#password', 'guess work')
    await page.click('button[type=submit]')
    await page.getByRole('alert').getByText(say.server('Name or password is wrong')).first().waitFor()
    await axe(page, 'login')
    await shot(page, `login-${lang}`)
    await page.fill('#password', 'practice only')
    await page.click('button[type=submit]')
    await page.locator('#shell').waitFor()
    await it.close()
  })

  test(`units are on the map and in the table, and a click selects one, in ${lang}`, async () => {
    const it = await open()
    const { page, mock } = it
    await shown(page)
    await page.getByText('174 / 200').waitFor()
    const uid = await page.evaluate(async (uids) => {
      await document.fonts.ready
      return uids.find((one) => {
        const at = window.cordon_map.pixel(one)
        return at && at[0] > 50 && at[1] > 50 && at[0] < 700 && at[1] < 700 && window.cordon_map.at(at[0], at[1]) === one
      })
    }, mock.state.units.filter((unit) => unit.presence && !unit.moving && unit.lat).map((unit) => unit.uid))
    const unit = mock.state.units.find((one) => one.uid === uid)
    const box = await page.locator('#map').boundingBox()
    const at = await page.evaluate((one) => window.cordon_map.pixel(one), uid)
    await page.mouse.click(box.x + at[0], box.y + at[1])
    await page.locator('#card h3').getByText(unit.callsign, { exact: true }).waitFor()
    await page.keyboard.press('4')
    await page.locator('#tab-units').click()
    await page.locator('#unittable').waitFor()
    assert.equal(await page.locator('#unittable').getAttribute('aria-rowcount'), '201')
    await page.getByRole('searchbox').fill('amb-2')
    await page.getByRole('row', { name: /AMB-20/ }).waitFor()
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: say('col.callsign') }).click()
    assert.equal(await page.locator('#unittable th[aria-sort]').getAttribute('aria-sort'), 'descending')
    assert.match(await page.locator('#unittable tbody th').first().innerText(), /^TRAF-25/)
    assert.ok((await page.locator('#unittable tbody tr').count()) < 60)
    await it.close()
  })

  test(`an emergency cannot be missed and A acknowledges it, in ${lang}`, async () => {
    const it = await open()
    const { page, mock } = it
    await shown(page)
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    const unit = mock.person(3)
    const uid = mock.raise(unit)
    await page.locator('.att.crit').waitFor()
    await page.waitForFunction(() => document.title.startsWith('(1) '))
    await page.waitForFunction(() => window.tones >= 2)
    await page.getByRole('button', { name: say.like('att.silence') }).waitFor()
    await page.keyboard.press('s')
    await page.getByRole('button', { name: say.like('att.silence') }).waitFor({ state: 'detached' })
    await axe(page, 'emergency')
    await shot(page, `emergency-${lang}`)
    // By its place on the keyboard: an Urdu layout is active.
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyA', key: 'م', bubbles: true, cancelable: true })))
    await page.locator('.att.calm').getByText(say.like('att.acknowledged_by', { who: 'Duty officer' })).waitFor()
    assert.equal(mock.state.emergencies[0].acknowledged_by, 'Duty officer')
    assert.equal(mock.state.events.filter((event) => event.kind === 'emergency.acknowledged').length, 1)
    mock.cancel(uid)
    await page.locator('.att').waitFor({ state: 'detached' })
    await it.close()
  })

  test(`an alarm can be noted and asks again when it changes, in ${lang}`, async () => {
    const it = await open()
    const { page, mock } = it
    await shown(page)
    mock.setAlarms([{ id: 'journal', level: 'crit', text: 'The journal is not written: the disk is full', since: Date.now() }])
    await page.locator('.att.crit').waitFor()
    await page.keyboard.press('a')
    await page.locator('.att.calm').waitFor()
    mock.setAlarms([{ id: 'journal', level: 'crit', text: 'The journal is not written for 2 minutes', since: Date.now() }])
    await page.locator('.att.crit').waitFor()
    await it.close()
  })

  test(`chat: sent once, kept while the server is lost, sent when it is back, also after a reload, in ${lang}`, async () => {
    const it = await open()
    const { page, mock } = it
    await shown(page)
    await page.keyboard.press('n')
    await page.keyboard.type('All units hold')
    await page.keyboard.press('Enter')
    await page.locator('#sidelog .row').getByText('All units hold').waitFor()
    const said = () => mock.state.events.filter((event) => event.kind === 'chat.said' && event.data.operator).map((event) => event.data.text)
    assert.deepEqual(said(), ['All units hold'])

    await it.lose()
    await page.locator('#top.lost').waitFor()
    await page.keyboard.type('Second line')
    await page.keyboard.press('Enter')
    await page.locator('.row.waiting').getByText('Second line').waitFor()
    await page.getByText(say.like('foot.waiting', { n: 1 })).waitFor()
    await axe(page, 'server lost')
    await shot(page, `lost-${lang}`)
    await mock.back()
    await page.locator('#top:not(.lost)').waitFor({ timeout: 60_000 })
    await page.waitForFunction(() => !document.querySelector('.row.waiting'), null, { timeout: 60_000 })
    assert.deepEqual(said(), ['All units hold', 'Second line'])

    // The answer is lost, not the line: the page sends it again with the same id.
    await page.route('**/api/chat', (route) => route.abort(), { times: 1 })
    await page.locator('#composer-text').fill('Third line')
    await page.keyboard.press('Enter')
    await page.locator('.row.waiting').waitFor()
    await page.reload()
    await page.waitForFunction(() => [...document.querySelectorAll('#sidelog .row:not(.waiting)')].some((row) => row.textContent.includes('Third line')), null, { timeout: 60_000 })
    assert.deepEqual(said(), ['All units hold', 'Second line', 'Third line'])
    await mockStop(it)
  })

  test(`a refused line stays with its reason until it is dropped, in ${lang}`, async () => {
    const it = await open()
    const { page, mock } = it
    await shown(page)
    mock.state.refuse = [422, 'The text is too long.']
    await page.locator('#composer-text').fill('Too much')
    await page.keyboard.press('Enter')
    await page.locator('.row.waiting').getByText(say.server('The text is too long')).first().waitFor()
    await page.getByRole('button', { name: say('chat.drop') }).click()
    await page.locator('.row.waiting').waitFor({ state: 'detached' })
    await mockStop(it)
  })

  test(`the lost server: amber with a counter, red after a minute, the silent stay, in ${lang}`, async () => {
    const it = await open()
    const { page } = it
    await shown(page)
    await it.lose()
    await page.locator('#top.lost').getByText(say.like('link.lost')).waitFor()
    await page.evaluate(() => {
      const real = Date.now
      Date.now = () => real() + 61_000
    })
    await page.locator('#top.lost.long').waitFor()
    await axe(page, 'lost for long')
    await it.mock.back()
    await page.getByRole('button', { name: say('link.try_now') }).click().catch(() => undefined)
    await page.locator('#top:not(.lost)').waitFor({ timeout: 60_000 })
    await it.close()
  })

  test(`a part of the page that does not come says so, and is asked for again until it comes, in ${lang}`, async () => {
    const it = await openAt({}, null)
    const { page, mock } = it
    let is_away = true
    await page.route(/\/assets\/(map|floors)-[^/]*$/, (route) => (is_away ? route.abort() : route.continue()))
    await page.goto(`${mock.url}?lang=${lang}`)
    await page.locator('.mapbox').getByText(say('boot.late')).waitFor()
    await page.keyboard.press('2')
    await page.locator('#work > .stage').getByText(say('boot.late')).waitFor()
    await axe(page, 'a part that has not come')
    is_away = false
    await page.locator('#work .stage').first().waitFor({ state: 'detached' })
    await page.keyboard.press('1')
    await shown(page)
    await it.close({ broken: true })
  })

  test(`keys: screens, palette, sheet; off inside inputs, in ${lang}`, async () => {
    const it = await open()
    const { page } = it
    await shown(page)
    await page.keyboard.press('9')
    await page.locator('#devicetable').waitFor()
    await page.keyboard.press('Shift+?')
    await page.locator('dialog.keys').waitFor()
    await axe(page, 'keys')
    await shot(page, `keys-${lang}`)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    // What is typed right behind the key that opens it is not lost, however late the browser draws.
    const has_focus = await page.evaluate(() => new Promise((resolve) => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyK', key: 'k', ctrlKey: true, bubbles: true, cancelable: true }))
      setTimeout(() => resolve(document.activeElement.getAttribute('role')))
    }))
    assert.equal(has_focus, 'combobox')
    await page.keyboard.type('amb-3')
    await page.getByRole('option', { name: /AMB-3/ }).first().waitFor()
    await axe(page, 'palette')
    await shot(page, `find-${lang}`)
    await page.keyboard.press('Enter')
    await page.locator('#card h3').getByText('AMB-3', { exact: true }).waitFor()
    await page.waitForFunction(() => location.hash.includes('s=map') && location.hash.includes('sel='))
    await page.keyboard.press('c')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'composer-text')
    await page.keyboard.type('439')
    assert.equal(await page.locator('#composer-text').inputValue(), '439')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.locator('#card').waitFor({ state: 'detached' })
    await it.close()
  })
}

test('positions come as binary frames and move the unit', async () => {
  const it = await openAt()
  const { page, mock } = it
  await shown(page)
  const unit = mock.state.units.find((one) => one.moving && one.speed > 1)
  const before_px = await page.evaluate((one) => window.cordon_map.pixel(one), unit.uid)
  await page.waitForFunction(([one, x, y]) => {
    const at = window.cordon_map.pixel(one)
    return at[0] !== x || at[1] !== y
  }, [unit.uid, ...before_px])
  await it.close()
})

test('a gap in the record leads to a resume with `after`, and nothing is missing', async () => {
  const it = await openAt()
  const { page, mock } = it
  await shown(page)
  const have = mock.state.seq
  mock.record('chat.said', { from: 'RGR-1', from_uid: '', text: 'The missed line', to: [], direct: false, operator: null }, true)
  mock.chat(mock.person(1), 'The line after it')
  await page.locator('#sidelog').getByText('The missed line').waitFor()
  await page.locator('#sidelog').getByText('The line after it').waitFor()
  assert.deepEqual(mock.state.hellos.map((hello) => hello.after), [null, have])
  assert.equal(await page.locator('#sidelog').getByText('The line after it').count(), 1)
  await it.close()
})

test('sizes: laptop, wall and tablet hold the shell', async () => {
  const it = await openAt({}, '?lang=ur')
  const { page, mock } = it
  await shown(page)
  mock.raise(mock.person(3))
  await page.locator('.att.crit').waitFor()
  for (const [width, height, query] of [[1366, 768, ''], [1920, 1080, '?scale=1.4'], [820, 1180, '']]) {
    await page.setViewportSize({ width, height })
    await page.goto(mock.url + query)
    await shown(page)
    await page.waitForTimeout(300)
    const outside = await page.evaluate(() => [...document.querySelectorAll('.att .btn, #composer .btn, #composer-text, #top, #rail button')]
      .map((part) => [part.tagName + part.className, part.getBoundingClientRect()])
      .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.width === 0).map(([name]) => name))
    assert.deepEqual(outside, [], `${width} x ${height}`)
    await shot(page, `size-${width}`)
  }
  await page.setViewportSize({ width: 1600, height: 900 })
  await page.evaluate(() => localStorage.clear())
  await it.close()
})

// No words: an address is the same in each language.
test('an address that is given just before the page writes its own is followed', async () => {
  const it = await openAt()
  const { page } = it
  await shown(page)
  await page.evaluate(() => {
    const later = window.setTimeout
    // The page writes its address 300 ms after the last change; the event of a new address comes after this turn.
    window.setTimeout = (run, ms, ...more) => later(ms === 300 ? () => { location.hash = '#s=log'; run() } : run, ms, ...more)
  })
  await page.keyboard.press('2')
  await page.locator('#log-title').waitFor()
  await it.close()
})
