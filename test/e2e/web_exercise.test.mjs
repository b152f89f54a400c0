// The page against the real server: what it says of the reference evening at 22:45, and an incident of its own from
// minute one to a server that is killed, on two browsers at once.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, test } from 'node:test'
import { slash } from './hands.mjs'
import { CORDON, axe, logIn, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, plain, wordsOf } from './words.mjs'

const cell = async (page, row, name) =>
  plain(await page.locator(`#counters tr[data-row=${row}] td[data-counter=${name}]`).innerText()).split('\n').map((text) => text.trim())
const cellOf = (page, name) => page.locator('#strip .cell').filter({ hasText: name })
const inStrip = (page, name, value) => cellOf(page, name).getByText(value, { exact: true }).waitFor()

let evening
const watching = {}

// The evening is played while the other tests run, and a page of each language watches it from the beginning.
before(async () => {
  evening = await start('exercise', 'evening', ['--speed', '600', '--until', '2023-02-17T22:45:00+05:00'])
  for (const lang of LANGUAGES) watching[lang] = await visit(evening, `?lang=${lang}`)
  await setUp(watching.en.page, evening.code)
  await watching.ur.page.reload()
  await logIn(watching.ur.page, 'Duty officer')
})

/** From wherever the focus is. */
async function begin(page, word) {
  await page.locator('#foot').click()
  await slash(page, word)
}

/** A field that is chosen, or typed where a new one may be meant. */
async function choose(page, field, value) {
  const it = page.locator(`#entry-${field}`)
  await it.waitFor()
  if (await it.evaluate((element) => element.tagName === 'SELECT')) await it.selectOption(value)
  else if (await it.evaluate((element) => element.tagName === 'INPUT')) await it.fill(value)
  else await it.locator(`input[value="${value}"]`).check()
}
const enter = async (page) => {
  await page.locator('#entry .primary').click()
  await page.locator('#entry').waitFor({ state: 'detached' })
}

/** A source or an agency that is named for the first time. */
async function fresh(page, say, field, name, word) {
  await page.locator(`#entry-${field}`).selectOption({ label: say(field === 'source' ? 'entry.new_source' : 'entry.new_agency') })
  await page.locator('.fresh input').fill(name)
  await page.locator('.fresh select').selectOption(word)
}

