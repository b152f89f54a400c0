// Phones in Admin: against the mock for what it looks like and how it is worked, then against the real server.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import tls from 'node:tls'
import { axe, open, shot, shown, theme } from './page.mjs'
import { read } from './qr.mjs'
import { CORDON, folder, freePort, newContext, setUp, start, visit } from './real.mjs'


const goToAdmin = async (page) => {
  await page.locator('#work').click({ position: { x: 5, y: 300 } })
  await page.keyboard.press('9')
  await page.locator('#devicetable').waitFor()
}

test('who waits is told on every screen, and is admitted one by one or all at once', async () => {
  const it = await open({ held: 3 })
  const { page, mock } = it
  await shown(page)
  await page.locator('#waitingbar').getByText('3 phones wait to be admitted').waitFor()
  await axe(page, 'waiting bar')
  await shot(page, 'phones-bar-dark-en')
  await page.getByRole('button', { name: 'Look' }).click()
  const card = page.getByRole('region', { name: 'Phones that wait to be admitted' })
  await card.getByText('3 phones wait to be admitted').waitFor()
  assert.equal(await page.locator('#waitingbar').count(), 0)
  await axe(page, 'phones that wait')
  await shot(page, 'phones-waiting-dark-en')
  await card.getByRole('button', { name: 'Admit', exact: true }).first().click()
  await card.getByText('2 phones wait to be admitted').waitFor()
  await card.getByRole('button', { name: 'Admit all 2' }).click()
  await card.waitFor({ state: 'detached' })
  assert.ok(mock.state.welcome.devices.every((device) => !device.held))
  await it.close()
})

test('an invite is made, shown large, copied and printed; a name that does not fit is refused with a sentence', async () => {
  const it = await open()
  const { page } = it
  await shown(page)
  await goToAdmin(page)
  await page.getByRole('button', { name: 'New invite' }).click()
  await page.fill('#invite-name', 'no blanks')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('letters, digits').waitFor()
  await axe(page, 'invite form')
  await page.fill('#invite-name', 'ex-rgr-3')
  await page.fill('#invite-agency', 'RGR')
  await page.fill('#invite-uses', '20')
  await page.getByText('hears nothing until you admit him').waitFor()
  await shot(page, 'phones-form-dark-en')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Invite for ex-rgr-3' })
  await dialog.getByRole('img', { name: /the page of steps/ }).waitFor()
  assert.equal(await dialog.locator('#invite-link').inputValue(), 'https://10.0.0.5:8446/join/EXAMPLE0TOKEN0OF0THE0MOCK0')
  await dialog.getByText('crane lemon river').waitFor()
  await dialog.getByText('0 / 20').waitFor()
  await dialog.getByText('12 h more').or(dialog.getByText('11 h more')).waitFor()
  await axe(page, 'invite')
  await shot(page, 'phones-invite-dark-en')
  await dialog.getByRole('button', { name: 'iTAK' }).click()
  await dialog.getByRole('img', { name: /for iTAK/ }).waitFor()
  await dialog.getByRole('button', { name: 'Copy' }).first().click()
  await dialog.getByRole('button', { name: 'Copied' }).waitFor()
  await dialog.getByRole('button', { name: 'Print' }).click()
  await page.getByRole('dialog', { name: 'Sheet to print' }).locator('.slip').waitFor()
  await it.close()
})

test('a sheet of thirteen is two pages of A4', async () => {
  const it = await open()
  const { page } = it
  await shown(page)
  await goToAdmin(page)
  await page.getByRole('button', { name: 'Sheet of invites' }).click()
  await page.fill('#invite-names', Array.from({ length: 13 }, (_, i) => `ex-${i + 1}`).join('\n'))
  await page.getByRole('button', { name: 'Make the sheet' }).click()
  const sheet = page.getByRole('dialog', { name: 'Sheet to print' })
  await sheet.locator('.slip').nth(12).waitFor()
  assert.equal(await sheet.locator('.sheetpage').count(), 2)
  await axe(page, 'sheet')
  await shot(page, 'phones-sheet-dark-en')
  const pdf = await page.pdf({ preferCSSPageSize: true })
  assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 2)
  await it.close()
})

