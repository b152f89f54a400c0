// The page while the server is away, and what is left of it after a reload, a sleep, a full disk: in Debian's Chromium,
// before the mock server and before the real one. Needs `web/build` first.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { axe, open, shot, shown } from './page.mjs'
import { CORDON, folder, logIn, persistent, setUp, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const LOST = '#top.lost'
const THERE = '#top:not(.lost)'
/** The page's files are on this computer, and the worker answers for them. */
async function kept(page) {
  const is = () => page.evaluate(async () => {
    if (navigator.serviceWorker.controller === null || (await caches.keys()).length !== 1 || !(await caches.match('/'))) return false
    // The last picture, with whose it is, is on this computer too.
    if (!(await indexedDB.databases()).some((it) => it.name === 'cordon')) return false
    const shelf = await new Promise((done) => { const asked = indexedDB.open('cordon'); asked.onsuccess = () => done(asked.result) })
    const has = shelf.objectStoreNames.contains('picture') && await new Promise((done) => {
      const asked = shelf.transaction('picture').objectStore('picture').get('last')
      asked.onsuccess = () => done(asked.result !== undefined)
      asked.onerror = () => done(false)
    })
    shelf.close()
    return has
  })
  while (!(await is())) await page.waitForTimeout(50)
}
const said = (mock, text) => mock.state.events.filter((event) => event.kind === 'chat.said' && event.data.text === text).length

async function boardIn(lang, options = {}) {
  const it = await open({ incident: exercise(), history: 3, ...options }, `?lang=${lang}`)
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  return it
}

async function send(page, text) {
  await page.locator('#composer-to').selectOption('all')
  await page.locator('#composer-text').fill(text)
  await page.locator('#composer-text').press('Enter')
}

/** Moves the page's clock; what its top says from then on is written down in order. */
const jump = (ms) => {
  const real = Date.now.bind(Date)
  Date.now = () => real() + ms
  const top = document.querySelector('#top')
  window.seen = []
  new MutationObserver(() => {
    if (window.seen.at(-1) !== top.className) window.seen.push(top.className)
  }).observe(top, { attributes: true, childList: true, subtree: true, characterData: true })
}

/** What makes Chromium trust one key, as an enrolled computer trusts the authority. */
function keyOf(port) {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' })
      socket.destroy()
      done(createHash('sha256').update(key).digest('base64'))
    })
    socket.on('error', fail)
  })
}

