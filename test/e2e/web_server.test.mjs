// The page against the real server (CORDON, else build/cordon), with phones over plain TCP, in Debian's Chromium.
// CORDON_SHOTS=DIR keeps pictures for a person to look at.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { event, plainPhone, report } from './phones.mjs'
import { CORDON, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const alert = (uid, callsign) =>
  event(`${uid}-9-1-1`, 'b-a-o-tbl', `<link uid="${uid}" type="a-f-G-U-C" relation="p-p"/><contact callsign="${callsign}-Alert"/>` +
    `<emergency type="911 Alert">${callsign}</emergency>`, { stale: 10 })
const said = (uid, callsign, text) => event(`GeoChat.${uid}.All Chat Rooms.m9`, 'b-t-f',
  `<__chat id="All Chat Rooms" chatroom="All Chat Rooms" senderCallsign="${callsign}" messageId="m9"><chatgrp id="All Chat Rooms" uid0="${uid}" ` +
  `uid1="All Chat Rooms"/></__chat><link uid="${uid}" type="a-f-G-U-C" relation="p-p"/><remarks>${text}</remarks>`)

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`from the setup code to units, an emergency, chat, a restart, and the record of it all, in ${lang}`, { timeout: 300_000 }, async () => {
    let server = await start('serve', `server-${lang}`)
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await setUp(page, server.code)

    const one = await plainPhone(server.tcp)
    const two = await plainPhone(server.tcp)
    one.send(report('U1', 'RGR-1', { lat: 10.001, lon: 20.001 }))
    two.send(report('U2', 'SPU-2', { lat: 10.002, lon: 20.002 }))
    await two.until('uid="U1"')
    await page.keyboard.press('4')
    await page.locator('#tab-units').click()
    await page.getByRole('row', { name: /RGR-1/ }).waitFor()
    await page.getByRole('row', { name: /SPU-2/ }).waitFor()
    await page.keyboard.press('1')
    await shot(page, `server-map-${lang}`)

    one.send(alert('U1', 'RGR-1'))
    await page.locator('.att.crit').waitFor()
    await two.until('b-a-o-tbl')
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await page.keyboard.press('a')
    await page.locator('.att.calm').getByText(say.like('att.acknowledged_by', { who: 'Duty officer' })).waitFor()

    await page.keyboard.press('n')
    await page.keyboard.type('All units: the west gate is open')
    await page.keyboard.press('Enter')
    await two.until('the west gate is open')
    await page.locator('#sidelog').getByText('the west gate is open').waitFor()

    // The plug is pulled: the page keeps the picture, comes back by itself, and so does the emergency.
    it.lost()
    await server.stop('SIGKILL')
    server = await start('serve', `server-${lang}`, [], server)
    const back = await plainPhone(server.tcp)
    back.send(report('U2', 'SPU-2', { lat: 10.002, lon: 20.002 }))
    await back.until('b-a-o-tbl')
    await page.locator('#sidelog').getByText('the west gate is open').waitFor()
    await page.waitForFunction(() => !document.querySelector('#top.lost, #top .lost'))
    back.send(said('U2', 'SPU-2', 'second floor is clear'))
    await page.locator('#sidelog').getByText('second floor is clear').waitFor()
    await shot(page, `server-back-${lang}`)

    for (const phone of [one, two, back]) phone.close()
    await it.close()
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString()
    const kinds = log.trim().split('\n').map((line) => JSON.parse(line).kind)
    for (const kind of ['operator.made', 'client.connected', 'emergency.raised', 'emergency.acknowledged', 'chat.said']) assert.ok(kinds.includes(kind), kind)
    assert.equal(kinds.filter((kind) => kind === 'chat.said').length, 2)
    assert.match(execFileSync(CORDON, ['verify', '--data', server.data]).toString(), /the chain holds/)
  })
}