test('a device is revoked in two steps, an invite is ended, a user gets a password', async () => {
  const it = await open()
  const { page, mock } = it
  await shown(page)
  await goToAdmin(page)
  const device = mock.state.welcome.devices[3]
  await page.locator('#devicetable').getByRole('button', { name: device.user }).first().click()
  await page.getByRole('button', { name: 'Revoke …' }).click()
  assert.equal(device.revoked, 0)
  await axe(page, 'device')
  await page.getByRole('button', { name: 'Revoke now' }).click()
  await page.getByText(`Revoked: ${device.callsign}`).waitFor()
  assert.ok(device.revoked > 0)
  await page.locator('#invitetable').getByRole('button', { name: 'ex-volunteers' }).click()
  await page.getByText('Its token was told once').waitFor()
  await page.getByRole('button', { name: 'End it' }).click()
  await page.getByText('Ended: ex-volunteers').waitFor()
  await page.locator('.users summary').click()
  await page.getByRole('button', { name: 'New user' }).click()
  await page.fill('#user-name', 'ex-cloud')
  await page.fill('#user-password', 'practice only')
  await axe(page, 'user form')
  await page.getByRole('button', { name: 'Keep the user' }).click()
  await page.locator('#usertable').getByText('ex-cloud').waitFor()
  await it.close()
})

test('all of it in Urdu and in the light', async () => {
  const it = await open({ held: 2 }, '?lang=ur')
  const { page } = it
  await shown(page)
  await goToAdmin(page)
  await theme(page, 'light')
  await axe(page, 'phones in Urdu, light')
  await shot(page, 'phones-light-ur')
  await page.getByRole('button', { name: 'نئی دعوت' }).click()
  await page.fill('#invite-name', 'ex-rgr-3')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').locator('.code').waitFor()
  await axe(page, 'invite in Urdu, light')
  await shot(page, 'phones-invite-light-ur')
  await it.close()
})

// From here on against the real server: what a code says, what its page gives, and what an operator's tap does.

/** A phone with what the package holds: the trust store and its own key, over TLS. */
async function phoneOf(zip, port) {
  const path = join(folder, `package-${Date.now()}.zip`)
  writeFileSync(path, zip)
  const script = 'import json, re, sys, zipfile, base64\nz = zipfile.ZipFile(sys.argv[1])\n' +
    'pref = z.read([n for n in z.namelist() if n.endswith(".pref")][0]).decode()\nsaid = dict(re.findall(r\'key="(\\w+?)0?" [^>]*>([^<]*)<\', pref))\n' +
    'file = lambda key: base64.b64encode(z.read([n for n in z.namelist() if n.endswith(said[key].split("/")[1])][0])).decode()\n' +
    'print(json.dumps({"pfx": file("certificateLocation"), "password": said["clientPassword"], "to": said["connectString"]}))'
  const got = JSON.parse(execFileSync('python3', ['-c', script, path]))
  const socket = tls.connect({ host: '127.0.0.1', port, pfx: Buffer.from(got.pfx, 'base64'), passphrase: got.password, rejectUnauthorized: false })
  const it = { socket, to: got.to, heard: '', ended: false, send: (text) => socket.write(text) }
  socket.on('data', (part) => { it.heard += part })
  socket.on('close', () => { it.ended = true })
  socket.on('error', () => {})
  await new Promise((done, fail) => socket.once('secureConnect', done).once('error', fail))
  it.until = async (text) => {
    while (!it.heard.includes(text)) await new Promise((done) => setTimeout(done, 20))
  }
  return it
}

/** One over plain TCP, which nobody has to admit. */
async function connectPlain(port) {
  const socket = connect(port, '127.0.0.1')
  const it = { heard: '', send: (text) => socket.write(text), close: () => socket.destroy() }
  socket.on('data', (part) => { it.heard += part })
  socket.on('error', () => {})
  await new Promise((done) => socket.once('connect', done))
  it.until = async (text) => {
    while (!it.heard.includes(text)) await new Promise((done) => setTimeout(done, 20))
  }
  return it
}

