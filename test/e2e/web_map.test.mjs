// The map: tiles of both kinds of files, drawing, changing and lifting by keyboard against the real server, measures,
// search, coordinates, cards, names that touch nothing, paper, right to left.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { speak } from './hands.mjs'
import { axe as mockAxe, open, shot as mockShot, shown, theme } from './page.mjs'
import { startEvening } from './pictures.mjs'
import { CORDON, axe, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, plain, wordsOf } from './words.mjs'

function crc32(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return ~crc >>> 0
}

/** A picture of one colour, 256 x 256. */
function picture(red, green, blue) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), body.length + 4)
    return out
  }
  const head = Buffer.from([0, 0, 1, 0, 0, 0, 1, 0, 8, 2, 0, 0, 0])
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: 256 }, () => Buffer.from([red, green, blue]))])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: 256 }, () => row)))
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

/** Zooms 0 to 2, every tile the same picture: one entry with a run of 21. */
function pmtiles(tile) {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)])
  const root = Buffer.from([1, 0, 21, ...varint(tile.length), 1])
  const metadata = Buffer.from(JSON.stringify({ attribution: 'EX-Survey of nowhere' }))
  const header = Buffer.alloc(127)
  header.write('PMTiles')
  header[7] = 3
  const parts = [root, metadata, Buffer.alloc(0), tile]
  let at = 127
  parts.forEach((part, i) => {
    header.writeBigUInt64LE(BigInt(at), 8 + 16 * i)
    header.writeBigUInt64LE(BigInt(part.length), 16 + 16 * i)
    at += part.length
  })
  header.set([1, 1, 1, 2, 0, 2], 96)
  header.writeInt32LE(-1_800_000_000, 102)
  header.writeInt32LE(-850_000_000, 106)
  header.writeInt32LE(1_800_000_000, 110)
  header.writeInt32LE(850_000_000, 114)
  return Buffer.concat([header, ...parts])
}

function mbtiles(path, tile) {
  const rows = [0, 1, 2].flatMap((z) => Array.from({ length: 4 ** z }, (_, i) => `(${z},${i % 2 ** z},${Math.floor(i / 2 ** z)},X'${tile.toString('hex')}')`))
  execFileSync('sqlite3', [path], { input: `create table metadata(name text, value text); insert into metadata values('format','png'),('minzoom','0'),('maxzoom','2');
    create table tiles(zoom_level int, tile_column int, tile_row int, tile_data blob); insert into tiles values ${rows.join(',')};` })
}

/** The colours of the map's layers at a pixel: read from a copy, as a canvas that is read often is drawn slowly. */
const colours = ([px, py]) => {
  const around = document.querySelector('#map .ol-viewport').getBoundingClientRect()
  const copy = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  return [...document.querySelectorAll('#map .ol-layers canvas')].map((canvas) => {
    const box = canvas.getBoundingClientRect()
    const ratio = canvas.width / box.width
    copy.clearRect(0, 0, 1, 1)
    copy.drawImage(canvas, (px + around.left - box.left) * ratio, (py + around.top - box.top) * ratio, 1, 1, 0, 0, 1, 1)
    return [...copy.getImageData(0, 0, 1, 1).data]
  })
}
const hasColour = async (page, [r, g, b]) =>
  (await page.evaluate(colours, [300, 300])).some((it) => it[3] > 200 && Math.abs(it[0] - r) < 6 && Math.abs(it[1] - g) < 6 && Math.abs(it[2] - b) < 6)
async function isColour(page, wanted) {
  while (!(await hasColour(page, wanted))) await page.waitForTimeout(100)
}

async function openIncident(page) {
  await page.locator('#foot b').first().click()
  await page.keyboard.press('i')
  await page.locator('#open-name').waitFor()
  await page.keyboard.type('EX Harbour House')
  await page.locator('#open-place').fill('EX Harbour Road')
  await page.locator('#open-floors').fill('5')
  await page.locator('#open-floors').press('Enter')
  await page.locator('#strip .cell').first().waitFor()
}

