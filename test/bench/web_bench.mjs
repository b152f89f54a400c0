// The page in Debian's Chromium without a GPU, 1600x900, measured against the real server. test/bench/river_bench.py
// runs it as the rows web-*; alone:
//
//   node test/bench/web_bench.mjs PART [--quick]      parts: units events floors log heap first
//
// CORDON and CORDON_LOAD name the binaries (build/...). Units come from cordon-load, events from a socket of this process,
// so that sending and showing have one clock. CPU is that of all of the browser's processes, as a share of one core; an
// empty page of the same size is measured beside it. The last line is one JSON object.
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const built = (name) => fileURLToPath(new URL(`../../build/${name}`, import.meta.url))
const CORDON = process.env.CORDON ?? built('cordon')
const LOAD = process.env.CORDON_LOAD ?? built('cordon-load')
const LINES = 51_000
const SIZE = { width: 1600, height: 900 }
const MOUSE_MS = 8
const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']))
const quick = process.argv.includes('--quick')
const folder = mkdtempSync(join(tmpdir(), 'cordon-webbench-'))
const children = []
let browser

const round = (value, digits = 1) => Number(value.toFixed(digits))

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
}

async function serve(command, ...more) {
  const [web, tcp, tls] = [await freePort(), await freePort(), await freePort()]
  const args = [command, ...(more.includes('--data') ? [] : ['--data', join(folder, command + web)]), '--listen', '127.0.0.1', '--web', web, '--tak-tcp', tcp, '--tak-tls', tls, '--enrol', 0, ...more]
  const child = spawn(CORDON, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  let text = ''
  await new Promise((done, fail) => {
    child.stdout.on('data', (part) => {
      text += part
      if (/^ready .*$/m.test(text)) done()
    })
    child.on('exit', (status) => fail(new Error(`the server ended with ${status}: ${text}`)))
  })
  return { web, tcp, url: `https://127.0.0.1:${web}/`, code: /setup code: (\S+)/.exec(text)[1] }
}

/** Phones that move, each once a second, until they are ended. */
function phones(server, count, seconds) {
  const child = spawn(LOAD, ['--port', server.tcp, '--clients', count, '--seconds', seconds, '--check', 0, '--quiet', '--json'].map(String), { stdio: 'ignore' })
  children.push(child)
  return child
}

async function end(child) {
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await ended
}

async function open(server) {
  const page = await browser.newPage()
  await page.goto(server.url)
  await page.locator('#code, #name').first().waitFor()
  if (await page.locator('#code').count()) await page.fill('#code', server.code)
  await page.fill('#name', 'Bench')
  await page.fill('#password', 'practice only')
  await page.click('button[type=submit]')
  await page.waitForFunction(() => window.cordon_map?.draws() > 0)
  return page
}

/** Processor time of the browser's processes so far, s. */
function cpuS(root) {
  const parents = new Map()
  const used = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const [, rest] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))
      const fields = rest.split(' ')
      parents.set(Number(name), Number(fields[1]))
      used.set(Number(name), Number(fields[11]) + Number(fields[12]))
    } catch {
      // It has ended meanwhile.
    }
  }
  let ticks = 0
  for (const pid of parents.keys()) {
    let at = pid
    while (at > 1 && at !== root) at = parents.get(at) ?? 0
    if (at === root) ticks += used.get(pid)
  }
  return ticks / TICKS_PER_S
}

const rootPid = () => Number(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((name) => {
  try {
    const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0')
    return line.includes(`--user-data-dir=${join(folder, 'profile')}`) && !line.some((word) => word.startsWith('--type='))
  } catch {
    return false
  }
}))

/** What one window of time showed: frames that the page could make, real redraws, processor time. */
async function watch(page, seconds, meanwhile = () => sleep(seconds * 1000)) {
  await page.evaluate(() => {
    window.bench = { frames: 0, draws: window.cordon_map?.draws() ?? 0, since: performance.now() }
    const count = () => {
      window.bench.frames++
      window.bench.raf = requestAnimationFrame(count)
    }
    count()
  })
  const root = rootPid()
  const before = cpuS(root)
  const began = performance.now()
  await meanwhile()
  const passed = (performance.now() - began) / 1000
  const cpu = (cpuS(root) - before) / passed
  const seen = await page.evaluate(() => {
    cancelAnimationFrame(window.bench.raf)
    const passed = (performance.now() - window.bench.since) / 1000
    return { fps: window.bench.frames / passed, draws: ((window.cordon_map?.draws() ?? 0) - window.bench.draws) / passed }
  })
  return { fps: round(seen.fps), draws_per_s: round(seen.draws), cpu_pct: round(cpu * 100) }
}