const report = (uid, callsign) => {
  const time = (seconds) => new Date(Date.now() + seconds * 1000).toISOString()
  return `<event version="2.0" uid="${uid}" type="a-f-G-U-C" how="m-g" time="${time(0)}" start="${time(0)}" stale="${time(75)}">` +
    `<point lat="10.001" lon="20.001" hae="10" ce="5" le="9999999.0"/><detail><contact callsign="${callsign}" endpoint="*:-1:stcp"/>` +
    '<__group name="Cyan" role="Team Member"/></detail></event>'
}

/** The page of an invite as a phone opens it: another browser, without a session. */
async function openInvite(link) {
  const context = await newContext({ viewport: { width: 412, height: 915 }, acceptDownloads: true, userAgent: 'Mozilla/5.0 (Linux; Android 14) EX' })
  const page = await context.newPage()
  await page.goto(link)
  return { page, context }
}

test('a code leads a phone to its package; it waits, one tap admits it, revoking cuts it off', { timeout: 180_000 }, async () => {
  const enrol = await freePort()
  const server = await start('serve', 'phones', ['--enrol', enrol])
  const it = await visit(server)
  const { page } = it
  await setUp(page, server.code)
  const other = await connectPlain(server.tcp)
  other.send(report('EX-OTHER', 'EX-OTHER'))
  await page.keyboard.press('9')
  await page.getByRole('button', { name: 'New invite' }).click()
  await page.fill('#invite-name', 'ex-volunteer')
  await page.fill('#invite-uses', '5')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Invite for ex-volunteer' })
  const link = await dialog.locator('#invite-link').inputValue()
  const token = await dialog.locator('#invite-token').inputValue()
  assert.equal(await read(page, 'dialog .code'), link)
  assert.match(link, new RegExp(`^https://[^/]+:${enrol}/join/${token}$`))
  const words = await dialog.locator('.words').innerText()
  await shot(page, 'phones-real-invite')
  await dialog.getByRole('button', { name: 'ATAK at once' }).click()
  await dialog.getByRole('img', { name: /enrolment in ATAK/ }).waitFor()
  assert.match(await read(page, 'dialog .code'), new RegExp(`^tak://com\\.atakmap\\.app/enroll\\?host=[^&]+&username=ex-volunteer&token=${token}$`))
  await dialog.getByRole('button', { name: 'iTAK' }).click()
  await dialog.getByRole('img', { name: /for iTAK/ }).waitFor()
  assert.match(await read(page, 'dialog .code'), new RegExp(`^[^,]+,[^,]+,${server.tls},ssl$`))
  await page.keyboard.press('Escape')

  // The phone's side.
  const joining = await openInvite(`https://127.0.0.1:${enrol}/join/${token}`)
  await joining.page.getByText(words).waitFor()
  await joining.page.locator('details[open] summary').first().getByText('ATAK').waitFor()
  await axe(joining.page, 'the page of an invite')
  await shot(joining.page, 'join-page')
  const [download] = await Promise.all([
    joining.page.waitForEvent('download'), joining.page.getByRole('button', { name: /Get the package for this device/ }).first().click(),
  ])
  assert.equal(download.suggestedFilename(), 'cordon-ex-volunteer-1-atak.zip')
  const phone = await phoneOf(readFileSync(await download.path()), server.tls)
  assert.match(phone.to, new RegExp(`:${server.tls}:ssl$`))
  await joining.page.goto(`https://127.0.0.1:${enrol}/join/WRONG`)
  await joining.page.getByText('Ask the command post for a new one').waitFor()
  await shot(joining.page, 'join-refused')
  await joining.context.close()

  // It is heard and hears nobody, until it is admitted.
  phone.send(report('EX-PHONE', 'EX-1'))
  await other.until('uid="EX-PHONE"')
  await page.getByText('1 phone waits to be admitted').waitFor()
  await page.keyboard.press('1')
  await page.locator('#waitingbar').getByText('EX-1').waitFor()
  await shot(page, 'phones-real-waiting')
  assert.ok(!phone.heard.includes('EX-OTHER'))
  await page.getByRole('button', { name: 'Look' }).click()
  await page.getByRole('button', { name: 'Admit', exact: true }).click()
  await phone.until('uid="EX-OTHER"')
  await page.locator('.waitingcard').waitFor({ state: 'detached' })

  await page.locator('#devicetable').getByRole('button', { name: 'ex-volunteer-1' }).click()
  await page.getByRole('button', { name: 'Revoke …' }).click()
  await page.getByRole('button', { name: 'Revoke now' }).click()
  while (!phone.ended) await new Promise((done) => setTimeout(done, 20))
  await page.getByRole('status').getByText('Revoked: ').waitFor()
  await shot(page, 'phones-real-revoked')
  other.close()
  await it.close()
  await server.stop()
  const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString()
  const kinds = log.trim().split('\n').map((line) => JSON.parse(line).kind)
  for (const kind of ['invite.made', 'device.enrolled', 'device.admitted', 'certificate.revoked']) assert.ok(kinds.includes(kind), kind)
  assert.ok(!log.includes(token), 'the token is on the record')
})