const find = async (page, words) => {
  await page.keyboard.press('Control+k')
  await page.locator('#found').waitFor()
  await page.keyboard.type(words)
  await page.locator('#found [role=option]').first().waitFor()
}

const places = (page) => page.evaluate(() => window.cordon_map.places())

for (const language of LANGUAGES) {
  test(`tiles of two kinds, a cordon drawn, changed, lifted and taken back by keyboard (${language})`, { timeout: 240_000 }, async () => {
    const server = await start('serve', 'map-' + language)
    const it = await visit(server)
    const { page } = it
    await setUp(page, server.code)
    await page.waitForFunction(() => window.cordon_map?.draws() > 0)
    await speak(page, language)
    assert.equal(await hasColour(page, [120, 60, 10]), false)

    // Maps that come while the server runs are found when the operator looks; one lies over the other.
    mkdirSync(join(server.data, 'maps'), { recursive: true })
    writeFileSync(join(server.data, 'maps', 'way.pmtiles'), pmtiles(picture(120, 60, 10)))
    await page.locator('#foot b').first().click()
    await page.keyboard.press('y')
    await page.locator('dialog.layers').getByText('way', { exact: true }).waitFor()
    await isColour(page, [120, 60, 10])
    assert.equal(await hasColour(page, [10, 90, 60]), false)
    await page.locator('#attribution').getByText('EX-Survey of nowhere').waitFor()
    await page.keyboard.press('Escape')
    mbtiles(join(server.data, 'maps', 'roads.mbtiles'), picture(10, 90, 60))
    await page.keyboard.press('y')
    const roads = page.locator('dialog.layers').getByText('roads', { exact: true })
    await roads.waitFor()
    await page.locator('dialog.layers').getByText('way', { exact: true }).click()
    await isColour(page, [10, 90, 60])
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })

    await openIncident(page)
    // There by a typed place, then all with keys: D, the first mark, a radius, the form.
    await find(page, '10.0 N 66.0 E')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => /c=(10\.0000|9\.9999)/.test(location.hash))
    await page.keyboard.press('d')
    await page.locator('#mapmenu').waitFor()
    await axe(page, 'the menu of a place')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.locator('#drawbar .radius input').focus()
    await page.keyboard.type('150')
    await axe(page, 'a circle')
    await page.keyboard.press('Enter')
    await page.locator('#entry-cordon_kind input').first().check()
    await page.fill('#entry-name', 'EX inner')
    await page.locator('#entry-name').press('Enter')
    await page.locator('.outcome').waitFor()
    await page.waitForFunction(() => window.cordon_map.places().some((one) => one.key === 'cordon/K-1' && one.places.length === 49))
    const drawn = (await places(page))[0].places

    // Changed: chosen by its name, a corner moved by arrows, one put between, one taken away; then taken back.
    await page.locator('#foot b').first().click()
    await find(page, 'EX inner')
    await page.keyboard.press('Enter')
    await page.locator('#card').getByText('EX inner').first().waitFor()
    await axe(page, 'the card of a cordon')
    await shot(page, `map-cordon-${language}`)
    await page.keyboard.press('e')
    await page.locator('#drawbar').waitFor()
    await page.keyboard.press('j')
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Insert')
    await page.keyboard.press('Delete')
    await axe(page, 'changing a shape')
    await shot(page, `map-edit-${language}`)
    await page.keyboard.press('Enter')
    await page.locator('#drawbar').waitFor({ state: 'detached' })
    await page.waitForFunction((first) => {
      const now = window.cordon_map.places().find((one) => one.key === 'cordon/K-1').places
      return now.length === 49 && now[0].lat > first.lat + 1e-5 && now[1].lat > 0
    }, drawn[0])
    await page.locator('.undo').waitFor()
    await page.locator('#foot b').first().click()
    await page.keyboard.press('z')
    await page.waitForFunction((first) => Math.abs(window.cordon_map.places().find((one) => one.key === 'cordon/K-1').places[0].lat - first.lat) < 1e-6, drawn[0])

    // Lifted by a button that is held, with a reason; taken back it stands again under a number of its own.
    const lift = page.locator('#card .end .hold')
    await lift.focus()
    await page.keyboard.down('Enter')
    await page.waitForFunction(() => !window.cordon_map.places().some((one) => one.key === 'cordon/K-1'))
    await page.keyboard.up('Enter')
    await page.locator('.undo').waitFor()
    await page.locator('#foot b').first().click()
    await page.keyboard.press('z')
    await page.waitForFunction(() => window.cordon_map.places().some((one) => one.key === 'cordon/K-2'))
    const again = (await places(page)).find((one) => one.key === 'cordon/K-2').places
    assert.deepEqual(again, drawn)

    // The same menu by the mouse's other button.
    const box = await page.locator('#map').boundingBox()
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2, { button: 'right' })
    await page.locator('#mapmenu [role=menuitem]').nth(6).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('#mapmenu').waitFor({ state: 'detached' })

    await it.close()
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
    const count = (kind) => log.filter((line) => line.kind === kind).length
    assert.deepEqual(['cordon.set', 'cordon.moved', 'cordon.lifted'].map(count), [2, 2, 1])
    assert.match(execFileSync(CORDON, ['verify', '--data', server.data]).toString(), /the chain holds/)
  })
}

