// Photos of a zone against the real server: one that was sent is placed from the zone's card, is shown there small and
// large, and another browser has it; a file that is no picture is not shown as one; one without a report gets its own.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { axe, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const INCIDENT = 'EX-PHOTO'
const ZONE = 'Block/1/A'
let server, post

/** A call of the page's own session. */
const api = (page, path, body) => page.evaluate(async ([address, text]) => {
  const { csrf } = await (await fetch('/api/session')).json()
  const answer = await fetch(address, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }, body: JSON.stringify({ id: crypto.randomUUID(), ...text }),
  })
  return { status: answer.status, ...(await answer.json().catch(() => ({}))) }
}, [path, body])

async function tell(page, kind, fields) {
  const answer = await api(page, `/api/incidents/${INCIDENT}/commands`, { kind, fields })
  assert.equal(answer.status, 200, `${kind}: ${answer.detail}`)
}

/** Sends a file as its own bytes; a picture is drawn here: a door in a wall, marked as exercise. The answer is its hash. */
const send = (page, name, words) => page.evaluate(async ([file, text]) => {
  let body = new Blob(['EX no picture at all'], { type: 'image/png' })
  if (text) {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: 640, height: 400 })
    const pen = canvas.getContext('2d')
    for (const [colour, ...box] of [['#6b7885', 0, 0, 640, 400], ['#2d3339', 240, 110, 150, 290], ['#c9b27a', 255, 125, 120, 275]]) {
      pen.fillStyle = colour
      pen.fillRect(...box)
    }
    pen.fillStyle = '#fff'
    pen.font = 'bold 40px sans-serif'
    pen.fillText(text, 20, 60)
    body = await new Promise((done) => canvas.toBlob(done, 'image/jpeg'))
  }
  const { csrf } = await (await fetch('/api/session')).json()
  const answer = await fetch('/api/files?name=' + encodeURIComponent(file), { method: 'POST', body, headers: { 'Content-Type': body.type, 'X-Cordon-CSRF': csrf } })
  return (await answer.json()).sha256
}, [name, words])

async function report(page, id, sha256, more = {}) {
  await tell(page, 'report.received', { report: id, predicate: 'note', subject: 'photo', text: 'EX-R1 sent a photo', origin: 'sha256-' + sha256, source: 'EX-R1', grade: 'B2', ...more })
}

before(async () => {
  server = await start('serve', 'photos')
  post = await visit(server)
  const { page } = post
  await setUp(page, server.code, 'EX officer')
  const opened = await api(page, '/api/incidents', { kind: 'incident.opened', incident: INCIDENT, fields: { name: 'EX Photos', type: 'search', exercise: true, start_at: new Date().toISOString() } })
  assert.equal(opened.status, 200, opened.detail)
  await tell(page, 'structure.defined', { structure: 'Block', name: 'Block', storeys: 2 })
  await tell(page, 'source.registered', { source: 'EX-R1', name: 'EX-R1', source_kind: 'responder' })
  await report(page, 'EX-DOOR', await send(page, 'IMG_2041.jpg', 'EXERCISE door A'))
  await report(page, 'EX-STAIRS', await send(page, 'IMG_2042.jpg', 'EXERCISE stairs'), { zone: 'Block/1/B' })
  await report(page, 'EX-NOTE', await send(page, 'notes.png', ''), { zone: ZONE })
})

async function openZone(page, zone = ZONE) {
  await page.locator('#foot').click()
  await page.keyboard.press('2')
  await page.locator(`[data-zone="${zone}"]`).first().click()
  await page.locator('.zonecard .sechead').waitFor()
}

const isShown = (page, selector) => page.waitForFunction((it) => (document.querySelector(it)?.naturalWidth ?? 0) > 0, selector)

