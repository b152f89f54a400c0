// A map that is dragged, against the real server: what is copied while it moves is what is drawn at rest, at its right
// place, also far beyond the picture that is copied; and nothing of the page is laid out anew meanwhile.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES } from './words.mjs'

const COLUMNS = 24
const ROWS = 14
const MIDDLE = { lat: 10, lon: 20 }
const STEP = 0.002

/** A field of units, each with a name, wider than any view of it. */
function field() {
  const now = new Date().toISOString()
  const stale = new Date(Date.now() + 3_600_000).toISOString()
  return Array.from({ length: COLUMNS * ROWS }, (_, i) => {
    const lat = MIDDLE.lat + (Math.floor(i / COLUMNS) - ROWS / 2) * STEP
    const lon = MIDDLE.lon + ((i % COLUMNS) - COLUMNS / 2) * STEP
    return `<event version="2.0" uid="EX-${i}" type="a-${i % 9 ? 'f' : 'h'}-G-U-C" how="m-g" time="${now}" start="${now}" stale="${stale}">` +
      `<point lat="${lat}" lon="${lon}" hae="0" ce="5" le="5"/><detail><contact callsign="EX-${i}" endpoint="*:-1:stcp"/>` +
      `<__group name="Cyan" role="Team Member"/></detail></event>`
  }).join('')
}

/** The canvases of the ground and of the units as they are now, read from copies, as a canvas that is read often is drawn
 * slowly. */
const pictured = () => {
  const copyOf = (canvas) => {
    const copy = document.createElement('canvas')
    copy.width = canvas.width
    copy.height = canvas.height
    const ctx = copy.getContext('2d', { willReadFrequently: true })
    ctx.drawImage(canvas, 0, 0)
    return { copy, ctx }
  }
  const { copy, ctx } = copyOf(document.querySelector('#map .units'))
  const { data, width } = ctx.getImageData(0, 0, copy.width, copy.height)
  const inked = (x, y) => data[4 * (Math.round(y) * width + Math.round(x)) + 3] > 0
  const seen = window.cordon_map.labels().filter(({ frame: [x0, y0, x1, y1] }) => x0 > 0 && y0 > 0 && x1 < copy.width && y1 < copy.height)
  return {
    ground: copyOf(document.querySelector('#map .ol-layers canvas')).copy.toDataURL(),
    units: copy.toDataURL(),
    seen: seen.map((it) => it.uid),
    empty: seen.filter(({ uid }) => !inked(...window.cordon_map.pixel(uid))).map((it) => it.uid),
  }
}

/** Draws until the last place of the pointer is shown. */
async function settled(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** Without a swing at its end: the pointer rests longer than the map remembers how fast it was. */
async function letGo(page) {
  const before = await page.evaluate(() => new Promise((done) => setTimeout(() => done(window.cordon_map.draws()), 300)))
  await page.mouse.up()
  await page.waitForFunction((before) => window.cordon_map.draws() > before, before)
  await settled(page)
}

async function standing(language, name = language) {
  const server = await start('serve', 'drag-' + name)
  const it = await visit(server, `?lang=${language}#s=map&c=${MIDDLE.lat},${MIDDLE.lon},15.6`)
  const { page } = it
  await setUp(page, server.code)
  await page.waitForFunction(() => window.cordon_map?.draws() > 0)
  const link = connect(server.tcp, '127.0.0.1')
  await new Promise((done) => link.once('connect', done))
  link.resume()
  link.write(field())
  await page.waitForFunction((count) => window.cordon_map.pixel(`EX-${count - 1}`), COLUMNS * ROWS)
  await page.evaluate(() => document.fonts.ready)
  return { server, page, link, it }
}

for (const language of LANGUAGES) {
  test(`a drag shows at each place what stands there (${language})`, { timeout: 120_000 }, async () => {
    const { server, page, link, it } = await standing(language)
    const from = [760, 480]
    await page.mouse.move(...from)
    await settled(page)
    const rest = await page.evaluate(pictured)
    for (const [right, down] of [[137, 83], [-640, -390], [311, -205]]) {
      await page.mouse.move(...from)
      await page.mouse.down()
      await page.mouse.move(from[0] + right, from[1] + down, { steps: 24 })
      await settled(page)
      const moving = await page.evaluate(pictured)
      await shot(page, `drag-${language}-${right}`)
      assert.notEqual(moving.units, rest.units)
      assert.ok(moving.seen.length > 20, `${moving.seen.length} units in sight`)
      assert.deepEqual(moving.empty, [], 'nothing drawn where they are')
      await letGo(page)
      const still = await page.evaluate(pictured)
      for (const part of ['ground', 'units']) assert.equal(moving[part] === still[part], true, `another picture of ${part} at rest, ${right} ${down}`)
    }
    link.destroy()
    await it.close()
    await server.stop()
  })
}

test('a drag takes the place under the pointer along: the footer is not written, and right when the map has swung out', { timeout: 120_000 }, async () => {
  const { server, page, link, it } = await standing('en', 'footer')
  await page.mouse.move(700, 450)
  await settled(page)
  const place = () => page.locator('#foot .coord').first().innerText()
  const under = () => page.evaluate(() => {
    const box = document.querySelector('#map').getBoundingClientRect()
    const [x, y] = window.at
    const { lat, lon } = window.cordon_map.placeAt(x - box.left, y - box.top)
    return [lat, lon].map((it) => it.toFixed(4))
  })
  await page.evaluate(() => {
    window.written = 0
    new MutationObserver((list) => { window.written += list.length }).observe(document.querySelector('#foot'), { childList: true, subtree: true, characterData: true, attributes: true })
    addEventListener('pointermove', (event) => { window.at = [event.clientX, event.clientY] })
  })
  await page.mouse.down()
  // With its first step the map is on its way.
  await page.mouse.move(706, 456)
  await settled(page)
  const before = await place()
  await page.evaluate(() => { window.written = 0 })
  await page.mouse.move(880, 560, { steps: 12 })
  await settled(page)
  assert.equal(await page.evaluate(() => window.written), 0)
  const isNear = (text, [lat, lon]) => {
    const [north, east] = [...text.matchAll(/\d+\.\d+/g)].map(Number)
    return Math.abs(north - lat) < 0.0001 && Math.abs(east - lon) < 0.0001
  }
  assert.equal(await place(), before)
  assert.ok(isNear(before, await under()), `${before}, ${await under()} under the pointer`)
  // Let go in full swing, the map goes on under a pointer that rests.
  await page.mouse.move(940, 600, { steps: 4 })
  await page.mouse.up()
  while (!isNear(await place(), await under())) await page.waitForTimeout(50)
  link.destroy()
  await it.close()
  await server.stop()
})