/** A page with the exercise on it, and nothing that has the focus. */
async function board(options = {}, path = '') {
  const cordon = ['cordon.set', { cordon: 'K-1', cordon_kind: 'inner', name: 'EX inner', shape: '10.002,20.000 10.000,20.002 9.998,20.000 10.000,19.998 10.002,20.000' }]
  const it = await open({ incident: [...exercise(), cordon], history: 0, ...options }, path)
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  await it.page.locator('#foot b').first().click()
  return it
}

let evening

/** A page of the reference evening whose incident comes when it is let, which is after the units. */
async function lateIncident() {
  evening ??= await startEvening('late')
  let let_come
  const may = new Promise((done) => { let_come = done })
  const it = await visit(evening.evening, '', {
    storageState: evening.session,
    prepare: (page) => page.routeWebSocket(/\/ws/, (socket) => {
      const server = socket.connectToServer()
      let before = Promise.resolve()
      server.onMessage((message) => {
        if (typeof message === 'string' && JSON.parse(message).type === 'incident') before = before.then(() => may)
        void before.then(() => socket.send(message))
      })
    }),
  })
  await it.page.waitForFunction(() => window.cordon_map?.draws() > 0)
  return { ...it, let_come }
}

/** Corners of the incident that are outside of the map or under the storey stack, px of the map. */
const hidden = () => {
  const box = document.querySelector('#map').getBoundingClientRect()
  const left = document.querySelector('#stackbox').getBoundingClientRect().right - box.left
  return window.cordon_map.places().flatMap((it) => it.places).map(({ lat, lon }) => window.cordon_map.pixelOf(lat, lon))
    .filter(([x, y]) => x < left || x > box.width || y < 0 || y > box.height)
}

test('the first picture shows all of the incident, beside the storey stack, though the units come first', async () => {
  const it = await lateIncident()
  assert.equal(await it.page.evaluate(() => window.cordon_map.places().length), 0)
  it.let_come()
  await it.page.waitForFunction(() => window.cordon_map.places().length > 0 && document.querySelector('#stackbox'))
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  assert.deepEqual(await it.page.evaluate(hidden), [])
  await it.close()
})

