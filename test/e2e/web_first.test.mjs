// The first minute, the practice and the observer, against the real server (CORDON, else build/cordon).
// CORDON_SHOTS=DIR keeps pictures for a person to look at.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { enrol, plainPhone, report, securePhone } from './phones.mjs'
import { read } from './qr.mjs'
import { CORDON, axe, folder, freePort, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, plain, wordsOf } from './words.mjs'

const WATCHED_AT = '2023-02-17T22:45:00+05:00'
const record = (data) => execFileSync(CORDON, ['log', '--data', data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
const until = async (what, is) => {
  for (;;) {
    if (await is()) return
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** By the token, as a TAK client does; it has its position told at once. */
async function phoneBy(server, port, token, uid, callsign) {
  const enrolled = await enrol(port, 'phones-1', token, uid)
  assert.equal(enrolled.status, 200, enrolled.text)
  const phone = await securePhone(server.tls, { cert: enrolled.cert, key: enrolled.key })
  phone.send(report(uid, callsign))
  return phone
}

async function firstAccount(page) {
  await page.fill('#name', 'Duty officer')
  await page.fill('#password', 'practice only')
  await page.keyboard.press('Enter')
  await page.locator('#first').waitFor()
}

const nextTheme = (page) => page.locator('#top button.cell').last().click()

/** Presses a key until the focus is on what the selector names. */
async function goTo(page, selector, key = 'Tab') {
  for (let i = 0; i < 80; i++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return
    await page.keyboard.press(key)
  }
  assert.fail(`${selector} is not reached by ${key}`)
}

const post = (page, path, body) => page.evaluate(async ([path, body]) => {
  const { csrf } = await (await fetch('/api/session')).json()
  return (await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify(body) })).status
}, [path, body])

/** All texts that reach a page: answers and frames, once they came. */
function overhear(page) {
  const said = []
  page.on('websocket', (socket) => socket.on('framereceived', (frame) => said.push(String(frame.payload))))
  page.on('response', async (response) => {
    if (!response.url().includes('/api/')) return
    said.push(await response.text().catch(() => ''))
  })
  return said
}

let watched

// Who looks on writes nothing but his own row: one exercise serves both languages.
before(async () => {
  watched = await start('exercise', 'watched', ['--from', WATCHED_AT, '--until', WATCHED_AT])
  const first = await visit(watched)
  await setUp(first.page, watched.code)
  await first.close()
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`from an empty folder to an open incident, a floor grid, a commander and an admitted phone, by clicks, in ${lang}`, { timeout: 180_000 }, async () => {
    const port = await freePort()
    const server = await start('serve', `clicks-${lang}`, ['--enrol', port])
    const it = await visit(server, `?lang=${lang}#setup=${server.code}`, { first: true })
    const { page } = it
    const asked = []
    page.on('request', (one) => asked.push(one.url()))
    const began = Date.now() // told, not held: how fast this computer is is no property of the page
    await page.getByText(say('setup.from_link')).waitFor()
    assert.ok(!(await page.evaluate(() => location.href)).includes(server.code))
    await firstAccount(page)
    assert.ok(asked.every((url) => !url.includes(server.code)))

    // 2: the code is there at once, says what stands beside it, and a phone joins by it.
    await page.locator('.firstcode .code').waitFor()
    const token = await page.locator('.firstcode .token').innerText()
    assert.match(await read(page, '.firstcode .code'), new RegExp(`^https://[^/]+:${port}/join/${token}$`))
    const phone = await phoneBy(server, port, token, 'EX-PHONE', 'EX-AMB-4')
    const row = page.locator('.firstjoined li').filter({ hasText: 'EX-AMB-4' })
    await row.getByText(say.like('first.fix_within', { m: '5 m' })).waitFor()
    assert.equal(await row.locator('select').inputValue(), 'ems')
    await row.getByRole('button', { name: say.like('first.confirm_of', { name: 'EX-AMB-4' }) }).click()
    await row.getByText('✓').waitFor()
    const other = await plainPhone(server.tcp)
    other.send(report('EX-OTHER', 'EX-OTHER'))
    assert.ok(!phone.heard.includes('EX-OTHER'))
    await page.getByRole('button', { name: say.like('first.admit', { n: 1 }) }).click()
    await until('it hears others', () => phone.heard.includes('uid="EX-OTHER"'))

    // 3 and 1: the building, the place, one Enter.
    for (let i = 0; i < 5; i++) await page.getByRole('button', { name: say('open.more') }).click()
    await page.getByText('G+4').waitFor()
    await page.getByRole('button', { name: say('first.more_basements') }).click()
    await page.getByRole('button', { name: say('first.at_phone') }).click()
    await page.locator('.found').getByText('10.00100 N 20.00100 E').waitFor()
    await page.locator('.laptop').getByText(say('first.not_needed')).waitFor()
    const left = ['hours', 'days'].map((unit) => say(`age.${unit}`, { n: '\\d+' })).join('|')
    assert.match(plain(await page.locator('.laptop').innerText()), new RegExp(say('first.disk_free', { free: '[\\d.]+ GB', age: `(${left})` })))
    await shot(page, `first-filled-dark-${lang}`)
    await page.locator('label').filter({ hasText: say('open.exercise') }).click()
    await page.fill('#first-name', 'EX Harbour House')
    await page.locator('#first-name').press('Enter')
    await page.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    await page.locator('#top .command').getByText('Duty officer').waitFor()
    await page.getByRole('button', { name: say('first.draw_inner') }).waitFor()
    await page.locator('#sidelog').getByText(say('kind.incident.opened')).waitFor()
    await until('the map is at the phone', () => page.evaluate(() => {
      const at = window.cordon_map?.pixelOf(10.001, 20.001)
      return at && at[0] > 100 && at[0] < 1100 && at[1] > 100 && at[1] < 800
    }))
    console.log(`from an empty folder to a phone on the map: ${Date.now() - began} ms`)
    await axe(page, 'the map with its hint')
    await shot(page, `first-opened-dark-${lang}`)

    // What comes next: three clicks and Enter, and the hint is gone.
    await page.getByRole('button', { name: say('first.draw_inner') }).click()
    for (const [x, y] of [[400, 200], [700, 250], [500, 550]]) await page.locator('#map').click({ position: { x, y } })
    await page.locator('#drawbar .primary').click()
    await page.locator('#sidelog').getByText(say('kind.cordon.set')).waitFor()
    await page.locator('#firsthint').getByText('EX-OTHER').waitFor()
    await page.getByRole('button', { name: say('first.draw_inner') }).waitFor({ state: 'detached' })

    // The cards again, from the dialog of incidents.
    await page.locator('#top .place').click()
    await page.getByRole('button', { name: say('first.title') }).click()
    await page.locator('#first').waitFor()
    await page.locator('.firstcode .code').waitFor()
    for (const theme of ['dark', 'light', 'red']) {
      await axe(page, `the cards, ${theme}`)
      await shot(page, `first-cards-${theme}-${lang}`)
      await nextTheme(page)
    }
    phone.close()
    other.close()
    await it.close()
    await server.stop()
    const kinds = record(server.data).map((line) => line.kind)
    for (const kind of ['incident.opened', 'command.assumed', 'structure.defined', 'agency.joined', 'unit.checked_in', 'cordon.set', 'device.admitted']) {
      assert.equal(kinds.filter((one) => one === kind).length, 1, kind)
    }
  })

  test(`the same by keyboard alone, in ${lang}`, { timeout: 120_000 }, async () => {
    const server = await start('serve', `keys-${lang}`)
    const it = await visit(server, `?lang=${lang}#setup=${server.code}`, { first: true })
    const { page } = it
    const { keyboard } = page
    await goTo(page, '#name', 'Tab')
    await keyboard.type('Duty officer')
    await keyboard.press('Tab')
    await keyboard.type('practice only')
    await keyboard.press('Enter')
    await page.locator('#first').waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.dir), lang === 'ur' ? 'rtl' : 'ltr')
    await until('the name has the focus', () => page.evaluate(() => document.activeElement?.id === 'first-name'))
    await keyboard.type('EX بندرگاہ')
    await goTo(page, '#first-place')
    await keyboard.type('42P SS 7108 0726')
    await page.locator('.found').getByText('42P SS 7108 0726').waitFor()
    await goTo(page, '.stepper button:last-child')
    for (let i = 0; i < 3; i++) await keyboard.press('Space')
    await page.locator('output').getByText('G+2').waitFor()
    await axe(page, 'the cards')
    await shot(page, `first-keys-dark-${lang}`)
    const wide = await page.evaluate(() => document.querySelector('#first').scrollWidth - document.querySelector('#first').clientWidth)
    assert.equal(wide, 0)
    await goTo(page, '#first button[type=submit]', 'Shift+Tab')
    await keyboard.press('Enter')
    await page.locator('#firsthint').waitFor()
    await goTo(page, '#firsthint .primary')
    await keyboard.press('Enter')
    await page.locator('#drawbar').waitFor()
    await page.evaluate(() => document.activeElement?.blur())
    for (const turn of ['ArrowRight', 'ArrowDown', 'ArrowLeft']) {
      const before = await page.locator('#foot .coords').first().innerText()
      await keyboard.press('Space')
      await keyboard.press(turn)
      await until('the map has moved', async () => (await page.locator('#foot .coords').first().innerText()) !== before)
    }
    await keyboard.press('Enter')
    await page.locator('#firsthint').waitFor({ state: 'detached' })
    await keyboard.press('2')
    await page.locator('[data-zone="B1/2/A"]').waitFor()
    await it.close()
    await server.stop()
    const kinds = record(server.data).map((line) => line.kind)
    for (const kind of ['incident.opened', 'command.assumed', 'structure.defined', 'cordon.set']) assert.ok(kinds.includes(kind), kind)
  })

  test(`a practice beside the real thing: one tap starts it, EXERCISE stands everywhere, it ends by a button and with its parent, in ${lang}`, { timeout: 180_000 }, async () => {
    const server = await start('serve', `beside-${lang}`)
    const it = await visit(server, `?lang=${lang}#setup=${server.code}`, { first: true })
    const { page } = it
    await firstAccount(page)
    const begin = async () => {
      const [tab] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('button', { name: say('practice.start') }).click()])
      await tab.locator('#top .stamp').waitFor()
      return tab
    }
    const tab = await begin()
    await tab.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    await tab.locator('#top .place').getByText('Exercise Harbour House').waitFor()
    await tab.locator('#top').getByText('Duty officer').first().waitFor() // nobody typed a password again
    await tab.locator('#sidelog').getByText(say('kind.methane.reported')).first().waitFor()
    const port = new URL(tab.url()).port
    assert.notEqual(port, String(server.web))
    await axe(tab, 'the practice')
    await shot(tab, `practice-dark-${lang}`)
    // Each has its own cookie: both go on.
    await page.bringToFront()
    await page.locator('.practice').getByRole('button', { name: say('practice.open') }).waitFor()
    await page.locator('.practice').getByText(say.like('practice.runs', { who: 'Duty officer', n: 20 })).waitFor()
    assert.equal(await post(page, '/api/practice', { speed: 1 }), 409)
    await page.reload()
    await page.locator('#shell').waitFor()
    await axe(page, 'the cards while a practice runs')
    await shot(page, `practice-runs-dark-${lang}`)
    await tab.reload()
    await tab.locator('#top .stamp').waitFor()
    // Its folder can never become a real one.
    assert.throws(() => execFileSync(CORDON, ['serve', '--data', join(server.data, 'practice'), '--web', '0'], { stdio: 'pipe' }), /belongs to an exercise/)
    await tab.close()
    await page.getByRole('button', { name: say('practice.end') }).click()
    await page.getByRole('button', { name: say('practice.start'), disabled: false }).waitFor()
    const answers = () => new Promise((done) => {
      const probe = connect(Number(port), '127.0.0.1').once('connect', () => { probe.destroy(); done(true) }).once('error', () => done(false))
    })
    assert.equal(await answers(), false)

    // Who only keeps the log does not start one, and does not see the way to.
    assert.equal(await post(page, '/api/operators', { id: 'first-op-1', name: 'EX keeper', password: 'practice only 2', roles: ['loggist'], agency: '' }), 200)
    const two = await visit(server, `?lang=${lang}`, { first: true })
    await logIn(two.page, 'EX keeper', 'practice only 2')
    await two.page.locator('#first').waitFor()
    assert.equal(await two.page.getByRole('button', { name: say('practice.start') }).count(), 0)
    await two.close().catch(() => {}) // the refused call below stands in its console
    // Killed without a word, its parent takes it along.
    const again = await begin()
    const second = new URL(again.url()).port
    assert.equal(second, port)
    it.lost()
    await again.close()
    await server.stop('SIGKILL')
    await until('the practice is gone', async () => !(await answers()))
    assert.ok(record(server.data).every((line) => !line.incident), 'the real record has something of the practice')
    assert.ok(record(join(server.data, 'practice')).some((line) => line.kind === 'incident.opened'))
    await page.context().close()
  })

  test(`an observer gets totals and nothing of individuals; that he looked on is one row, in ${lang}`, { timeout: 180_000 }, async () => {
    const minister = `EX minister ${lang}`
    const one = await visit(watched, `?lang=${lang}`)
    await logIn(one.page, 'Duty officer')
    assert.equal(await post(one.page, '/api/operators', { id: `first-op-2-${lang}`, name: minister, password: 'practice only 3', roles: ['observer'], agency: '' }), 200)
    await one.page.locator('#strip .cell').filter({ hasText: say('strip.threat') }).getByText(say.exactly('strip.of', { n: 43, total: 43 })).waitFor({ timeout: 60_000 })
    // Who must not be named: every unit, person, casualty, and whoever leads one.
    const names = await one.page.evaluate(async () => {
      const { entities } = await (await fetch('/api/incidents/EX-1/state')).json()
      const of = (kind) => entities.filter((it) => it.kind === kind)
      const leaders = of('unit').flatMap((it) => [it.fields.leader, ...(it.fields.aliases ?? [])])
      const actors = entities.map((it) => it.fields.actor)
      const agencies = new Set([...of('agency').map((it) => it.id), 'system'])
      const named = [...of('unit'), ...of('casualty'), ...of('person'), ...of('threat'), ...of('zone'), ...of('source')].map((it) => it.id).concat(leaders, actors)
      // Who commands is told to everybody, and who speaks for it to the public.
      const told = new Set([...of('command').flatMap((it) => it.fields.commanders), ...of('statement').map((it) => it.fields.speaker)])
      return [...new Set(named)].filter((name) => name && !agencies.has(name) && !told.has(name))
    })
    assert.ok(names.length > 60 && names.includes('RRF-1'), String(names.length))

    const two = await visit(watched, `?lang=${lang}&scale=1.2`)
    const { page } = two
    const said = overhear(page)
    await page.fill('#name', minister)
    await page.fill('#password', 'practice only 3')
    await page.click('button[type=submit]')
    await page.locator('#observer').waitFor()
    const count = (name) => page.locator(`[data-counter="${name}"]`)
    await count('killed').locator('.figure').getByText(say.exactly('count.range', { lo: 4, hi: 5 })).waitFor()
    assert.match(await count('killed').innerText(), new RegExp(`${say('count.confirmed')}\\s+${say('count.nobody')}`))
    assert.match(await count('missing').innerText(), say.like('count.none'))
    await page.locator('#observerhead .stamp').getByText(say('incident.exercise')).waitFor()
    await page.locator('.observercommand').getByText('SP South').waitFor()
    await page.getByText('Main block').first().waitFor()
    await page.locator('#observer tfoot').first().getByText(say.like('observer.of')).first().waitFor()
    await page.getByText('The road in front of Harbour House is closed.').waitFor()
    assert.equal(await page.locator('#observer :is(input, textarea, select)').count(), 0)
    await axe(page, 'the observer')
    await shot(page, `observer-dark-${lang}`)
    await page.reload()
    await count('killed').locator('.figure').getByText(say.exactly('count.range', { lo: 4, hi: 5 })).waitFor()
    await page.locator('#observerhead button').nth(1).click()
    await axe(page, 'the observer, light')
    await shot(page, `observer-light-${lang}`)
    const other = LANGUAGES.find((it) => it !== lang)
    await page.locator('#observerhead button').first().click()
    await page.locator(`html[lang=${other}]`).waitFor()
    await until('the address says what is shown', () => page.evaluate((now) => ['theme=light', `lang=${now}`, 'scale=1.2'].every((it) => location.search.includes(it)), other))

    // Whatever else he asks for.
    const asked = await page.evaluate(async () => {
      const { paths } = await (await fetch('/api/openapi.json')).json()
      const calls = Object.entries(paths).filter(([path, it]) => it.get && path.startsWith('/api/') && path !== '/api/openapi.json').map(([path]) => path)
      const fill = (path) => path.replace('/incidents/{id}', '/incidents/EX-1').replace(/\{(?!name)[a-z]+\}/g, '1')
      const views = ['strip', 'counters', 'findings', 'alarms', 'par', 'floors', 'gaps', 'release', 'public']
      const all = calls.map(fill).flatMap((path) => (path.includes('{name}') ? views.map((name) => path.replace('{name}', name)) : [path, path + '?at=2023-02-17T21:14:00%2B05:00']))
      const found = []
      for (const path of all) {
        const response = await fetch(path)
        found.push({ path, status: response.status, text: await response.text() })
      }
      return found
    })
    assert.ok(asked.length > 30 && asked.some((it) => it.path.endsWith('/state') && it.status === 200), String(asked.length))
    const heard = [...said, ...asked.map((it) => `${it.path} ${it.text}`)]
    const whole = (name) => new RegExp(`(?<![\\w-])${name.replace(/[.*+?^$(){}|[\]\\/]/g, '\\$&')}(?![\\w-])`)
    for (const name of names) {
      const found = heard.find((text) => whole(name).test(text))
      assert.ok(!found, `${name}: ${found?.slice(Math.max(0, found.search(whole(name)) - 200)).slice(0, 400)}`)
    }
    await page.context().close()
    await one.page.evaluate(() => fetch('/api/incidents/EX-1/state?kinds=observer').then((it) => it.json())).then(({ entities }) => {
      assert.deepEqual(entities.filter((it) => it.fields.by === minister).map((it) => it.fields.state), ['admitted'])
    })
    await one.close()
    assert.equal(record(watched.data).filter((line) => line.kind === 'observer.admitted' && JSON.stringify(line).includes(minister)).length, 1)
  })
}