async function claim(page, say, killed, source, kind, grade) {
  await begin(page, 'count')
  await page.keyboard.press('Space')
  await page.fill('#entry-lo', String(killed))
  await page.fill('#entry-hi', String(killed))
  await fresh(page, say, 'source', source, kind)
  await choose(page, 'grade', grade[0])
  await page.getByLabel(say('entry.grade_says')).selectOption(grade[1])
  await enter(page)
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`from minute one to a killed server, on two browsers at once, in ${lang}`, { timeout: 300_000 }, async () => {
    let server = await start('serve', `own-${lang}`)
    const one = await visit(server, `?lang=${lang}`)
    const a = one.page
    await setUp(a, server.code)

    // An incident by keyboard alone.
    await a.locator('#foot').click()
    await a.keyboard.press('i')
    await a.locator('#open-name').waitFor()
    await a.keyboard.type('EX Harbour House')
    await a.keyboard.press('Tab')
    await a.keyboard.press('Space')
    await a.keyboard.press('Tab')
    await a.keyboard.press('ArrowRight')
    await a.keyboard.press('Tab')
    await a.keyboard.type('Harbour Road')
    await a.locator('#open-floors').focus()
    await a.keyboard.type('5')
    await a.keyboard.press('Enter')
    await a.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    await a.locator('#top .command').getByText('Duty officer').waitFor()
    await inStrip(a, say('strip.threat'), say.exactly('strip.of', { n: 0, total: 36 }))

    // A log keeper gets an account and works beside.
    await a.keyboard.press('9')
    await a.locator('#admintab-operators').click()
    await a.getByRole('button', { name: say('operator.new') }).click()
    await a.fill('#operator-name', 'EX keeper')
    await a.fill('#operator-password', 'practice only 2')
    await axe(a, 'a new account')
    await a.getByRole('button', { name: say('operator.make') }).click()
    await a.getByText(say.like('operator.was_made', { name: 'EX keeper' })).waitFor()
    const two = await visit(server, `?lang=${lang}`)
    const b = two.page
    await logIn(b, 'EX keeper', 'practice only 2')
    await b.locator('#top .command').getByText('Duty officer').waitFor()
    assert.equal(await b.locator('#operators-title').count(), 0)

    // Two sources differ, each entered on one side and seen on both.
    await claim(a, say, 2, 'EX-Police control', 'responder', 'B2')
    await inStrip(b, say('strip.killed'), '2')
    await claim(b, say, 3, 'EX-Hospital A', 'hospital', 'A2')
    for (const page of [a, b]) {
      await inStrip(page, say('strip.killed'), say.exactly('count.range', { lo: 2, hi: 3 }))
      await cellOf(page, say('strip.killed')).getByRole('img', { name: say('count.conflict') }).waitFor()
    }
    await begin(b, 'casualty')
    await choose(b, 'category', 'public')
    await enter(b)
    await a.locator('#foot').click()
    await a.keyboard.press('5')
    await a.locator('#casualtytable').getByText('C-1').waitFor()

    // A unit enters, searches and answers.
    await begin(a, 'checkin')
    await a.fill('#entry-unit', 'EX-SPU-1')
    await fresh(a, say, 'agency', 'EX-Police', 'police')
    await a.fill('#entry-strength', '6')
    await enter(a)
    await b.locator('#foot').click()
    await b.keyboard.press('2')
    await b.locator('[data-zone="B1/2/A"]').click()
    const card = b.locator('.zonecard')
    await card.getByRole('button', { name: say('step.unit.entered_zone') }).click()
    await card.getByRole('button', { name: 'EX-SPU-1' }).click()
    await inStrip(a, say('strip.inside'), say.exactly('strip.inside_n', { n: 1 }))
    await card.getByRole('button', { name: say('step.zone.search_started') }).click()
    await card.locator('.whobox').getByRole('button', { name: 'EX-SPU-1' }).click()
    await a.locator('#foot').click()
    await a.keyboard.press('2')
    await a.locator('.zone.entered[data-zone="B1/2/A"]').waitFor()
    await card.getByRole('button', { name: say('step.zone.search_ended') }).click()
    await inStrip(a, say('strip.threat'), say.exactly('strip.of', { n: 1, total: 36 }))
    await begin(b, 'par')
    await b.fill('#entry-reason', 'EX every twenty minutes')
    await enter(b)
    await begin(b, 'answer')
    await choose(b, 'unit', 'EX-SPU-1')
    await enter(b)
    await a.locator('#foot').click()
    await a.keyboard.press('p')
    await a.locator('[data-unit="EX-SPU-1"]').waitFor()
    await axe(a, 'PAR')

    // The log keeper enters what the commander decided, in his name.
    await begin(b, 'posture')
    await choose(b, 'posture', 'search')
    await b.fill('#entry-reason', 'EX no shots for an hour')
    assert.equal(await b.locator('#entry-on_behalf_of').inputValue(), 'Duty officer')
    await enter(b)
    await a.locator('#top').getByText(say('word:search')).waitFor()

    // A task past its time is an alarm on both; one acknowledges, and it is gone from both.
    await begin(b, 'task')
    await b.fill('#entry-text', 'EX lamps for level 3')
    await b.fill('#entry-owner', 'logistics')
    await b.fill('#entry-due_at', '-5')
    await enter(b)
    const overdue = (page) => page.locator('.att[data-id^="duty:task.overdue"]')
    await overdue(a).waitFor()
    await overdue(b).waitFor()
    await overdue(a).getByRole('button', { name: say('task.nudge') }).click()
    for (const page of [a, b]) await page.locator('.att.calm[data-id^="duty:task.overdue"]').getByText(say.like('att.acknowledged_by', { who: 'Duty officer' })).waitFor()

    // The plug is pulled. What was entered meanwhile is sent once; what was said is all there.
    one.lost()
    two.lost()
    await server.stop('SIGKILL')
    await a.locator('#top.lost').waitFor()
    await begin(a, 'task')
    await a.fill('#entry-text', 'EX second stretcher')
    await a.fill('#entry-owner', 'EX-AMB-4')
    await a.fill('#entry-due_at', '+60')
    await enter(a)
    await a.locator('.row.waiting').getByText('EX second stretcher').waitFor()
    server = await start('serve', `own-${lang}`, [], server)
    await a.locator('.row.waiting').waitFor({ state: 'detached' })
    for (const page of [a, b]) {
      await page.waitForFunction(() => !document.querySelector('#top.lost'))
      await page.locator('#foot').click()
      await page.keyboard.press('6')
      await page.locator('#tasktable').getByText('EX second stretcher').waitFor()
      await inStrip(page, say('strip.killed'), say.exactly('count.range', { lo: 2, hi: 3 }))
      await inStrip(page, say('strip.threat'), say.exactly('strip.of', { n: 1, total: 36 }))
      await inStrip(page, say('strip.inside'), say.exactly('strip.inside_n', { n: 1 }))
    }
    await one.close()
    await two.close()
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
    const count = (kind) => log.filter((line) => line.kind === kind).length
    assert.deepEqual(['task.created', 'count.claimed', 'casualty.reported', 'zone.search_ended', 'alarm.acked', 'par.acked'].map(count), [2, 2, 1, 1, 1, 1])
    assert.match(execFileSync(CORDON, ['verify', '--data', server.data]).toString(), /the chain holds/)
  })

  /** What the board must say at 22:45: the table of the reference exercise. */
  test(`the reference evening at 22:45, as the page shows it in ${lang}`, { timeout: 300_000 }, async () => {
    const it = watching[lang]
    const { page } = it
    const all = say.exactly('strip.of', { n: 43, total: 43 })
    await page.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    await inStrip(page, say('strip.killed'), say.exactly('count.range', { lo: 4, hi: 5 }))
    await inStrip(page, say('strip.injured'), say.exactly('count.range', { lo: 14, hi: 19 }))
    await inStrip(page, say('strip.threat'), all)
    await inStrip(page, say('strip.eod'), say.exactly('strip.of', { n: 0, total: 43 }))

    await page.keyboard.press('5')
    await page.locator('#counters').waitFor()
    assert.deepEqual(await cell(page, 'range', 'killed'), [say('count.range', { lo: 4, hi: 5 }), `${say('count.sources_n', { n: 3 })}${say('comma')}${say('count.values_n', { n: 2 })}`])
    assert.deepEqual(await cell(page, 'range', 'injured'), [say('count.range', { lo: 14, hi: 19 }), `${say('count.sources_n', { n: 3 })}${say('comma')}${say('count.values_n', { n: 3 })}`])
    assert.deepEqual((await cell(page, 'range', 'attackers')).slice(0, 1), [say('count.open', { lo: 3 })])
    assert.match((await cell(page, 'range', 'attackers')).join(' '), new RegExp(`${say('count.sources_n', { n: 5 })}.*${say('count.accounted', { n: 3 })}`))
    for (const name of ['killed', 'injured']) assert.deepEqual(await cell(page, 'confirmed', name), [say('count.nobody')])
    const used = page.locator('#counters .by-source td[data-counter=killed] .figure > bdi')
    assert.equal(await used.count(), 3, await page.locator('#counters').innerText())
    await axe(page, 'casualties of the evening')
    await shot(page, `evening-casualties-${lang}`)

    await page.locator('#casualties-title').click()
    await page.keyboard.press('o')
    const found = page.locator('[aria-labelledby=findings-title] li.warn')
    await page.waitForFunction(() => document.querySelectorAll('[aria-labelledby=findings-title] li.warn').length === 6)
    const rules = await found.locator('.detail bdi[dir=ltr]').allInnerTexts()
    assert.deepEqual([...rules].sort(), ['category.killed', 'command.conflict', 'count.injured', 'count.killed', 'place.conflict', 'threat.open'])
    assert.equal(await page.locator('[aria-labelledby=findings-title] li.crit').count(), 0)
    await axe(page, 'open points of the evening')

    // The record's own ground: points and cordons, by a click and by their name.
    await page.keyboard.press('1')
    await page.waitForFunction(() => {
      const at = window.cordon_map?.pixelOf(10.0032, 66)
      return at && window.cordon_map.entityAt(at[0], at[1]) === 'point/EX-ICP'
    })
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Inner cordon')
    await page.locator('#found').getByText('Inner cordon').first().waitFor()
    await page.keyboard.press('Enter')
    await page.locator('#card').getByText('EX log keeper').waitFor()
    await axe(page, 'the card of a cordon')

    // As of 21:14 exactly, and back; who needs a decision stays live.
    await page.locator('#card .square').click()
    await page.locator('#strip .asof').click()
    await page.fill('#past-time', '2023-02-17 21:14') // by the incident's own clock
    await page.locator('#past-time').press('Enter')
    await page.locator('#pastbar.loud').getByText(say.like('past.you_see')).waitFor()
    assert.doesNotMatch((await cellOf(page, say('strip.threat')).locator('bdi').last().innerText()).trim(), all)
    await axe(page, 'a past moment')
    await page.locator('#pastbar').getByRole('button', { name: say('past.now') }).click()
    await inStrip(page, say('strip.threat'), all)
    await it.close()
  })
}
