// Debian's Chromium before a mock server, for the tests of the page: one browser, a server and a page of
// their own for each test, and the checks that each page must pass.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { startMock } from '../../web/tools/mock.mjs'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe_source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
]
const ACCOUNTS = { 'Duty officer': { password: 'practice only', role: 'admin' } }
// CORDON_SHOTS=DIR keeps a picture of each screen, theme and language for a person to look at.
const shots = process.env.CORDON_SHOTS

let browser, shared
const mocks = [] // a test that fails leaves its own running, and the process would never end

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGS })
  shared = await newContext('block')
})

/** worker: whether the page may have a service worker, which would answer in the place of a test's routes. */
async function newContext(worker) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, serviceWorkers: worker })
  context.setDefaultTimeout(30_000)
  return context
}

after(async () => {
  await browser?.close()
  await Promise.all(mocks.map((mock) => mock.stop()))
})

/** A page at a mock server of its own; fails the test on what no page may do. `worker`: with its service worker, in a
 * context of its own; path null: nothing is loaded yet. */
export async function open({ worker = false, ...options } = {}, path = '') {
  const mock = await startMock({ accounts: ACCOUNTS, logged_in: true, ...options })
  mocks.push(mock)
  const context = worker ? await newContext('allow') : shared
  const page = await context.newPage()
  const wrong = []
  const watched = { away: false }
  watch(page, mock, wrong, watched)
  if (!options.first) await page.addInitScript(putFirstAway)
  await page.addInitScript(look)
  if (path !== null) await page.goto(mock.url + path)
  return {
    mock, page, context, wrong,
    /** Another page of the same browser, held to the same. */
    async another(path = '') {
      const second = await context.newPage()
      watch(second, mock, wrong, watched)
      if (!options.first) await second.addInitScript(putFirstAway)
      await second.addInitScript(look)
      await second.goto(mock.url + path)
      return second
    },
    /** how: 'lose' or 'loseMidFrame'. */
    async lose(how = 'lose') {
      watched.away = true
      await mock[how]()
    },
    /** broken: the test itself cut an answer off, which the browser reports. */
    async close({ broken = false } = {}) {
      const csp = await page.evaluate(() => window.csp)
      await page.close()
      if (worker) await context.close()
      await mock.stop()
      assert.deepEqual([...wrong.filter((text) => !broken || !/ERR_FAILED/.test(text)), ...csp], [])
    },
  }
}

function watch(page, mock, wrong, watched) {
  page.on('pageerror', (error) => wrong.push('error: ' + error.message))
  page.on('console', (message) => {
    // A lost server makes the browser itself write to the console; that is not the page's doing.
    const lost = watched.away && /ERR_CONNECTION|WebSocket connection/.test(message.text())
    // So does a refused call.
    const refused = /status of (40[139]|422)/.test(message.text()) || (watched.away && /status of/.test(message.text()))
    const blocked = message.text() === 'Service Worker registration blocked by Playwright'
    if (blocked) return
    if ((message.type() === 'error' || message.type() === 'warning') && !lost && !refused) wrong.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== `127.0.0.1:${mock.port}`) wrong.push('request to ' + url.host)
  })
}

/** The cards of the first minute are for the tests that ask for them. */
function putFirstAway() {
  if (location.protocol !== 'about:') sessionStorage.setItem('cordon.first', 'away')
}

function look() {
  window.csp = []
  window.tones = 0
  const make = AudioContext.prototype.createOscillator
  AudioContext.prototype.createOscillator = function () {
    window.tones++
    return make.call(this)
  }
  addEventListener('securitypolicyviolation', (event) => window.csp.push(event.violatedDirective + ' ' + event.blockedURI))
}

export const shown = (page) => page.waitForFunction(() => window.cordon_map?.draws() > 0 && document.querySelector('#sidelog'))

/** rules: only these; without, all of WCAG 2.2 AA. */
export async function axe(page, where, rules) {
  // Through the debugger, as the page's own policy rightly refuses a foreign script.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe_source)
  const result = await page.evaluate((only) => window.axe.run(document, { runOnly: only, preload: false }), rules ?? ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
  const found = result.violations.map((it) => `${it.id}: ${it.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`)
  assert.deepEqual(found, [], where)
}

export async function shot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, name + '.png') })
}

export async function theme(page, wanted) {
  while ((await page.evaluate(() => document.documentElement.dataset.theme)) !== wanted) await page.locator('#top button.cell').last().click()
}