/** Processor time while nothing counts frames: a page that asks for each of them costs something by itself. */
async function still(seconds) {
  const root = rootPid()
  const before = cpuS(root)
  const began = performance.now()
  await sleep(seconds * 1000)
  return round(((cpuS(root) - before) / ((performance.now() - began) / 1000)) * 100)
}

/** As a mouse does it: 125 places a second, at whole pixels, whether the page keeps up or not. (page.mouse.move() waits for
 * three answers of the page before each next place: that measures the wait, 20 places a second at an empty page.) */
async function drag(page, seconds) {
  await page.keyboard.press('Escape')
  const mouse = await page.context().newCDPSession(page)
  const place = (ms) => ({ x: Math.round(700 + 260 * Math.sin(ms / 480)), y: Math.round(450 + 160 * Math.cos(ms / 360)) })
  await page.mouse.move(700, 450)
  await page.mouse.down()
  const began = performance.now()
  const heard = []
  for (let ms = 0; ms < seconds * 1000; ms = performance.now() - began) {
    heard.push(mouse.send('Input.dispatchMouseEvent', { type: 'mouseMoved', button: 'left', buttons: 1, ...place(ms) }))
    await sleep(MOUSE_MS)
  }
  await Promise.all(heard)
  await page.mouse.up()
  await mouse.detach()
}

async function units() {
  const found = {}
  const empty = await browser.newPage()
  await empty.goto('about:blank')
  found.empty = await watch(empty, quick ? 3 : 8)
  await empty.close()
  for (const count of quick ? [2000] : [2000, 10000]) {
    const server = await serve('serve')
    const page = await open(server)
    const load = phones(server, count, 300)
    await page.waitForFunction((wanted) => parseInt(document.querySelector('#legend').textContent.match(/(\d+) unit/)?.[1] ?? '0', 10) >= wanted, count, { timeout: 120_000 })
    await page.keyboard.press('Home')
    await sleep(3000)
    found[count] = {
      cpu_pct: await still(quick ? 5 : 15),
      idle: await watch(page, quick ? 4 : 10),
      drag: await watch(page, quick ? 4 : 8, () => drag(page, quick ? 4 : 8)),
    }
    await page.close()
    await end(load)
    for (const child of children.splice(0)) if (child !== load) await end(child)
  }
  return found
}

const percentile = (list, share) => list[Math.min(list.length - 1, Math.floor(list.length * share))]
function spread(list) {
  const sorted = [...list].sort((a, b) => a - b)
  return { count: list.length, p50: round(percentile(sorted, 0.5)), p95: round(percentile(sorted, 0.95)), p99: round(percentile(sorted, 0.99)), max: round(sorted.at(-1)) }
}

const cot = (uid, type, callsign, lat, lon, detail = '') => {
  const now = new Date().toISOString()
  const stale = new Date(Date.now() + 120_000).toISOString()
  return `<event version="2.0" uid="${uid}" type="${type}" how="m-g" time="${now}" start="${now}" stale="${stale}">` +
    `<point lat="${lat}" lon="${lon}" hae="0" ce="5" le="5"/><detail><contact callsign="${callsign}" endpoint="*:-1:stcp"/><__group name="Cyan" role="Team Member"/>${detail}</detail></event>`
}
const chat = (i) => {
  const now = new Date().toISOString()
  const stale = new Date(Date.now() + 120_000).toISOString()
  return `<event version="2.0" uid="GeoChat.EX-bench.All Chat Rooms.${i}" type="b-t-f" how="h-g-i-g-o" time="${now}" start="${now}" stale="${stale}"><point lat="10" lon="20" hae="0" ce="5" le="5"/>` +
    `<detail><__chat id="All Chat Rooms" chatroom="All Chat Rooms" senderCallsign="EX-bench" messageId="bench-${i}"><chatgrp uid0="EX-bench" uid1="All Chat Rooms" id="All Chat Rooms"/></__chat>` +
    `<remarks source="EX-bench" time="${now}">EX-mark-${i}.</remarks></detail></event>`
}