test('a photo is placed in a zone with two presses, and is in its card here and elsewhere', { timeout: 90_000 }, async () => {
  const { page } = post
  const other = await visit(server, '?lang=ur')
  await logIn(other.page, 'EX officer')
  await openZone(other.page)
  await openZone(page)
  // What a report says is here and is no picture says so; it is not drawn.
  await page.locator('[data-report=EX-NOTE]').getByText('No picture can be shown.').waitFor()
  await page.getByRole('button', { name: 'Place a photo' }).click()
  await page.getByText('Which photo shows this zone?').waitFor()
  const beside = page.locator('.whobox .photo')
  assert.deepEqual(await beside.evaluateAll((list) => list.map((it) => it.dataset.report)), ['EX-DOOR', 'EX-STAIRS'])
  await beside.nth(1).getByText(/now in .*B/).waitFor()
  await isShown(page, '.whobox [data-report=EX-DOOR] img')
  await axe(page, 'which photo')
  await shot(page, 'photos-which-dark-en')

  // Escape leaves the question and keeps the zone.
  await page.keyboard.press('Escape')
  await page.locator('.whobox').waitFor({ state: 'detached' })
  await page.locator('.zonecard').waitFor()
  await page.getByRole('button', { name: 'Place a photo' }).click()
  await page.keyboard.press('Enter')
  await page.locator('.zonecard > div > .photos [data-report=EX-DOOR]').waitFor()
  await isShown(page, '.zonecard [data-report=EX-DOOR] img')
  await page.getByText('Report placed in a zone').first().waitFor()

  await other.page.locator('[data-report=EX-DOOR]').getByText('IMG_2041.jpg').waitFor()
  await isShown(other.page, '.zonecard [data-report=EX-DOOR] img')
  for (const name of ['light', 'red', 'dark']) {
    while ((await other.page.evaluate(() => document.documentElement.dataset.theme)) !== name) {
      await other.page.locator('#foot').click()
      await other.page.keyboard.press('t')
    }
    if (name !== 'red') await axe(other.page, `photos ${name} ur`)
    await shot(other.page, `photos-card-${name}-ur`)
  }
  await other.close()
})

test('a photo opens large and Escape goes back to the card', async () => {
  const { page } = post
  const photo = page.locator('.zonecard [data-report=EX-DOOR]')
  await photo.click()
  await isShown(page, 'dialog.photolarge img')
  await axe(page, 'a photo large')
  await shot(page, 'photos-large-dark-en')
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  await photo.waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.dataset.report), 'EX-DOOR')
  await post.close()
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`a photo that no report tells of is placed too, and its report says who sent it, in ${lang}`, { timeout: 90_000 }, async () => {
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await logIn(page, 'EX officer')
    const name = `IMG_${lang}.jpg`
    const sha256 = await send(page, name, `EXERCISE ${lang}`)
    const zone = { en: 'Block/1/C', ur: 'Block/1/D' }[lang]
    await openZone(page, zone)
    await page.getByRole('button', { name: say('photo.place') }).click()
    const waits = page.locator(`.whobox [data-file="${sha256}"]`)
    await waits.getByText(name).waitFor()
    await waits.getByText(say('photo.unreported')).waitFor()
    await isShown(page, `.whobox [data-file="${sha256}"] img`)
    await axe(page, 'a photo without a report')
    await shot(page, `photos-loose-${lang}`)
    await waits.press('Enter')
    await page.locator('.zonecard > div > .photos .photo').getByText(name).waitFor()
    await isShown(page, '.zonecard > div > .photos img')
    const reports = await page.evaluate(async (hash) => {
      const { events } = await (await fetch('/api/incidents/EX-PHOTO/events?after=0&limit=1000&kinds=report.received')).json()
      return events.map(({ fields }) => fields).filter((fields) => fields.origin === 'sha256-' + hash)
    }, sha256)
    assert.equal(reports.length, 1)
    assert.deepEqual([reports[0].zone, reports[0].source, reports[0].text], [zone, 'EX officer', `EX officer: ${name}`])
    // It has its report now: it is offered elsewhere as any other, and no second one is written.
    await openZone(page, 'Block/1/B')
    await page.getByRole('button', { name: say('photo.place') }).click()
    await page.locator(`.whobox [data-report="${reports[0].report}"]`).waitFor()
    assert.equal(await waits.count(), 0)
    await it.close()
  })
}
