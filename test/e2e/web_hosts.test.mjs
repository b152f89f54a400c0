// The page asks its own server and nobody else, and what its first screen fetches is what the budget counts. Needs
// `web/build` first.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { open, shown } from './page.mjs'

const web = fileURLToPath(new URL('../../web/', import.meta.url))
const dist = join(web, 'dist')
/** Names of things, not addresses: nobody asks them. */
const NAMES = /^https?:\/\/(www\.w3\.org|www\.opengis\.net|openlayers\.org|github\.com|fb\.me|www\.isotc211\.org|schemas?\.|tinyurl\.com|www\.spatialillusions\.com|spatialreference\.org)/

test('no built file holds an address that could be fetched from elsewhere', () => {
  const found = []
  for (const name of ['index.html', 'sw.js', ...readdirSync(join(dist, 'assets')).map((it) => 'assets/' + it)]) {
    if (!/\.(js|css|html|json|svg)$/.test(name)) continue
    const text = readFileSync(join(dist, name), 'utf8')
    for (const [address] of text.matchAll(/(https?:)?\/\/[a-z0-9-]+(\.[a-z0-9-]+)+[^\s"'`)\\]*/gi)) {
      if (/^\/\//.test(address) || NAMES.test(address)) continue
      found.push(`${name}: ${address.slice(0, 80)}`)
    }
  }
  assert.deepEqual([...new Set(found)], [])
})

/** Everything that a context of a browser fetched, by its worker too: path to bytes on the wire. */
async function fetched(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const paths = new Map()
  const bytes = new Map()
  session.on('Network.requestWillBeSent', (it) => paths.set(it.requestId, new URL(it.request.url).pathname))
  session.on('Network.loadingFinished', (it) => bytes.set(paths.get(it.requestId), it.encodedDataLength))
  return bytes
}

test('the budget counts each file that the first screen fetches, in English and in Urdu', async () => {
  const counted = (language) => new Map(execFileSync('node', ['tools/budget.mjs', '--first', language], { cwd: web }).toString().trim().split('\n')
    .map((line) => line.trim().split(/\s+/)).map(([bytes, file]) => ['/' + (file === 'index.html' ? '' : file), Number(bytes)]))
  let english = 0
  for (const language of ['en', 'ur']) {
    const it = await open({ history: 3 }, null)
    const bytes = await fetched(it.page)
    await it.page.goto(`${it.mock.url}?lang=${language}`)
    await shown(it.page)
    await it.page.evaluate(() => document.fonts.ready)
    const files = [...bytes].filter(([path]) => path === '/' || path.startsWith('/assets/'))
    const known = counted(language)
    const more = files.map(([path]) => path).filter((path) => !known.has(path))
    // The near outline comes when the first picture stands.
    assert.deepEqual(more.filter((path) => !/world_close|countries-50m/.test(path)), [], `${language}: fetched and not counted`)
    const early = await it.page.evaluate((paths) => {
      const found = performance.getEntriesByType('resource').map((it) => ({ path: new URL(it.name).pathname, start: it.startTime, end: it.responseEnd }))
      const outline = found.find((it) => /countries-110m/.test(it.path)).end
      return found.filter((it) => paths.includes(it.path) && it.start < outline).map((it) => it.path)
    }, more)
    assert.deepEqual(early, [], `${language}: fetched before the first outline was there`)
    const wire = files.filter(([path]) => known.has(path)).reduce((sum, [, size]) => sum + size, 0)
    const budget = [...known.values()].reduce((sum, size) => sum + size, 0)
    // Heads of answers are on the wire too; a file that was not needed is in the budget only.
    assert.ok(wire <= budget + 1_000 * files.length, `${language}: ${wire} on the wire, ${budget} in the budget`)
    if (language === 'en') english = budget
    else assert.ok(budget - english <= 100_000, `Urdu adds ${budget - english}`)
    await it.close()
  }
})

test('each screen, dialog, language and theme, with the worker: nobody else is asked, and no WebGL', async () => {
  const it = await open({ incident: exercise(), history: 3, worker: true }, null)
  const { page, mock } = it
  await page.addInitScript(() => {
    window.asked_webgl = 0
    for (const kind of [HTMLCanvasElement, OffscreenCanvas]) {
      const real = kind.prototype.getContext
      kind.prototype.getContext = function (name, ...more) {
        if (/webgl|webgpu/.test(name)) window.asked_webgl++
        return real.call(this, name, ...more)
      }
    }
  })
  const hosts = new Set()
  it.context.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    if (!['data:', 'blob:'].includes(protocol)) hosts.add(host)
  })
  await it.context.route((url) => url.host !== `127.0.0.1:${mock.port}`, (route) => route.abort())
  for (const language of ['en', 'ur']) {
    await page.goto(`${mock.url}?lang=${language}&theme=${language === 'en' ? 'dark' : 'light'}`)
    await shown(page)
    for (const key of '123456789po') {
      await page.keyboard.press(key)
      await page.locator('#work').waitFor()
    }
    await page.keyboard.press('1')
    for (const key of ['Shift+Slash', 'Control+k', 'y']) {
      await page.keyboard.press(key)
      await page.locator('dialog[open]').waitFor()
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    assert.equal(await page.evaluate(() => window.asked_webgl), 0)
  }
  await page.waitForFunction(() => navigator.serviceWorker.controller)
  assert.deepEqual([...hosts], [`127.0.0.1:${mock.port}`])
  await it.close()
})