/** Marks in the page's log, each with the moment (of this machine's clock) at which its row was there to be painted. */
const follow = () => {
  window.marks = {}
  const look = () => {
    for (const [mark] of document.querySelector('#side').textContent.matchAll(/EX-mark-\d+\./g)) window.marks[mark] ??= performance.timeOrigin + performance.now()
  }
  new MutationObserver(look).observe(document.querySelector('#side'), { childList: true, subtree: true, characterData: true })
}

async function events() {
  const server = await serve('serve')
  const page = await open(server)
  const link = connect(server.tcp, '127.0.0.1')
  await new Promise((done) => link.once('connect', done))
  link.resume()
  link.write(cot('EX-bench', 'a-f-G-U-C', 'EX-bench', 10, 20))
  await page.locator('#legend').getByText('1 unit').waitFor()
  await page.evaluate(follow)
  const rounds = quick ? 60 : 200
  const sent = []
  for (let i = 0; i < rounds; i++) {
    sent.push(performance.timeOrigin + performance.now())
    link.write(chat(i))
    await sleep(60 + (i * 37) % 90)
  }
  await page.waitForFunction((count) => Object.keys(window.marks).length >= count, rounds, { timeout: 20_000 })
  const seen = await page.evaluate(() => window.marks)
  const chats = sent.map((at, i) => seen[`EX-mark-${i}.`] - at)

  const moves = []
  for (let i = 0; i < (quick ? 10 : 40); i++) {
    const lat = 10 + (i + 1) / 1000
    await page.evaluate((wanted) => {
      window.moved = 0
      const at = window.cordon_map.pixelOf(wanted, 20)
      const look = () => {
        const it = window.cordon_map.pixel('EX-bench')
        const there = window.cordon_map.pixelOf(wanted, 20)
        if (at && it && Math.abs(it[1] - there[1]) < 0.01) window.moved = performance.timeOrigin + performance.now()
        else requestAnimationFrame(look)
      }
      look()
    }, lat)
    await sleep((i * 211) % 700)
    const at = performance.timeOrigin + performance.now()
    link.write(cot('EX-bench', 'a-f-G-U-C', 'EX-bench', lat, 20))
    await page.waitForFunction(() => window.moved > 0)
    moves.push((await page.evaluate(() => window.moved)) - at)
  }
  link.destroy()
  await page.close()
  return { event_ms: spread(chats), position_ms: spread(moves) }
}

async function exercise(until, speed) {
  const server = await serve('exercise', '--speed', speed, ...(until ? ['--until', until] : []))
  const page = await open(server)
  await page.locator('#strip .cell').first().waitFor()
  return page
}

async function floors() {
  const page = await exercise('2023-02-17T22:45:00+05:00', 2000)
  await page.keyboard.press('2')
  await page.locator('.zone').first().waitFor()
  await sleep(quick ? 5000 : 15_000)
  const times = await page.evaluate(async () => {
    const took = []
    const press = (code, key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true }))
    for (let i = 0; i < 40; i++) {
      const began = performance.now()
      press(i % 8 < 4 ? 'BracketRight' : 'BracketLeft', i % 8 < 4 ? ']' : '[')
      // The frame after the one in which it was drawn: the picture is on its way to the screen.
      await new Promise((done) => requestAnimationFrame(() => { const port = new MessageChannel(); port.port1.onmessage = done; port.port2.postMessage(0) }))
      took.push(performance.now() - began)
      await new Promise((done) => setTimeout(done, 40))
    }
    return took
  })
  await page.close()
  return { floor_ms: spread(times) }
}

