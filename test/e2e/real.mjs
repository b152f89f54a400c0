// The real binary (CORDON, else build/cordon) and Debian's Chromium, for tests of the page against it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe_source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
export const CORDON = process.env.CORDON ?? fileURLToPath(new URL('../../build/cordon', import.meta.url))
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]
/** For the whole browser: a context's ignoreHTTPSErrors asks anew at each request, and a busy one gave up at times (ERR_TOO_MANY_RETRIES). */
const TRUST_ALL = '--ignore-certificate-errors'
export const shots = process.env.CORDON_SHOTS
export const folder = mkdtempSync(join(tmpdir(), 'cordon-real-'))
const servers = new Set()
const contexts = new Set()
let browser, wary

after(async () => {
  await browser?.close()
  await wary?.close()
  for (const context of contexts) await context.close()
  for (const child of servers) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

let next_port = 12_000 + (process.pid % 100) * 150

/** Below those that the system gives away by itself, and for each process of tests its own: what is free now stays so until the server has it. */
export async function freePort() {
  const is_free = (port) => new Promise((done) => {
    const probe = createServer().once('error', () => done(false)).listen(port, '127.0.0.1', () => probe.close(() => done(true)))
  })
  while (!(await is_free(next_port))) next_port++
  return next_port++
}

/** Starts `cordon serve` or `cordon exercise` on the loopback and waits until it is ready; the same ports again when given. */
export async function start(command, data, more = [], known = {}) {
  const web = known.web ?? await freePort()
  const tcp = known.tcp ?? await freePort()
  const tls = known.tls ?? await freePort()
  const args = [command, '--data', join(folder, data), '--listen', '127.0.0.1', '--web', web, '--tak-tcp', tcp, '--tak-tls', tls, '--enrol', 0, ...more]
  const child = spawn(CORDON, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  servers.add(child)
  let text = ''
  await new Promise((done, fail) => {
    child.stdout.on('data', (part) => {
      text += part
      if (/^ready .*$/m.test(text)) done()
    })
    child.on('exit', (status) => fail(new Error(`the server ended with ${status}: ${text}`)))
  })
  return {
    web, tcp, tls, data: join(folder, data), code: /setup code: (\S+)/.exec(text)?.[1],
    async stop(signal = 'SIGTERM') {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill(signal)
      await ended
      servers.delete(child)
    },
  }
}

const launch = (args) => chromium.launch({ executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium', headless: true, args })

/** trusts: as a browser that knows the server's certificate; without, as one whose user has gone past the warning. */
export async function newContext({ trusts = true, ...options } = {}) {
  const own = trusts ? (browser ??= await launch([...ARGS, TRUST_ALL])) : (wary ??= await launch(ARGS))
  const context = await own.newContext({ serviceWorkers: 'block', ignoreHTTPSErrors: !trusts, ...options })
  context.setDefaultTimeout(30_000)
  return context
}

/** For addInitScript. */
export function putFirstAway() {
  if (location.protocol !== 'about:') sessionStorage.setItem('cordon.first', 'away')
}

/** A browser of its own: cookies and kept entries are shared with no other. `lost()`: the server goes away on purpose,
 * `refused()`: it refuses on purpose. first: with the cards of the first minute, which other tests have put away; prepare(page): before it is loaded; the rest are the context's options. */
export async function visit(server, path = '', { first = false, prepare = async () => undefined, ...options } = {}) {
  const context = await newContext({ viewport: { width: 1600, height: 900 }, ...options })
  const page = await context.newPage()
  const { wrong, lost, refused } = watch(page, server)
  if (!first) await page.addInitScript(putFirstAway)
  await look(page)
  await prepare(page)
  await page.goto(`https://127.0.0.1:${server.web}/${path}`)
  return {
    page, lost, refused,
    async close() {
      const csp = await page.evaluate(() => window.csp)
      await context.close()
      assert.deepEqual([...wrong, ...csp], [])
    },
  }
}

/** A browser that trusts the server's key, so that it allows a service worker. */
export async function persistent(server, profile, key, path = '') {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: { width: 1600, height: 900 },
    args: [...ARGS, `--ignore-certificate-errors-spki-list=${key}`],
  })
  context.setDefaultTimeout(30_000)
  contexts.add(context)
  const page = await context.newPage()
  const { wrong, lost } = watch(page, server)
  await page.addInitScript(putFirstAway)
  await look(page)
  await page.goto(`https://127.0.0.1:${server.web}/${path}`)
  return { page, context, wrong, lost }
}

const look = (page) => page.addInitScript(() => {
  window.csp = []
  addEventListener('securitypolicyviolation', (it) => window.csp.push(it.violatedDirective))
})

function watch(page, server) {
  const wrong = []
  let away = false
  let refuses = false
  page.on('pageerror', (error) => wrong.push('error: ' + error.message))
  page.on('console', (message) => {
    // The browser's own words about a worker that it does not allow here.
    if (/Service Worker registration blocked by Playwright|SSL certificate error occurred when fetching the script/.test(message.text())) return
    const lost = away && /ERR_|WebSocket connection|status of (50|403)/.test(message.text())
    const refused = refuses && /status of 4(00|01|03|09)/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !lost && !refused) wrong.push('console: ' + message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== `127.0.0.1:${server.web}`) wrong.push('request to ' + url.host)
  })
  return { wrong, lost() { away = true }, refused() { refuses = true } }
}

export async function setUp(page, code, name = 'Duty officer') {
  await page.fill('#code', code)
  await logIn(page, name)
}

export async function logIn(page, name, password = 'practice only') {
  await page.fill('#name', name)
  await page.fill('#password', password)
  await page.click('button[type=submit]')
  await page.locator('#shell').waitFor()
}

/** rules: only these; without, all of WCAG 2.2 AA. */
export async function axe(page, where, rules = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']) {
  // Through the debugger, as the page's own policy rightly refuses a foreign script.
  await page.evaluate(axe_source)
  const result = await page.evaluate((only) => window.axe.run(document, { runOnly: only, preload: false }), rules)
  assert.deepEqual(result.violations.map((it) => `${it.id}: ${it.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], where)
}

export async function shot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, name + '.png') })
}