/** Enrols as ATAK does: a request for the invite's name, the token as the password; the certificate as PEM. */
async function enrolWith(port, name, token, uid) {
  const key = join(folder, `${uid}.key`)
  const csr = execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', `/CN=${name}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  const answer = await new Promise((done, fail) => {
    const asked = request({
      host: '127.0.0.1', port, method: 'POST', path: `/Marti/api/tls/signClient/v2?clientUid=${uid}&version=5.1`, rejectUnauthorized: false,
      headers: { Authorization: 'Basic ' + Buffer.from(`${name}:${token}`).toString('base64'), Accept: 'application/json', 'Content-Type': 'application/octet-stream', 'Content-Length': csr.length },
    }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      done({ status: response.statusCode, text })
    })
    asked.on('error', fail)
    asked.end(csr)
  })
  const cert = answer.status === 200 ? `-----BEGIN CERTIFICATE-----\n${JSON.parse(answer.text).signedCert.trim()}\n-----END CERTIFICATE-----\n` : ''
  return { ...answer, cert, key: readFileSync(key) }
}

test('a phone that makes its own key enrols by the token, waits and is admitted', { timeout: 180_000 }, async () => {
  const enrol = await freePort()
  const server = await start('serve', 'enrol', ['--enrol', enrol])
  const it = await visit(server)
  const { page } = it
  await setUp(page, server.code)
  const other = await connectPlain(server.tcp)
  other.send(report('EX-OTHER', 'EX-OTHER'))
  await page.keyboard.press('9')
  await page.getByRole('button', { name: 'New invite' }).click()
  await page.fill('#invite-name', 'ex-team')
  await page.fill('#invite-uses', '2')
  await page.keyboard.press('Enter')
  const token = await page.locator('#invite-token').inputValue()
  await page.keyboard.press('Escape')
  const refused = await enrolWith(enrol, 'ex-team', 'WRONG', 'EX-A')
  assert.equal(refused.status, 401)
  const enrolled = await enrolWith(enrol, 'ex-team', token, 'EX-B')
  assert.equal(enrolled.status, 200, enrolled.text)
  const socket = tls.connect({ host: '127.0.0.1', port: server.tls, cert: enrolled.cert, key: enrolled.key, rejectUnauthorized: false })
  let heard = ''
  socket.on('data', (part) => { heard += part })
  await new Promise((done, fail) => socket.once('secureConnect', done).once('error', fail))
  socket.write(report('EX-B', 'EX-B'))
  await other.until('uid="EX-B"')
  const card = page.getByRole('region', { name: 'Phones that wait to be admitted' })
  await card.getByText('EX-B').waitFor()
  assert.ok(!heard.includes('EX-OTHER'))
  await card.getByRole('button', { name: 'Admit this one' }).click()
  while (!heard.includes('uid="EX-OTHER"')) await new Promise((done) => setTimeout(done, 20))
  socket.destroy()
  other.close()
  await it.close()
  await server.stop()
})