async function log() {
  const data = join(folder, 'long')
  execFileSync(LOAD, ['--fill-journal', data, '--rows', String(quick ? 10_000 : LINES), '--quiet'], { stdio: 'ignore' })
  const server = await serve('serve', '--data', data)
  const page = await open(server)
  await page.keyboard.press('3')
  await page.locator('#biglog').waitFor()
  // Older lines come as one scrolls: to the end, until all are there.
  const count = () => page.evaluate(() => Number(document.querySelector('#biglog li').getAttribute('aria-setsize')))
  for (let had = 0, now = await count(); now > had || had === 0; had = now, now = await count()) {
    await page.evaluate(() => { const box = document.querySelector('#biglog'); box.scrollTop = box.scrollHeight })
    await page.waitForFunction((had) => Number(document.querySelector('#biglog li').getAttribute('aria-setsize')) > had, now, { timeout: 3_000 }).catch(() => undefined)
  }
  const shown = await count()
  const scroll = () => page.evaluate(async (seconds) => {
    const box = document.querySelector('#biglog')
    let least = Infinity, most = 0, last = performance.now(), frames = 0, late = 0
    const until = last + seconds * 1000
    await new Promise((done) => {
      const step = (now) => {
        frames++
        if (now - last > 34) late++
        last = now
        box.scrollTop += 120
        if (box.scrollTop + box.clientHeight >= box.scrollHeight - 10) box.scrollTop = 0
        const rows = box.querySelectorAll('li').length
        least = Math.min(least, rows)
        most = Math.max(most, rows)
        if (now < until) requestAnimationFrame(step)
        else done()
      }
      requestAnimationFrame(step)
    })
    return { fps: frames / seconds, late, rows_in_dom: most }
  }, quick ? 4 : 8)
  const it = await scroll()
  await page.close()
  return { lines: shown, fps: round(it.fps), late_frames: it.late, rows_in_dom: it.rows_in_dom }
}

async function heap() {
  const page = await exercise(undefined, 20)
  const session = await page.context().newCDPSession(page)
  const used = async () => {
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize / 1048576
  }
  // The page fetches its boards and fonts first.
  await sleep(20_000)
  const seconds = quick ? 30 : 180
  const first = await used()
  const marks = [first]
  for (let i = 0; i < 6; i++) {
    for (const key of ['2', '3', '4', '5', '6', '1']) await page.keyboard.press(key)
    await sleep((seconds * 1000) / 6)
    marks.push(await used())
  }
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length)
  await page.close()
  return { minutes_of_exercise: round((seconds * 20) / 60), heap_mib: marks.map((it) => round(it)), grown_mib: round(marks.at(-1) - first), nodes }
}

async function first() {
  const server = await serve('exercise', '--speed', 20)
  const before = await open(server)
  await before.close()
  const rounds = []
  for (let i = 0; i < (quick ? 3 : 7); i++) {
    const page = await browser.newPage()
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.clearBrowserCache')
    await session.send('Network.setBypassServiceWorker', { bypass: true })
    let bytes = 0
    session.on('Network.loadingFinished', (it) => { bytes += it.encodedDataLength })
    const began = performance.now()
    await page.goto(server.url)
    await page.waitForFunction(() => window.cordon_map?.draws() > 0)
    const map_ms = performance.now() - began
    await page.locator('#top [role=status]').filter({ hasText: / s$/ }).first().waitFor()
    const live_ms = performance.now() - began
    const paint_ms = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)
    rounds.push({ paint_ms, map_ms, live_ms, bytes })
    await page.close()
  }
  const middle = (name) => round([...rounds].sort((a, b) => a[name] - b[name])[rounds.length >> 1][name], 0)
  return { paint_ms: middle('paint_ms'), map_ms: middle('map_ms'), live_ms: middle('live_ms') }
}

const parts = { units, events, floors, log, heap, first }
try {
  const part = parts[process.argv[2]]
  if (!part) throw new Error(`web_bench: parts are ${Object.keys(parts).join(', ')}`)
  browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium', headless: true, viewport: SIZE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--ignore-certificate-errors'],
  })
  browser.setDefaultTimeout(60_000)
  // Without the cards of the first minute, which lie over the map until an incident is open.
  await browser.addInitScript(() => { if (location.protocol === 'https:') sessionStorage.setItem('cordon.first', 'away') })
  console.log(JSON.stringify({ ['web_' + process.argv[2]]: await part() }))
} catch (error) {
  console.error(`web_bench: ${error.message}`)
  process.exitCode = 1
} finally {
  await browser?.close()
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
