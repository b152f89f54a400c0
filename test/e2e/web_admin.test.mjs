// Admin (9) against the real server: each part does its thing end to end, in both languages, and is not there for who
// may not have it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { plainPhone, report } from './phones.mjs'
import { post } from './press.mjs'
import { CORDON, axe, folder, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

const PASSWORD = 'practice only'
let server
let admin // the first account's page, which stays open

const open = async (page, tab) => {
  await page.locator(`#admintab-${tab}`).click()
  await page.locator(`#admintab-${tab}[aria-selected=true]`).waitFor()
}
/** What was held long enough is gone with what it was for: no time is waited for, and no key let go of that is not there. */
const hold = async (button) => {
  await button.focus()
  await button.dispatchEvent('keydown', { key: ' ', code: 'Space' })
  await button.waitFor({ state: 'detached' })
}
const goTo = async (page) => {
  await page.locator('#shell').waitFor()
  await page.locator('#rail').getByRole('button').last().click()
  await page.locator('.admintabs').waitFor()
}
/** Another language in the same browser, with the same session. */
const speak = async (page, lang) => {
  await page.goto(`https://127.0.0.1:${server.web}/?lang=${lang}`)
  await goTo(page)
  assert.equal(await page.evaluate(() => document.documentElement.dir), lang === 'ur' ? 'rtl' : 'ltr')
}

function makeMap(path) {
  execFileSync('python3', ['-c', `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("CREATE TABLE metadata (name TEXT, value TEXT); CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);"
  "INSERT INTO metadata VALUES ('format','png'),('minzoom','0'),('maxzoom','14'),('bounds','65,9,67,11'),('attribution','EX exercise');")
db.execute("INSERT INTO tiles VALUES (0,0,0,?)", (bytes.fromhex("89504e470d0a1a0a") + bytes(5_000_000),))
db.commit()`, path])
}

/** Two rooms and a corridor on two levels, with a door, as OSM Simple Indoor Tagging has them. */
function plan(lang) {
  const area = (id, kind, x, level) => ({
    type: 'Feature', id: `way/${id}`, properties: { indoor: kind, level, name: `EX ${lang} ${id}` },
    geometry: { type: 'Polygon', coordinates: [[[66 + x, 10], [66.0001 + x, 10], [66.0001 + x, 10.0001], [66 + x, 10.0001], [66 + x, 10]]] },
  })
  const door = { type: 'Feature', id: 'node/9', properties: { door: 'yes', level: '0' }, geometry: { type: 'Point', coordinates: [66.0001, 10.00005] } }
  return { type: 'FeatureCollection', features: [area(1, 'room', 0, '0'), area(2, 'corridor', 0.0001, '0'), area(3, 'room', 0, '1'), door] }
}

before(async () => {
  server = await start('serve', 'admin', ['--sharing', 'on'])
  admin = await visit(server)
  admin.refused() // a port that is taken, a file that is none
  admin.page.setDefaultTimeout(15_000)
  await setUp(admin.page, server.code)
  const made = await post(admin.page, '/api/incidents', { id: 'EX-open-0001', kind: 'incident.opened', fields: { name: 'EX Harbour House', type: 'complex-attack', exercise: true } })
  assert.equal(made.status, 200, made.text)
  const { incidents } = await admin.page.evaluate(async () => (await fetch('/api/incidents')).json())
  const cordon = await post(admin.page, `/api/incidents/${incidents[0].id}/commands`, { id: 'EX-cordon-001', kind: 'cordon.set', fields: { cordon: 'EX-C1', cordon_kind: 'inner', shape: '10.0,66.0 10.01,66.0 10.01,66.01' } })
  assert.equal(cordon.status, 200, cordon.text)
  for (const [name, roles] of [['EX deputy', ['deputy']], ['EX medical', ['medical']], ['EX eye', ['observer']]]) {
    const answer = await post(admin.page, '/api/operators', { id: `EX-${name.slice(3)}-000001`, name, password: PASSWORD, roles, agency: 'EX' })
    assert.equal(answer.status, 200, answer.text)
  }
  for (const [name, agency] of [['ex-f1', 'FIRE'], ['ex-p1', 'POL'], ['ex-e1', 'EMS']]) {
    execFileSync(CORDON, ['client', name, '--data', server.data, '--agency', agency, '--group', 'all', '--out', join(folder, name)])
  }
  await goTo(admin.page)
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`each part is there, clean for axe, and says what it is in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    const tabs = await page.locator('.admintabs button').evaluateAll((list) => list.map((it) => it.id.slice('admintab-'.length)))
    assert.deepEqual(tabs, ['phones', 'operators', 'sharing', 'ways', 'video', 'maps', 'building', 'record', 'disk', 'clocks', 'connections', 'about'])
    for (const tab of tabs) {
      await open(page, tab)
      await page.locator('#adminpart h1, #adminpart h2').first().waitFor()
      await page.waitForFunction((waits) => !document.querySelector('#adminpart')?.innerText.includes(waits), say('entry.fetching'))
      assert.equal(await page.locator('#adminpart').evaluate((it) => it.scrollWidth <= it.clientWidth + 1), true, `${tab} is wider than its place`)
      for (const theme of lang === 'en' ? ['dark', 'red'] : ['light']) {
        await page.evaluate((it) => { document.documentElement.dataset.theme = it }, theme)
        await axe(page, `${tab} ${theme} ${lang}`, theme === 'red' ? ['color-contrast'] : undefined) // words and sides are those of the dark
        await shot(page, `admin-${tab}-${theme}-${lang}`)
      }
    }
  })

  test(`a rule is proposed by one and confirmed by another in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'sharing')
    const cell = page.locator('.sharematrix tbody tr').filter({ hasText: 'FIRE' }).locator('button').first()
    await cell.waitFor()
    const before_count = await page.locator('.sharematrix i.yes').count()
    await page.getByRole('button', { name: say('sharing.new') }).click()
    await page.selectOption('#rule-from', 'FIRE')
    await page.selectOption('#rule-to', lang === 'en' ? 'POL' : 'EMS')
    await page.fill('#rule-why', 'EX exercise')
    await page.keyboard.press('Enter')
    const waits = page.locator('.proposals li').filter({ hasText: 'EX exercise' })
    await waits.waitFor()
    assert.equal(await page.locator('.sharematrix i.yes').count(), before_count, 'a proposal changes nothing')
    if (lang === 'en') await axe(page, 'a proposal')
    await shot(page, `admin-proposal-${lang}`)
    const other = await visit(server, `?lang=${lang}`)
    await logIn(other.page, 'EX deputy', PASSWORD)
    await goTo(other.page)
    await open(other.page, 'sharing')
    await other.page.locator('.proposals').getByRole('button', { name: say('sharing.confirm'), exact: true }).click()
    await other.page.getByRole('status').getByText(say('sharing.was_confirmed')).waitFor()
    await other.close()
    await page.waitForFunction((n) => document.querySelectorAll('.sharematrix i.yes').length === n + 1, before_count)
    await shot(page, `admin-rule-${lang}`)
  })

  test(`a way in is opened with its warning, and closed by holding, in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'ways')
    await page.getByRole('button', { name: say('ways.new') }).click()
    await page.selectOption('#way-kind', 'http')
    await page.getByRole('note').getByText(say('ways.opens.http')).waitFor()
    await page.fill('#way-name', `ex-${lang}`)
    await page.fill('#way-group', 'all')
    await page.fill('#way-types', 'a')
    await axe(page, `opening a way in ${lang}`)
    await shot(page, `admin-way-form-${lang}`)
    await page.keyboard.press('Enter')
    assert.match(await page.locator('.adminnote code').innerText(), /^[0-9a-f]{64}$/)
    const way = page.locator('.way').filter({ hasText: `ex-${lang}` })
    await way.getByText(say('ways.is_open'), { exact: true }).waitFor()
    await shot(page, `admin-way-${lang}`)
    await hold(way.getByRole('button', { name: say('ways.close') }))
    await way.waitFor({ state: 'detached' })
  })

  test(`a source of video is kept, changed and deleted in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'video')
    await page.getByRole('button', { name: say('video.new') }).click()
    await page.fill('#video-alias', `EX drone ${lang}`)
    await page.fill('#video-url', 'rtsp://192.0.2.5:554/live')
    await axe(page, `a source of video ${lang}`)
    await page.keyboard.press('Enter')
    await page.locator('#videotable').getByRole('button', { name: `EX drone ${lang}` }).click()
    assert.equal(await page.inputValue('#video-url'), 'rtsp://192.0.2.5:554/live')
    await page.fill('#video-alias', `EX mast ${lang}`)
    await shot(page, `admin-video-form-${lang}`)
    await page.keyboard.press('Enter')
    await page.locator('#videotable').getByRole('button', { name: `EX mast ${lang}` }).click()
    await hold(page.getByRole('button', { name: say('video.delete'), exact: true })) // the log's line of it is a button too
    await page.getByText(say('video.none')).waitFor()
  })

  test(`a map is added in pieces, covers the area, and is deleted in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'maps')
    const path = join(folder, `EX town ${lang}.mbtiles`)
    makeMap(path)
    await page.setInputFiles('#map-file', path)
    await page.getByRole('status').filter({ hasText: `EX-town-${lang}.mbtiles` }).waitFor()
    const card = page.locator('.mapcard').filter({ hasText: `EX-town-${lang}` })
    await card.getByText('EX exercise').waitFor()
    await page.locator('.mapcover').getByText('0–14').first().waitFor()
    assert.ok(existsSync(join(server.data, 'maps', `EX-town-${lang}.mbtiles`)))
    if (lang === 'en') await axe(page, 'a map')
    await shot(page, `admin-map-${lang}`)
    writeFileSync(join(folder, 'no.mbtiles'), 'this is no map')
    await page.setInputFiles('#map-file', join(folder, 'no.mbtiles'))
    await page.getByRole('alert').first().waitFor()
    await hold(card.getByRole('button', { name: say('maps.delete') }))
    await card.waitFor({ state: 'detached' })
    assert.deepEqual(readdirSync(join(server.data, 'maps')), [])
  })

  test(`a building is read, shown and then imported in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'building')
    const file = join(folder, `plan-${lang}.geojson`)
    writeFileSync(file, JSON.stringify(plan(lang)))
    await page.setInputFiles('#building-file', file)
    await page.fill('#building-name', `EX ${lang}`)
    await page.getByRole('button', { name: say('building.look') }).click()
    await page.locator('.dry').getByText(say('building.levels'), { exact: true }).waitFor()
    assert.equal(await page.locator('.knownbuildings li').filter({ hasText: `EX ${lang}` }).count(), 0, 'nothing is imported yet')
    if (lang === 'en') await axe(page, 'what a building would bring')
    await shot(page, `admin-dry-${lang}`)
    await page.locator('.lists .acts .btn.primary').click()
    await page.locator('.knownbuildings li').filter({ hasText: `EX-${lang}` }).waitFor()
  })

  test(`the record is checked and copied, and the copy restores, in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'record')
    await page.getByRole('button', { name: say('record.verify') }).click()
    await page.locator('[role=status]').filter({ hasText: '✓' }).waitFor()
    await page.getByRole('button', { name: say('record.backup') }).click()
    const card = page.locator('.cards li').first()
    await card.waitFor()
    await page.locator('[role=status]').filter({ hasText: 'backup-' }).waitFor()
    if (lang === 'en') await axe(page, 'a backup')
    await shot(page, `admin-backup-${lang}`)
    const [download] = await Promise.all([page.waitForEvent('download'), card.getByRole('link', { name: 'journal.db' }).click()])
    assert.equal(readFileSync(await download.path()).subarray(0, 15).toString(), 'SQLite format 3')
    const name = readdirSync(join(server.data, 'backups'))[0]
    const to = join(folder, `restored-${lang}`)
    mkdirSync(to)
    for (const part of ['record', 'keys']) execFileSync('cp', ['-a', join(server.data, 'backups', name, part) + '/.', to])
    assert.match(execFileSync(CORDON, ['verify', '--data', to, '--files']).toString(), /the chain holds/)
    await hold(card.getByRole('button', { name: say('record.delete') }))
    await card.waitFor({ state: 'detached' })
  })

  test(`a phone with a wrong clock is named with the amount in ${lang}`, async () => {
    const { page } = admin
    await speak(page, lang)
    await open(page, 'clocks')
    const phone = await plainPhone(server.tcp)
    phone.send(report(`EX-SLOW-${lang}`, `EX-SLOW-${lang}`, { off: -600, stale: 300 }))
    phone.send(report(`EX-GOOD-${lang}`, `EX-GOOD-${lang}`, { stale: 300 }))
    const row = page.locator('#clocktable tr').filter({ hasText: `EX-SLOW-${lang}` })
    await row.getByText(say.like('clocks.behind', { amount: say('age.minutes', { n: 10 }) })).waitFor()
    assert.equal(await page.locator('#clocktable tr').filter({ hasText: 'EX-GOOD' }).count(), 0)
    if (lang === 'en') await axe(page, 'clocks')
    await shot(page, `admin-clocks-off-${lang}`)
    phone.close()
  })

  test(`who may not have a part does not see it, and the server refuses it, in ${lang}`, async () => {
    // Who writes may bring a building, as one command after the other could: the server would take it of both.
    const may = { 'EX medical': ['sharing', 'video', 'building', 'connections'], 'EX deputy': ['sharing', 'video', 'building', 'connections'] }
    for (const [name, tabs] of Object.entries(may)) {
      const it = await visit(server, `?lang=${lang}`)
      await logIn(it.page, name, PASSWORD)
      await goTo(it.page)
      assert.deepEqual(await it.page.locator('.admintabs button').evaluateAll((list) => list.map((one) => one.id.slice('admintab-'.length))), tabs, name)
      it.lost() // a refused call is in the browser's console
      const paths = ['record', 'disk', 'clocks', 'about', 'maps']
      const statuses = await it.page.evaluate((list) => Promise.all(list.map(async (path) => (await fetch(`/api/admin/${path}`)).status)), paths)
      assert.deepEqual(statuses, paths.map(() => 403), name)
      for (const path of ['record/verify', 'backups', 'inputs', 'maps/EX.mbtiles/delete']) assert.equal((await post(it.page, `/api/admin/${path}`, {})).status, 403, path)
      await it.page.locator('#admintab-sharing').click()
      await it.page.locator('.sharematrix').waitFor()
      assert.equal(await it.page.getByRole('button', { name: say('sharing.new') }).count(), name === 'EX deputy' ? 1 : 0)
      await it.page.context().close()
    }
  })
}

test('no page did what no page may do', async () => {
  await admin.close()
  await server.stop()
})