test('the worker keeps files alone, all or none, and nothing of an older build', async () => {
  const it = await open({ worker: true, history: 3 }, null)
  const { page, mock } = it
  await page.goto(mock.url + 'healthz')
  await page.evaluate(async () => (await caches.open('cordon-page-older')).put('/assets/old.js', new Response('old')))
  mock.state.missing = /floors-/
  await page.goto(mock.url)
  await shown(page)
  // The installation fails at the missing file, and what stood before it stands still.
  await page.evaluate(() => new Promise((done) => void navigator.serviceWorker.register('/sw.js').then((it) => {
    const worker = it.installing ?? it.waiting ?? it.active
    if (!worker || worker.state === 'redundant') done()
    worker?.addEventListener('statechange', () => { if (worker.state === 'redundant') done() })
  })))
  assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null)
  assert.deepEqual(await page.evaluate(async () => (await (await caches.open('cordon-page-older')).keys()).length), 1)
  mock.state.missing = null
  await page.reload()
  await kept(page)
  const held = await page.evaluate(async () => {
    const [name] = await caches.keys()
    return (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)
  })
  assert.deepEqual(held.filter((path) => path !== '/' && !path.startsWith('/assets/')), [])
  assert.ok(held.includes('/') && held.some((path) => /floors-/.test(path)), held.join(' '))
  it.wrong.splice(0, Infinity, ...it.wrong.filter((text) => !/404/.test(text)))
  await it.close()
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)
  const board = (options) => boardIn(lang, options)

  test(`a reload while the server is dead shows the last picture, and a line is sent once (${lang})`, async () => {
    const it = await board({ worker: true })
    const { page, mock } = it
    await kept(page)
    const name = await page.locator('#top .place b').innerText()
    const cells = await page.locator('#strip .cell').allInnerTexts()
    await it.lose()
    await page.locator(LOST).waitFor()
    assert.equal(await page.locator('#top').getByText(say('link.reload_loses_page')).count(), 0)
    await page.reload()
    await page.locator(LOST).getByText(say.like('link.picture_of')).waitFor()
    await page.locator('#strip .cell').first().waitFor()
    assert.equal(await page.locator('#top .place b').innerText(), name)
    assert.deepEqual(await page.locator('#strip .cell').allInnerTexts(), cells)
    await page.waitForFunction(() => window.cordon_map?.draws() > 0 && document.querySelector('#map').classList.contains('frozen'))
    await axe(page, 'reloaded while the server is lost')
    await shot(page, `offline-reload-${lang}`)
    for (const key of ['2', '5', '6', '3']) await page.keyboard.press(key)
    await page.locator('#biglog').waitFor()
    await send(page, 'EX written in the dark')
    await page.locator('.row.waiting').getByText('EX written in the dark').first().waitFor()
    await page.reload()
    await page.locator('.row.waiting').getByText('EX written in the dark').first().waitFor()
    await mock.back()
    await page.locator(THERE).waitFor()
    await page.locator('.row.waiting').first().waitFor({ state: 'detached' })
    assert.equal(said(mock, 'EX written in the dark'), 1)
    await it.close()
  })

  test(`without a worker the page says that it must not be reloaded (${lang})`, async () => {
    const it = await board()
    await it.lose()
    await it.page.locator(LOST).getByText(say('link.reload_loses_page')).waitFor()
    await axe(it.page, 'do not reload')
    await shot(it.page, `offline-no-worker-${lang}`)
    await it.close()
  })

  test(`two tabs: a line that both know is in the record once, in ${lang}`, async () => {
    const it = await board({ worker: true })
    const { page, mock } = it
    await kept(page)
    const second = await it.another()
    await second.locator('#shell').waitFor()
    await it.lose()
    await page.locator(LOST).waitFor()
    await send(page, 'EX known twice')
    await page.locator('.row.waiting').waitFor()
    await second.reload()
    await second.locator('.row.waiting').getByText('EX known twice').waitFor()
    await mock.back()
    for (const tab of [page, second]) {
      await tab.locator(THERE).waitFor()
      await tab.locator('.row.waiting').waitFor({ state: 'detached' })
      await tab.locator('#sidelog').getByText('EX known twice').waitFor()
    }
    assert.equal(said(mock, 'EX known twice'), 1)
    await it.close()
  })

  test(`a computer that slept 90 s knows that its picture is old before it shows it as live; one of 2 s goes on, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    it.wrong.push = () => 0 // the page's own clock is wrong here, and the browser may say so
    await page.evaluate(jump, 90_000)
    await page.waitForFunction(() => window.seen.includes('lost') || window.seen.includes('lost long'))
    await page.locator(THERE).waitFor()
    assert.match((await page.evaluate(() => window.seen))[0], /lost/, 'the first thing it showed')
    const before = mock.state.hellos.length
    await page.evaluate(jump, 2_000)
    mock.chat(mock.person(1), 'EX after two seconds')
    await page.locator('#sidelog').getByText('EX after two seconds').waitFor()
    assert.deepEqual((await page.evaluate(() => window.seen)).filter((it) => /lost/.test(it)), [])
    assert.equal(mock.state.hellos.length, before)
    await it.close()
  })

  test(`a page that the browser froze: what it missed is there when it wakes, and nothing twice, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    const session = await it.context.newCDPSession(page)
    // The clock moves while nothing of the page runs.
    await page.evaluate((text) => document.addEventListener('freeze', () => new Function('ms', `(${text})(ms)`)(90_000)).length, String(jump)).catch(() => undefined)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    // As many as the side's log shows at once.
    for (let i = 0; i < 6; i++) mock.chat(mock.person(i), `EX missed ${i}`)
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    for (const text of ['EX missed 0', 'EX missed 5']) await page.locator('#sidelog').getByText(text, { exact: true }).waitFor()
    const rows = await page.locator('#sidelog .row').allInnerTexts()
    assert.equal(new Set(rows).size, rows.length)
    await it.close()
  })

  test(`a server that dies in the middle of a frame is lost, and nothing of the frame is shown, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await it.lose('loseMidFrame')
    await page.locator(LOST).waitFor()
    await mock.back()
    await page.locator(THERE).waitFor()
    mock.chat(mock.person(1), 'EX whole again')
    await page.locator('#sidelog').getByText('EX whole again').waitFor()
    await it.close()
  })

  test(`a browser whose storage is full says that the lines are on this page only, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }
    })
    await it.lose()
    await page.locator(LOST).waitFor()
    await send(page, 'EX nowhere kept')
    await page.locator(LOST).getByText(say('link.reload_loses_lines')).waitFor()
    await shot(page, `offline-quota-${lang}`)
    await mock.back()
    await page.locator(THERE).waitFor()
    await page.locator('.row.waiting').waitFor({ state: 'detached' })
    assert.equal(said(mock, 'EX nowhere kept'), 1)
    await it.close()
  })

  test(`a server without room refuses the line with its reason, keeps it here, and an alarm stands, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    mock.state.refuse = [507, 'The disk of the server is full: nothing is taken.']
    mock.setAlarms([{ id: 'disk', level: 'crit', text: 'The disk of the server is full', since: Date.now() }])
    await page.locator('.att.crit').getByText(say.server('The disk of the server is full')).first().waitFor()
    await send(page, 'EX no room')
    await page.locator('.row.waiting').getByText(say.server('nothing is taken')).first().waitFor()
    await axe(page, 'disk full')
    await shot(page, `offline-disk-full-${lang}`)
    mock.state.refuse = null
    await page.getByRole('button', { name: say('chat.again') }).click()
    await page.locator('.row.waiting').waitFor({ state: 'detached' })
    assert.equal(said(mock, 'EX no room'), 1)
    it.wrong.splice(0, Infinity, ...it.wrong.filter((text) => !/507/.test(text)))
    await it.close()
  })

  test(`a clock that is off by more than 5 s is told, in ${lang}`, async () => {
    const it = await open({ history: 3 }, `?lang=${lang}`)
    const { page } = it
    await shown(page)
    await page.evaluate(jump, 8_000)
    await page.locator('#top .clock .warn').waitFor()
    await axe(page, 'clock skew')
    await it.close()
  })

  test(`duress sounds, the blocked sound is announced, silence holds until the next one, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    const tones = () => page.evaluate(() => window.tones)
    mock.raise(mock.person(3))
    await page.locator('.att.crit').waitFor()
    await page.locator('.decide').getByText(say('att.sound_blocked')).waitFor()
    assert.equal(await tones(), 0)
    await page.locator('#foot').click()
    await page.waitForFunction(() => window.tones > 0)
    await page.keyboard.press('s')
    await page.getByRole('button', { name: say('att.silence') }).waitFor({ state: 'detached' })
    const before = await tones()
    mock.raise(mock.person(7))
    await page.waitForFunction((count) => window.tones > count, before)
    await it.close()
  })

  test(`the real server is killed: a trusted browser reloads, keeps a line, and the journal has it once, in ${lang}`, async () => {
    let server = await start('serve', `killed-${lang}`)
    const { page, context, wrong, lost } = await persistent(server, join(folder, `trusting-${lang}`), await keyOf(server.web), `?lang=${lang}`)
    await setUp(page, server.code)
    await kept(page)
    lost()
    await server.stop('SIGKILL')
    await page.locator(LOST).waitFor()
    await page.reload()
    await page.locator('#shell').waitFor()
    await send(page, 'EX kept over the kill')
    await page.locator('.row.waiting').waitFor()
    await page.reload()
    await page.locator('.row.waiting').getByText('EX kept over the kill').waitFor()
    server = await start('serve', `killed-${lang}`, [], server)
    await page.locator('#sidelog .row:not(.waiting)').getByText('EX kept over the kill').or(page.locator('#gate #name')).waitFor({ timeout: 120_000 }) // the page asks ever more seldom
    if (await page.locator('#gate').count()) await logIn(page, 'Duty officer')
    await page.locator('#sidelog .row:not(.waiting)').getByText('EX kept over the kill').waitFor()
    await context.close()
    assert.deepEqual(wrong, [])
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json', '--kind', 'chat.said'], { maxBuffer: 1 << 26 }).toString()
    assert.equal(log.trim().split('\n').filter((line) => line.includes('EX kept over the kill')).length, 1, log)
  })

  test(`a browser that does not trust the certificate works without a worker, and says so, in ${lang}`, async () => {
    const server = await start('serve', `untrusted-${lang}`)
    const it = await visit(server, `?lang=${lang}`, { trusts: false, serviceWorkers: 'allow' })
    await setUp(it.page, server.code)
    it.lost()
    await server.stop('SIGKILL')
    await it.page.locator(LOST).getByText(say('link.reload_loses_page')).waitFor()
    await it.close()
  })
}
