// The page against the real server (CORDON, else build/cordon), with phones over plain TCP, in Debian's Chromium.
// CORDON_SHOTS=DIR keeps pictures for a person to look at.
import assert from 'node:assert/strict'
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const CORDON = process.env.CORDON ?? fileURLToPath(new URL('../../build/cordon', import.meta.url))
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
]
const shots = process.env.CORDON_SHOTS
const folder = mkdtempSync(join(tmpdir(), 'cordon-web-'))
const data = join(folder, 'data')
let browser, server

/** Starts the server and reads what it prints until it is ready; ports of before are used again. */
async function start(web = 0, tcp = 0) {
  const port = async (wanted) => wanted || new Promise((done) => {
    const probe = require('node:net').createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
  web = await port(web)
  tcp = await port(tcp)
  const child = spawn(CORDON, ['serve', '--data', data, '--listen', '127.0.0.1', '--tak-tls', '0', '--tak-tcp', tcp, '--web', web, '--enrol', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  await new Promise((done, fail) => {
    child.stdout.on('data', (part) => {
      text += part
      if (/^ready .*$/m.test(text)) done()
    })
    child.on('exit', (status) => fail(new Error(`the server ended with ${status}: ${text}`)))
  })
  return { child, web, tcp, code: /setup code: (\S+)/.exec(text)?.[1], async stop(signal = 'SIGTERM') {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    await ended
  } }
}

const time = (seconds) => new Date(Date.now() + seconds * 1000).toISOString()
const event = (uid, type, detail, lat = 10, lon = 20, stale = 75) =>
  `<event version="2.0" uid="${uid}" type="${type}" how="m-g" time="${time(0)}" start="${time(0)}" stale="${time(stale)}">` +
  `<point lat="${lat}" lon="${lon}" hae="10" ce="5" le="9999999.0"/><detail>${detail}</detail></event>`
const report = (uid, callsign, lat, lon) =>
  event(uid, 'a-f-G-U-C', `<contact callsign="${callsign}" endpoint="*:-1:stcp"/><__group name="Cyan" role="Team Member"/><status battery="78"/>`, lat, lon)
const alert = (uid, callsign) =>
  event(`${uid}-9-1-1`, 'b-a-o-tbl', `<link uid="${uid}" type="a-f-G-U-C" relation="p-p"/><contact callsign="${callsign}-Alert"/>` +
    `<emergency type="911 Alert">${callsign}</emergency>`, 10, 20, 10)

/** A phone over plain TCP that keeps all it hears. */
async function phone(tcp) {
  const socket = connect(tcp, '127.0.0.1')
  const it = { heard: '', send: (text) => socket.write(text), close: () => socket.destroy() }
  socket.on('data', (part) => { it.heard += part })
  socket.on('error', () => {})
  await new Promise((done) => socket.once('connect', done))
  it.until = async (text) => {
    while (!it.heard.includes(text)) await new Promise((done) => setTimeout(done, 20))
  }
  return it
}

before(async () => {
  server = await start()
  browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: process.env.CORDON_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...ARGS, '--ignore-certificate-errors'],
    viewport: { width: 1600, height: 900 }, serviceWorkers: 'block',
  })
  browser.setDefaultTimeout(60_000)
})

after(async () => {
  await browser?.close()
  if (server?.child.exitCode === null) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('from the setup code to units, an emergency, chat, a restart, and the record of it all', { timeout: 300_000 }, async () => {
  const page = await browser.newPage()
  const wrong = []
  let away = false
  page.on('pageerror', (error) => wrong.push('error: ' + error.message))
  page.on('console', (message) => {
    const lost = away && /ERR_|WebSocket connection|status of (50|403)/.test(message.text())
    if (message.type() === 'error' && !lost) wrong.push('console: ' + message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== `127.0.0.1:${server.web}`) wrong.push('request to ' + url.host)
  })
  await page.addInitScript(() => sessionStorage.setItem('cordon.first', 'away'))
  await page.addInitScript(() => {
    window.csp = []
    addEventListener('securitypolicyviolation', (it) => window.csp.push(it.violatedDirective))
  })
  await page.goto(`https://127.0.0.1:${server.web}/`)
  await page.fill('#code', server.code)
  await page.fill('#name', 'Duty officer')
  await page.fill('#password', 'practice only')
  await page.click('button[type=submit]')
  await page.locator('#shell').waitFor()

  const one = await phone(server.tcp)
  const two = await phone(server.tcp)
  one.send(report('U1', 'RGR-1', 10.001, 20.001))
  two.send(report('U2', 'SPU-2', 10.002, 20.002))
  await two.until('uid="U1"')
  await page.keyboard.press('4')
  await page.locator('#tab-units').click()
  await page.getByRole('row', { name: /RGR-1/ }).waitFor()
  await page.getByRole('row', { name: /SPU-2/ }).waitFor()
  await page.keyboard.press('1')
  if (shots) await page.screenshot({ path: join(shots, 'server-map.png') })

  one.send(alert('U1', 'RGR-1'))
  await page.locator('.att.crit').waitFor()
  await two.until('b-a-o-tbl')
  await page.locator('#work').click({ position: { x: 5, y: 300 } })
  await page.keyboard.press('a')
  await page.locator('.att.calm').getByText('Acknowledged by Duty officer').waitFor()

  await page.keyboard.press('n')
  await page.keyboard.type('All units: the west gate is open')
  await page.keyboard.press('Enter')
  await two.until('the west gate is open')
  await page.locator('#sidelog').getByText('the west gate is open').waitFor()

  // The plug is pulled: the page keeps the picture, comes back by itself, and so does the emergency.
  away = true
  await server.stop('SIGKILL')
  const { web, tcp } = server
  server = await start(web, tcp)
  const back = await phone(server.tcp)
  back.send(report('U2', 'SPU-2', 10.002, 20.002))
  await back.until('b-a-o-tbl')
  await page.locator('#sidelog').getByText('the west gate is open').waitFor()
  await page.waitForFunction(() => !document.querySelector('#top.lost, #top .lost'))
  back.send(event('GeoChat.U2.All Chat Rooms.m9', 'b-t-f',
    '<__chat id="All Chat Rooms" chatroom="All Chat Rooms" senderCallsign="SPU-2" messageId="m9"><chatgrp id="All Chat Rooms" uid0="U2" ' +
    'uid1="All Chat Rooms"/></__chat><link uid="U2" type="a-f-G-U-C" relation="p-p"/><remarks>second floor is clear</remarks>'))
  await page.locator('#sidelog').getByText('second floor is clear').waitFor()
  if (shots) await page.screenshot({ path: join(shots, 'server-back.png') })

  const csp = await page.evaluate(() => window.csp)
  await page.close()
  await server.stop()
  const log = execFileSync(CORDON, ['log', '--data', data, '--json'], { maxBuffer: 1 << 26 }).toString()
  const kinds = log.trim().split('\n').map((line) => JSON.parse(line).kind)
  for (const kind of ['operator.made', 'client.connected', 'emergency.raised', 'emergency.acknowledged', 'chat.said']) assert.ok(kinds.includes(kind), kind)
  assert.equal(kinds.filter((kind) => kind === 'chat.said').length, 2)
  assert.match(execFileSync(CORDON, ['verify', '--data', data]).toString(), /the chain holds/)
  assert.deepEqual([...wrong, ...csp], [])
})
