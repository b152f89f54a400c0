// Phones in Admin: against the mock for what it looks like and how it is worked, then against the real server.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { axe, open, shot, shown, theme } from './page.mjs'
import { enrol, plainPhone, report, securePhone } from './phones.mjs'
import { read } from './qr.mjs'
import { CORDON, folder, freePort, newContext, setUp, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const goToAdmin = async (page) => {
  await page.locator('#work').click({ position: { x: 5, y: 300 } })
  await page.keyboard.press('9')
  await page.locator('#devicetable').waitFor()
}

/** A phone with what the package holds: the trust store and its own key, over TLS. */
async function phoneOf(zip, port) {
  const path = join(folder, `package-${Date.now()}.zip`)
  writeFileSync(path, zip)
  const script = 'import json, re, sys, zipfile, base64\nz = zipfile.ZipFile(sys.argv[1])\n' +
    'pref = z.read([n for n in z.namelist() if n.endswith(".pref")][0]).decode()\nsaid = dict(re.findall(r\'key="(\\w+?)0?" [^>]*>([^<]*)<\', pref))\n' +
    'file = lambda key: base64.b64encode(z.read([n for n in z.namelist() if n.endswith(said[key].split("/")[1])][0])).decode()\n' +
    'print(json.dumps({"pfx": file("certificateLocation"), "password": said["clientPassword"], "to": said["connectString"]}))'
  const got = JSON.parse(execFileSync('python3', ['-c', script, path]))
  const phone = await securePhone(port, { pfx: Buffer.from(got.pfx, 'base64'), passphrase: got.password })
  return Object.assign(phone, { to: got.to })
}

/** The page of an invite as a phone opens it: another browser, without a session. */
async function openInvite(link) {
  const context = await newContext({ viewport: { width: 412, height: 915 }, acceptDownloads: true, userAgent: 'Mozilla/5.0 (Linux; Android 14) EX' })
  const page = await context.newPage()
  await page.goto(link)
  return { page, context }
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  /** In English in the dark, in Urdu in the light. */
  async function page_of(options = {}) {
    const it = await open(options, `?lang=${lang}`)
    await shown(it.page)
    await theme(it.page, lang === 'en' ? 'dark' : 'light')
    return it
  }

  test(`who waits is told on every screen, and is admitted one by one or all at once, in ${lang}`, async () => {
    const it = await page_of({ held: 3 })
    const { page, mock } = it
    await page.locator('#waitingbar').getByText(say.like('device.waiting', { n: 3 })).waitFor()
    await axe(page, 'waiting bar')
    await shot(page, `phones-bar-${lang}`)
    await page.getByRole('button', { name: say('device.look') }).click()
    const card = page.getByRole('region', { name: say('device.waiting_title') })
    await card.getByText(say.like('device.waiting', { n: 3 })).waitFor()
    assert.equal(await page.locator('#waitingbar').count(), 0)
    await axe(page, 'phones that wait')
    await shot(page, `phones-waiting-${lang}`)
    await card.getByRole('button', { name: say('device.admit'), exact: true }).first().click()
    await card.getByText(say.like('device.waiting', { n: 2 })).waitFor()
    await card.getByRole('button', { name: say.like('device.admit_all', { n: 2 }) }).click()
    await card.waitFor({ state: 'detached' })
    assert.ok(mock.state.welcome.devices.every((device) => !device.held))
    await it.close()
  })

  test(`an invite is made, shown large, copied and printed; a name that does not fit is refused with a sentence, in ${lang}`, async () => {
    const it = await page_of()
    const { page } = it
    await goToAdmin(page)
    await page.getByRole('button', { name: say('invite.new') }).click()
    await page.fill('#invite-name', 'no blanks')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText(say.server('letters, digits')).waitFor()
    await axe(page, 'invite form')
    await page.fill('#invite-name', 'ex-rgr-3')
    await page.fill('#invite-agency', 'RGR')
    await page.fill('#invite-uses', '20')
    await page.getByText(say('invite.many_hint')).waitFor()
    await shot(page, `phones-form-${lang}`)
    await page.keyboard.press('Enter')
    const left = (n) => say.like('invite.left', { age: say('age.hours', { n }) })
    const dialog = page.getByRole('dialog', { name: say.like('invite.for', { name: 'ex-rgr-3' }) })
    await dialog.getByRole('img', { name: say.like('invite.alt.page', { name: 'ex-rgr-3' }) }).waitFor()
    assert.equal(await dialog.locator('#invite-link').inputValue(), 'https://10.0.0.5:8446/join/EXAMPLE0TOKEN0OF0THE0MOCK0')
    await dialog.getByText('crane lemon river').waitFor()
    await dialog.getByText('0 / 20').waitFor()
    await dialog.getByText(left(12)).or(dialog.getByText(left(11))).waitFor()
    await axe(page, 'invite')
    await shot(page, `phones-invite-${lang}`)
    await dialog.getByRole('button', { name: say('invite.kind.itak') }).click()
    await dialog.getByRole('img', { name: say.like('invite.alt.itak', { name: 'ex-rgr-3' }) }).waitFor()
    await dialog.getByRole('button', { name: say('invite.copy') }).first().click()
    await dialog.getByRole('button', { name: say('invite.copied') }).waitFor()
    await dialog.getByRole('button', { name: say('invite.print') }).click()
    await page.getByRole('dialog', { name: say('invite.sheet') }).locator('.slip').waitFor()
    await it.close()
  })

  test(`a sheet of thirteen is two pages of A4, in ${lang}`, async () => {
    const it = await page_of()
    const { page } = it
    await goToAdmin(page)
    await page.getByRole('button', { name: say('invite.new_sheet') }).click()
    await page.fill('#invite-names', Array.from({ length: 13 }, (_, i) => `ex-${i + 1}`).join('\n'))
    await page.getByRole('button', { name: say('invite.make_sheet') }).click()
    const sheet = page.getByRole('dialog', { name: say('invite.sheet') })
    await sheet.locator('.slip').nth(12).waitFor()
    assert.equal(await sheet.locator('.sheetpage').count(), 2)
    await axe(page, 'sheet')
    await shot(page, `phones-sheet-${lang}`)
    const pdf = await page.pdf({ preferCSSPageSize: true })
    assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 2)
    await it.close()
  })

  test(`a device is revoked in two steps, an invite is ended, a user gets a password, in ${lang}`, async () => {
    const it = await page_of()
    const { page, mock } = it
    await goToAdmin(page)
    const device = mock.state.welcome.devices[3]
    await page.locator('#devicetable').getByRole('button', { name: device.user }).first().click()
    await page.getByRole('button', { name: say('device.revoke') }).click()
    assert.equal(device.revoked, 0)
    await axe(page, 'device')
    await page.getByRole('button', { name: say('device.revoke_now') }).click()
    await page.getByText(say.like('device.was_revoked', { name: device.callsign })).waitFor()
    assert.ok(device.revoked > 0)
    await page.locator('#invitetable').getByRole('button', { name: 'ex-volunteers' }).click()
    await page.getByText(say('invite.token_gone')).waitFor()
    await page.getByRole('button', { name: say('invite.end') }).click()
    await page.getByText(say.like('invite.was_ended', { name: 'ex-volunteers' })).waitFor()
    await page.locator('.users summary').click()
    await page.getByRole('button', { name: say('user.new') }).click()
    await page.fill('#user-name', 'ex-cloud')
    await page.fill('#user-password', 'practice only')
    await axe(page, 'user form')
    await page.getByRole('button', { name: say('user.make') }).click()
    await page.locator('#usertable').getByText('ex-cloud').waitFor()
    await it.close()
  })

  // From here on against the real server: what a code says, what its page gives, and what an operator's tap does.

  /** A post with a phone that nobody has to admit, and a new invite of so many uses before the operator. */
  async function inviting(name, uses) {
    const port = await freePort()
    const server = await start('serve', `inviting-${name}-${lang}`, ['--enrol', port])
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await setUp(page, server.code)
    const other = await plainPhone(server.tcp)
    other.send(report('EX-OTHER', 'EX-OTHER'))
    await page.keyboard.press('9')
    await page.getByRole('button', { name: say('invite.new') }).click()
    await page.fill('#invite-name', name)
    await page.fill('#invite-uses', uses)
    await page.keyboard.press('Enter')
    return { port, server, it, page, other }
  }

  test(`a code leads a phone to its package; it waits, one tap admits it, revoking cuts it off, in ${lang}`, { timeout: 180_000 }, async () => {
    const { port, server, it, page, other } = await inviting('ex-volunteer', '5')
    const dialog = page.getByRole('dialog', { name: say.like('invite.for', { name: 'ex-volunteer' }) })
    const link = await dialog.locator('#invite-link').inputValue()
    const token = await dialog.locator('#invite-token').inputValue()
    assert.equal(await read(page, 'dialog .code'), link)
    assert.match(link, new RegExp(`^https://[^/]+:${port}/join/${token}$`))
    const words = await dialog.locator('.words').innerText()
    await shot(page, `phones-real-invite-${lang}`)
    await dialog.getByRole('button', { name: say('invite.kind.atak') }).click()
    await dialog.getByRole('img', { name: say.like('invite.alt.atak', { name: 'ex-volunteer' }) }).waitFor()
    assert.match(await read(page, 'dialog .code'), new RegExp(`^tak://com\\.atakmap\\.app/enroll\\?host=[^&]+&username=ex-volunteer&token=${token}$`))
    await dialog.getByRole('button', { name: say('invite.kind.itak') }).click()
    await dialog.getByRole('img', { name: say.like('invite.alt.itak', { name: 'ex-volunteer' }) }).waitFor()
    assert.match(await read(page, 'dialog .code'), new RegExp(`^[^,]+,[^,]+,${server.tls},ssl$`))
    await page.keyboard.press('Escape')

    // The phone's side.
    const joining = await openInvite(`https://127.0.0.1:${port}/join/${token}`)
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
    await joining.page.goto(`https://127.0.0.1:${port}/join/WRONG`)
    await joining.page.getByText('Ask the command post for a new one').waitFor()
    await shot(joining.page, 'join-refused')
    await joining.context.close()

    // It is heard and hears nobody, until it is admitted.
    phone.send(report('EX-PHONE', 'EX-1'))
    await other.until('uid="EX-PHONE"')
    await page.getByText(say.like('device.waiting', { n: 1 })).waitFor()
    await page.keyboard.press('1')
    await page.locator('#waitingbar').getByText('EX-1').waitFor()
    await shot(page, `phones-real-waiting-${lang}`)
    assert.ok(!phone.heard.includes('EX-OTHER'))
    await page.getByRole('button', { name: say('device.look') }).click()
    await page.getByRole('button', { name: say('device.admit'), exact: true }).click()
    await phone.until('uid="EX-OTHER"')
    await page.locator('.waitingcard').waitFor({ state: 'detached' })

    await page.locator('#devicetable').getByRole('button', { name: 'ex-volunteer-1' }).click()
    await page.getByRole('button', { name: say('device.revoke') }).click()
    await page.getByRole('button', { name: say('device.revoke_now') }).click()
    while (!phone.ended) await new Promise((done) => setTimeout(done, 20))
    await page.getByRole('status').getByText(say.like('device.was_revoked')).waitFor()
    await shot(page, `phones-real-revoked-${lang}`)
    other.close()
    await it.close()
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString()
    const kinds = log.trim().split('\n').map((line) => JSON.parse(line).kind)
    for (const kind of ['invite.made', 'device.enrolled', 'device.admitted', 'certificate.revoked']) assert.ok(kinds.includes(kind), kind)
    assert.ok(!log.includes(token), 'the token is on the record')
  })

  test(`a phone that makes its own key enrols by the token, waits and is admitted, in ${lang}`, { timeout: 180_000 }, async () => {
    const { port, server, it, page, other } = await inviting('ex-team', '2')
    const token = await page.locator('#invite-token').inputValue()
    await page.keyboard.press('Escape')
    const refused = await enrol(port, 'ex-team', 'WRONG', 'EX-A')
    assert.equal(refused.status, 401)
    const enrolled = await enrol(port, 'ex-team', token, 'EX-B')
    assert.equal(enrolled.status, 200, enrolled.text)
    const phone = await securePhone(server.tls, { cert: enrolled.cert, key: enrolled.key })
    phone.send(report('EX-B', 'EX-B'))
    await other.until('uid="EX-B"')
    const card = page.getByRole('region', { name: say('device.waiting_title') })
    await card.getByText('EX-B').waitFor()
    assert.ok(!phone.heard.includes('EX-OTHER'))
    await card.getByRole('button', { name: say('device.admit_all', { n: 1 }) }).click()
    await phone.until('uid="EX-OTHER"')
    phone.close()
    other.close()
    await it.close()
    await server.stop()
  })
}