test('who has moved the map is not taken elsewhere by an incident that comes later', async () => {
  const it = await lateIncident()
  await it.page.mouse.move(700, 400)
  await it.page.mouse.wheel(0, -300)
  // Across alone: the strip grows by a line when the incident comes, and the map is as much lower.
  const where = () => it.page.evaluate(() => [66, 66.01].map((lon) => window.cordon_map.pixelOf(10, lon)[0]))
  let before = await where()
  for (let then = []; String(then) !== String(before);) {
    then = before
    await it.page.waitForTimeout(300)
    before = await where()
  }
  it.let_come()
  await it.page.waitForFunction(() => window.cordon_map.places().length > 0 && document.querySelector('#stackbox'))
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  assert.deepEqual(await where(), before)
  await it.close()
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`measured along a path, kept until Escape; coordinates in four ways, copied by a tap, in ${lang}`, async () => {
    const it = await board({}, `?lang=${lang}`)
    const { page } = it
    await page.keyboard.press('x')
    const box = await page.locator('#map').boundingBox()
    const corners = [[450, 300], [650, 300], [650, 500]]
    for (const [i, [x, y]] of corners.entries()) {
      await page.mouse.click(box.x + x, box.y + y)
      await page.waitForFunction((n) => window.cordon_map.sketch().length === n, i + 1)
      // Two quick clicks would be a double click, which ends it.
      await page.mouse.move(box.x + x + 30, box.y + y + 30)
    }
    const text = plain(await page.locator('#drawbar .measures').innerText())
    const measured = (key, units) => new RegExp(say(key, { n: `([\\d.]+) (${units})` })).exec(text)
    const [, amount, unit] = measured('measure.length', 'km|m')
    const length = Number(amount) * (unit === 'km' ? 1000 : 1)
    const sides = await page.evaluate((list) => list.map(([x, y]) => window.cordon_map.placeAt(x, y)), corners)
    const metres = (a, b) => Math.hypot((b.lat - a.lat) * 111_195, (b.lon - a.lon) * 111_195 * Math.cos(a.lat * Math.PI / 180))
    const expected = metres(sides[0], sides[1]) + metres(sides[1], sides[2])
    assert.ok(Math.abs(length - expected) / expected < 0.05, `${length} m, ${expected} m by the corners`)
    assert.ok(measured('measure.area', 'm²|ha|km²'), text)
    await page.keyboard.press('Enter')
    await page.locator('#measured').waitFor()
    await mockAxe(page, 'measured')
    await mockShot(page, `map-measured-${lang}`)
    await page.keyboard.press('Escape')
    await page.locator('#measured').waitFor({ state: 'detached' })
    assert.equal(it.mock.state.commands.length, 0)

    const coord = page.locator('#foot .coord')
    assert.match(await coord.nth(0).innerText(), /^\d+\.\d{5} N \d+\.\d{5} E$/)
    assert.match(await coord.nth(1).innerText(), /^\d+[A-Z] [A-Z]{2} \d{4} \d{4}$/)
    const mgrs = await coord.nth(1).innerText()
    await coord.nth(1).click()
    await page.locator('.outcome').getByText(say.like('coord.copied', { text: mgrs })).waitFor()
    await page.locator('#foot .other').click()
    assert.match(await coord.nth(0).innerText(), /^\d+°\d\d\.\d{3}′ N \d{3}°\d\d\.\d{3}′ E$/)
    assert.match(await coord.nth(1).innerText(), /^\d+[A-Z] \d{6} \d+$/)
    await it.close()
  })

  test(`Ctrl K finds each kind of thing in its group, walked by arrows, in ${lang}`, async () => {
    const it = await board({}, `?lang=${lang}`)
    const { page } = it
    for (const [words, group] of [[say('act.fit'), 'find.actions'], ['K-1', 'find.places'], ['B1/2/A', 'find.zones'], ['C-2', 'find.people'], ['east gate', 'find.tasks'], ['wait for bomb', 'find.decisions'], ['amb-3', 'find.units']]) {
      await find(page, words)
      await page.locator(`#found [role=group][aria-label="${say(group)}"] [role=option]`).first().waitFor()
      await page.keyboard.press('Escape')
      await page.locator('dialog').waitFor({ state: 'detached' })
    }
    await find(page, 'ex')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    assert.equal(await page.locator('#found [aria-selected=true]').getAttribute('id'), 'found-2')
    await mockAxe(page, 'everything found')
    await mockShot(page, `map-find-${lang}`)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await find(page, '42P 171084 1106909')
    await page.locator('#found').getByText('42P').first().waitFor()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => location.hash.includes('c=10.00'))
    await it.close()
  })

  test(`names touch neither symbols nor one another; the card has symbol, roll call and verbs; what is out of sight has an arrow, in ${lang}`, async () => {
    const it = await board({ units: 400 }, `?lang=${lang}`)
    const { page, mock } = it
    await page.keyboard.press('Home')
    await page.evaluate(() => document.fonts.ready)
    await page.waitForFunction(() => window.cordon_map.labels().filter((one) => one.name).length > 10)
    const boxes = await page.evaluate(() => window.cordon_map.labels())
    const touch = (a, b) => a[0] < b[2] - 0.5 && b[0] < a[2] - 0.5 && a[1] < b[3] - 0.5 && b[1] < a[3] - 0.5
    const people = new Set(mock.state.units.filter((unit) => unit.presence).map((unit) => unit.uid))
    const inside = boxes.filter((one) => people.has(one.uid) && one.frame[0] > 0 && one.frame[1] > 0 && one.frame[2] < 1100 && one.frame[3] < 700)
    for (const a of inside) {
      for (const b of inside) {
        if (a === b) continue
        assert.ok(!touch(a.frame, b.frame), `two symbols: ${a.uid} ${b.uid}`)
        if (a.name) assert.ok(!touch(a.name, b.frame), `the name of ${a.uid} on ${b.uid}`)
        if (a.name && b.name) assert.ok(!touch(a.name, b.name), `two names: ${a.uid} ${b.uid}`)
      }
    }
    // One that the record knows, too.
    const unit = mock.person(5)
    await page.evaluate((uid) => { location.hash = `#s=map&sel=${uid}` }, unit.uid)
    await page.locator('#card .app6 canvas').waitFor()
    await page.locator('#card').getByRole('button', { name: say('unit.check_in') }).click()
    assert.equal(await page.locator('#entry-unit').inputValue(), unit.callsign)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    for (const name of ['dark', 'light', 'red']) {
      await theme(page, name)
      await mockAxe(page, 'the card, ' + name)
      await mockShot(page, `map-card-${name}-${lang}`)
    }
    await it.close()
  })

  test(`the map on paper: one picture with its grid, scale, north and names, in ${lang}`, async () => {
    const it = await board({}, `?lang=${lang}`)
    const { page } = it
    await page.evaluate(() => {
      window.printed = 0
      window.print = () => { window.printed++ }
    })
    await page.keyboard.press('Control+p')
    await page.waitForFunction(() => window.printed === 1)
    await page.emulateMedia({ media: 'print' })
    const sheet = page.locator('#mapsheet')
    assert.equal(await page.locator('#mappaper').count(), 0)
    assert.equal(await sheet.locator('img').evaluate((img) => img.complete && img.naturalWidth > 500), true)
    await sheet.locator('.north').waitFor()
    assert.match(await sheet.locator('.scalebar').innerText(), /\d+ k?m/)
    for (const key of ['print.unit', 'print.silent_unit', 'print.lines']) await sheet.locator('.key').getByText(say(key), { exact: true }).waitFor()
    await sheet.locator('.names li').filter({ hasText: 'EX inner' }).getByText(say('place.cordon')).waitFor()
    assert.ok(await page.evaluate(() => document.querySelector('#mapsheet').getBoundingClientRect().height < 1400))
    await mockShot(page, `map-print-${lang}`)
    await page.emulateMedia({ media: 'screen' })
    await page.evaluate(() => dispatchEvent(new Event('afterprint')))
    await sheet.waitFor({ state: 'detached' })
    // What the browser's menu prints is no map with its units in the wrong place, but a sentence.
    await page.emulateMedia({ media: 'print' })
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
    assert.equal(await page.locator('#mappaper').innerText(), say('print.map_by_key'))
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.mapbox canvas')].filter((canvas) => canvas.getClientRects().length > 0).length), 0)
    await it.close()
  })
}
