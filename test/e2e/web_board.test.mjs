// The incident's board against the mock server (web/tools/mock.mjs), in Debian's Chromium. Needs `web/build` first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { slash, speak } from './hands.mjs'
import { axe, open, shot, shown, theme } from './page.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

/** A server with the exercise on it, the page before it, and nothing that has the focus. */
async function boardOf(options = {}, path = '') {
  const it = await open({ incident: exercise(), history: 0, ...options }, path)
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  return it
}

const choose = (page, field, value) => page.locator(`#entry-${field}`).selectOption(value)
const sent = (mock, kind) => mock.state.commands.filter((command) => command.kind === kind)

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)
  const board = (options) => boardOf(options, `?lang=${lang}`)

  test(`minute one: open, kind, place, five floors, a commander, and the board runs, in ${lang}`, async () => {
    const it = await open({ history: 0 }, `?lang=${lang}`)
    const { page, mock } = it
    await page.locator('#strip').getByText(say('incident.none_hint')).waitFor()
    const began = Date.now()
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await page.keyboard.press('i')
    await page.locator('#open-name').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText(say('entry.wrong_needed')).waitFor()
    assert.equal(mock.state.commands.length, 0)
    await page.keyboard.type('EX Harbour House')
    await page.locator('#entry').getByText(say('open.exercise')).click()
    await page.getByRole('radio', { name: say('word:hostage') }).check()
    await page.fill('#open-place', 'Harbour Road')
    await page.fill('#open-floors', '500')
    await page.fill('#open-commander', 'EX-SP South')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText(say('entry.wrong_whole')).waitFor()
    await page.fill('#open-floors', '5')
    await axe(page, 'open an incident')
    await shot(page, `board-open-${lang}`)
    await page.locator('#open-commander').press('Enter')
    await page.locator('#top .stamp').getByText(say('incident.exercise')).waitFor()
    await page.locator('#top .command').getByText('EX-SP South').waitFor()
    await page.locator('#strip').getByText(say.exactly('strip.of', { n: 0, total: 36 })).first().waitFor()
    await page.locator('#top .since').getByText('T+00:0').waitFor()
    assert.ok(Date.now() - began < 60_000)
    assert.deepEqual(mock.state.commands.map((command) => command.kind), ['incident.opened', 'command.assumed', 'structure.defined'])
    assert.equal(mock.incident.self().fields.type, 'hostage')
    await page.keyboard.press('2')
    await page.waitForFunction(() => document.querySelectorAll('.level').length === 6)
    await it.close()
  })

  test(`nobody commands: the strip says so in red, and a click takes the form, in ${lang}`, async () => {
    const it = await board({ incident: exercise().filter(([kind, fields]) => kind !== 'command.assumed' && fields.role !== 'commander') })
    const { page, mock } = it
    await page.locator('#top .vacant').getByText(say('strip.vacant')).click()
    assert.equal(await page.locator('#entry-commanders').inputValue(), 'Duty officer')
    await page.fill('#entry-place', 'ICP')
    await page.locator('#entry-place').press('Enter')
    await page.locator('#top .command').getByText('Duty officer').waitFor()
    assert.deepEqual(mock.incident.get('command', 'incident').fields.commanders, ['Duty officer'])
    await it.close()
  })

  test(`sources differ: a dot, each source with time and grade, and blank is not zero, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.locator('#strip').getByText(say.exactly('count.range', { lo: 3, hi: 4 })).click()
    await page.locator('#counters').waitFor()
    const cell = (row, name) => page.locator(`#counters tr${row} td[data-counter=${name}]`)
    for (const sum of ['confirmed', 'accepted', 'range']) assert.doesNotMatch(await cell(`[data-row=${sum}]`, 'missing').innerText(), /\b0\b/)
    assert.match(await cell('[data-row=range]', 'missing').innerText(), say.like('count.none'))
    assert.match(await cell('[data-source="EX-Hospital A"]', 'injured').innerText(), /11[\s\S]*A2/)
    assert.equal(await page.locator('#counters .by-source td[data-counter=injured] .figure bdi').count(), 2)
    assert.equal(await page.locator('#counters .by-source td.differs[data-counter=killed]').count(), 2)
    await page.locator('.claims summary').click()
    const claims = page.locator('#claimtable tbody tr')
    assert.match(await claims.filter({ hasText: 'EX-TV channel' }).innerText(), new RegExp(`${say.like('count.open', { lo: 30 }).source}.*E5.*${say('rule1.excluded')}`, 's'))
    assert.match(await claims.filter({ hasText: say('rule1.superseded') }).innerText(), /EX-Police control/)
    await axe(page, 'counts')

    // A third source, new to the record, by keyboard: it is registered first, then it is believed.
    await page.locator('#casualties-title').click()
    await slash(page, 'count')
    await page.keyboard.press('Space')
    await page.fill('#entry-lo', '5')
    await page.fill('#entry-hi', '5')
    await page.locator('#entry-source').selectOption({ label: say('entry.new_source') })
    await page.locator('.fresh input').fill('EX-Caller 12')
    await page.locator('.fresh select').selectOption('caller')
    await page.locator('#entry-grade').selectOption('C')
    await page.getByLabel(say('entry.grade_says')).selectOption('3')
    await page.fill('#entry-as_of', '-2')
    await page.locator('#entry-as_of').press('Enter')
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    await page.locator('#strip').getByText(say.exactly('count.range', { lo: 3, hi: 5 })).waitFor()
    assert.deepEqual(mock.state.commands.map((command) => command.kind), ['source.registered', 'count.claimed'])
    assert.equal(mock.state.commands[1].fields.lo, 5)
    assert.equal(mock.state.commands[1].fields.report, 'R-9')
    await page.locator('#sidelog .row').getByText(new RegExp(`^\\u2068?${say('kind.count.claimed')}\\u2069? · .*R-9`)).waitFor()

    // The finding cites what it rests on, and is resolved with a reason.
    await page.keyboard.press('Escape')
    await page.locator('#casualties-title').click()
    await page.keyboard.press('o')
    const finding = page.locator('[data-id="count.killed:killed"]')
    await finding.getByText(say.server('3 sources say 3 to 5')).first().waitFor()
    assert.equal(await finding.locator('.link').count(), 3)
    await finding.getByRole('button', { name: say('points.resolve') }).click()
    await page.fill('#entry-reason', 'The caller counted one twice')
    await page.locator('#entry-reason').press('Enter')
    await finding.getByText(say('points.resolved'), { exact: true }).waitFor()
    await it.close()
  })

  test(`floors: a search from start to held, each step offered when it follows, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.keyboard.press('2')
    const cell = page.locator('[data-zone="B1/2/B"]')
    await cell.click()
    await axe(page, 'a zone')
    const card = page.locator('.zonecard')
    await card.getByRole('button', { name: say('step.zone.search_started') }).click()
    await card.getByRole('button', { name: 'EX-SPU-2' }).click()
    await page.locator('.zone.entered[data-zone="B1/2/B"]').waitFor()
    // Who began it ends it: nobody is asked.
    await card.getByRole('button', { name: say('step.zone.search_ended') }).click()
    await page.locator('.zone.complete[data-zone="B1/2/B"]').waitFor()
    assert.equal((await cell.locator('.glyph').innerText()), 'X')
    await card.getByRole('button', { name: say('step.zone.held'), exact: true }).click()
    await card.getByRole('button', { name: 'EX-RGR-3' }).click()
    await page.locator('.zone.held[data-zone="B1/2/B"]').waitFor()
    await page.locator('#strip').getByText(say.exactly('strip.of', { n: 12, total: 43 })).waitFor()
    assert.deepEqual(sent(mock, 'zone.search_ended')[0].fields, { zone: 'B1/2/B', kind: 'threat', unit: 'EX-SPU-2', extent: 100 })
    // Another kind of search is another state of the same zone.
    await page.locator('#work').getByRole('button', { name: say('word:short:eod'), exact: true }).click()
    await page.locator('.zone.unknown[data-zone="B1/2/B"]').waitFor()
    assert.doesNotMatch(await page.locator('#work').innerText(), lang === 'en' ? /\bsafe\b/i : /محفوظ/)
    await it.close()
  })

  test(`a refused command says why at its field, keeps what was typed, and is half-applied nowhere, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await slash(page, 'search')
    await page.locator('#entry-zone').selectOption('B1/2/B')
    await choose(page, 'unit', 'EX-SPU-2')
    await page.locator('[data-field=kind] [value=eod]').check()
    const before = mock.state.seq
    await page.locator('#entry .primary').click()
    const wrong = page.locator('#entry-unit-wrong')
    await wrong.getByText(say.server('only a bomb disposal unit sets EOD clearance')).first().waitFor()
    assert.equal(await page.locator('#entry-unit').getAttribute('aria-invalid'), 'true')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'entry-unit')
    assert.equal(await page.locator('#entry-zone').inputValue(), 'B1/2/B')
    assert.equal(mock.state.seq, before)
    assert.equal(await page.locator('.row.waiting').count(), 0)
    await axe(page, 'refused')
    await shot(page, `board-refused-${lang}`)
    await choose(page, 'unit', 'EX-BDS-1')
    await wrong.waitFor({ state: 'detached' })
    await page.locator('#entry .primary').click()
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    await it.close({ broken: true })
  })

  test(`PAR: who is inside, called, answered with a number; a Mayday sounds until it is acknowledged, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.keyboard.press('p')
    const row = page.locator('[data-unit="EX-RGR-3"]')
    await row.waitFor()
    await page.getByRole('button', { name: say('par.call') }).click()
    await row.getByText(say('par.due'), { exact: true }).waitFor()
    await page.locator('#strip').getByText(say.like('strip.due', { n: 3 })).waitFor()
    await page.locator('.att.warn').first().waitFor()
    await row.getByRole('button', { name: say('roll.voice_short') }).click()
    const number = page.getByLabel(say.like('roll.number_of', { who: 'EX-RGR-3' }))
    assert.equal(await number.inputValue(), '6')
    await number.fill('5')
    await page.getByLabel(say('roll.words')).fill('one with the medics')
    await page.keyboard.press('Enter')
    await row.locator('b.bad').getByText('5').waitFor()
    await page.locator('#strip').getByText(say.like('strip.due', { n: 2 })).waitFor()
    assert.deepEqual(sent(mock, 'par.acked')[0].fields, { unit: 'EX-RGR-3', count: 5, par: 'PAR-1', text: 'one with the medics', via: 'radio' })
    await page.locator('#people-title').click()
    const mayday = lang === 'en' ? 'Mayday of EX-SPU-2' : say('rule.mayday.open')
    mock.enter('mayday.declared', { mayday: 'MD-1', unit: 'EX-SPU-2', zone: 'B1/2/A', text: 'ceiling down' })
    await page.locator('.standing').getByText('EX-SPU-2').waitFor()
    await page.waitForFunction(() => window.tones >= 2)
    await page.locator('.att.crit').getByText(mayday).first().waitFor()
    await axe(page, 'Mayday')
    await shot(page, `board-mayday-${lang}`)
    await page.keyboard.press('a')
    await page.locator('.att.calm').getByText(mayday).first().waitFor()
    await page.locator('.att').getByText(say.like('att.acknowledged_by', { who: 'Duty officer' })).waitFor()
    await page.waitForFunction(() => !document.querySelector('.sechead .btn[aria-keyshortcuts=S]'))
    assert.deepEqual(sent(mock, 'alarm.acked').map((command) => command.fields), [{ alarm: 'mayday.open:MD-1', by: 'Duty officer' }])
    await page.keyboard.press('o')
    await page.locator('[data-id="mayday.open:MD-1"].calm').getByText(say.like('att.acknowledged_by')).waitFor()
    await it.close()
  })

  test(`the lost server: an entry is kept, over a reload too, and is sent once, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await it.lose()
    await page.locator('#top.lost').waitFor()
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await slash(page, 'task')
    await page.fill('#entry-text', 'EX second stretcher')
    await page.fill('#entry-owner', 'EX-AMB-4')
    await page.fill('#entry-due_at', '+15')
    await page.locator('#entry-due_at').press('Enter')
    await page.locator('.outcome.warn').getByText(say('entry.waits')).waitFor()
    await page.locator('.row.waiting').getByText('EX second stretcher').waitFor()
    assert.equal(mock.state.commands.length, 0)
    await page.locator('#strip .cell').first().waitFor()
    await axe(page, 'lost')
    await mock.back()
    // The answer is lost, not the entry.
    await page.route('**/commands', async (route) => {
      await route.fetch()
      await route.abort()
    }, { times: 1 })
    await page.waitForFunction(() => !document.querySelector('.row.waiting'), null, { timeout: 60_000 })
    assert.deepEqual([...new Set(sent(mock, 'task.created').map((command) => command.id))].length, 1)
    assert.equal(mock.incident.all('task').filter((task) => task.fields.text === 'EX second stretcher').length, 1)
    await page.reload()
    await page.locator('#strip .cell').first().waitFor()
    await page.keyboard.press('6')
    await page.locator('#tasktable').getByText('EX second stretcher').waitFor()
    await it.close({ broken: true })
  })

  test(`two posts take the same number: the second entry goes on with the next, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await slash(page, 'task')
    await page.fill('#entry-text', 'EX ours')
    await page.fill('#entry-owner', 'EX-A')
    await page.route('**/commands', async (route) => {
      mock.enter('task.created', { task: JSON.parse(route.request().postData()).fields.task, text: 'EX theirs', owner: 'EX-B' })
      await route.continue()
    }, { times: 1 })
    await page.locator('#entry-owner').press('Enter')
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    const tasks = mock.incident.all('task').filter((task) => task.fields.text.startsWith('EX '))
    assert.deepEqual(tasks.map((task) => [task.id, task.fields.text]), [['TK-4', 'EX theirs'], ['TK-5', 'EX ours']])
    await it.close({ broken: true })
  })

  test(`the log: a line shows its times and source, and a correction strikes it, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.keyboard.press('3')
    const line = page.locator('#biglog .row').filter({ hasText: 'Three shots from the second floor' })
    assert.match(await line.innerText(), new RegExp(`EX-Police control.*${say.like('log.observed', { time: '≈' }).source}.*Duty officer.*B2`, 's'))
    await line.click()
    const card = page.locator('.eventcard')
    await card.getByText(new RegExp(`± ${say.like('age.minutes', { n: 15 }).source}`)).waitFor()
    await card.getByText(`${say('grade.B')}; ${say('grade.2')}`).waitFor()
    const seq = mock.state.events.find((event) => event.fields?.report === 'R-8').seq
    await card.getByRole('button', { name: say('entry.correct') }).click()
    assert.equal(await page.locator('#entry-text').inputValue(), 'Three shots from the second floor')
    await page.fill('#entry-text', 'Three shots from the third floor')
    await page.locator('#entry .primary').click()
    await page.locator('#biglog .row.corrected').waitFor()
    assert.equal(sent(mock, 'report.received')[0].fields.supersedes, seq)
    await card.getByText(say.like('entry.corrected_by')).waitFor()
    await card.locator('.warn .link').click()
    await card.getByText('Three shots from the third floor').waitFor()
    await page.locator('.chips').getByRole('button', { name: say('log.incident') }).click()
    await axe(page, 'corrected')
    await it.close()
  })

  test(`a note goes from the composer to the log; the list of kinds works by keys, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.locator('#composer-to').selectOption('log')
    await page.fill('#composer-text', 'EX two buses at the gate')
    await page.keyboard.press('Enter')
    assert.equal(await page.locator('#entry-text').inputValue(), 'EX two buses at the gate')
    await page.locator('#entry-source').selectOption('EX-TV channel')
    await page.locator('#entry-grade').selectOption('D')
    await page.getByLabel(say('entry.grade_says')).selectOption('4')
    await page.locator('#entry-text').press('Tab')
    await page.locator('#entry .primary').click()
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    assert.deepEqual(sent(mock, 'report.received')[0].fields, { report: 'R-9', predicate: 'note', text: 'EX two buses at the gate', source: 'EX-TV channel', grade: 'D4' })
    await page.locator('#work').click({ position: { x: 5, y: 300 } })
    await page.keyboard.press('/')
    await page.keyboard.type('casu')
    await page.locator('#kinds [aria-selected=true]').getByText(say('kind.casualty.reported')).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await axe(page, 'kinds')
    await page.keyboard.press('Enter')
    await page.locator('#entry-title').getByText(say('kind.casualty.reported')).waitFor()
    assert.equal(await page.locator('#entry-casualty').inputValue(), 'C-4')
    await axe(page, 'a form')
    await shot(page, `board-casualty-${lang}`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.locator('#entry').waitFor({ state: 'detached' })
    await it.close()
  })

  test(`a cordon is drawn by clicks or by keys, a drawing of a phone becomes one, a wrong place is said, in ${lang}`, async () => {
    const it = await board()
    const { page, mock } = it
    await page.locator('#foot').click()
    await slash(page, 'cordon')
    await page.locator('#entry-cordon_kind input').first().check()
    await page.fill('#entry-shape', 'north of the gate')
    await page.locator('#entry .primary').click()
    await page.getByRole('alert').getByText(say('entry.wrong_shape')).waitFor()
    await page.fill('#entry-shape', '')
    await page.getByRole('button', { name: say('draw.area') }).click()
    await page.locator('#drawbar').waitFor()
    await axe(page, 'drawing')
    // By keys alone: the middle of the map, moved between.
    await page.locator('#foot').click()
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft']) {
      await page.keyboard.press('Space')
      const before = await page.evaluate(() => location.hash)
      await page.keyboard.press(key)
      await page.waitForFunction((hash) => location.hash !== hash, before)
    }
    await page.locator('#drawbar').getByText(say.like('draw.points', { n: 3 })).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('#drawbar').waitFor({ state: 'detached' })
    assert.equal((await page.locator('#entry-shape').inputValue()).split(' ').length, 4)
    await page.locator('#entry .primary').click()
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    const cordon = sent(mock, 'cordon.set')[0].fields
    assert.equal(cordon.shape.split(' ')[0], cordon.shape.split(' ')[3])

    // What a phone drew.
    await page.evaluate(() => { location.hash = '#s=map&sel=object-2' })
    await page.locator('#card').getByRole('button', { name: say('promote.cordon.set'), exact: true }).click()
    await page.locator('#entry').getByText(say.like('entry.from_drawing')).waitFor()
    assert.equal(await page.locator('#entry-shape').count(), 0)
    await page.locator('#entry-cordon_kind input').nth(1).check()
    await page.locator('#entry .primary').click()
    await page.locator('.outcome').getByText(say.like('entry.done')).waitFor()
    assert.equal(mock.state.commands.at(-1).uid, 'object-2')
    assert.equal(mock.incident.all('cordon').filter((one) => one.fields.shape).length >= 2, true)
    await it.close()
  })
}

test('each screen in each theme and language: axe-clean, mirrored, nothing outside, no key untranslated', async () => {
  const it = await boardOf()
  const { page, mock } = it
  mock.enter('par.missed', { unit: 'EX-RGR-3' })
  mock.enter('par.missed', { unit: 'EX-RGR-3' })
  await page.locator('.att.crit').waitFor()
  const ready = { floors: '.level', log: '#biglog', casualties: '#counters', tasks: '#tasktable', par: '#partable', points: '.points' }
  for (const language of ['en', 'ur']) {
    await speak(page, language)
    for (const wanted of ['dark', 'light', 'red']) {
      await theme(page, wanted)
      for (const [key, name] of [['2', 'floors'], ['3', 'log'], ['5', 'casualties'], ['6', 'tasks'], ['p', 'par'], ['o', 'points']]) {
        await page.keyboard.press(key)
        await page.locator(ready[name]).first().waitFor()
        if (name === 'floors') {
          await page.locator('[data-zone="B1/2/A"]').click()
          await page.locator('.zonecard').waitFor()
        }
        const outside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(outside <= 0, `${name} in ${language} is ${outside} px too wide`)
        if (wanted !== 'red') await axe(page, `${name} ${wanted} ${language}`)
        await shot(page, `board-${name}-${wanted}-${language}`)
        const text = await page.evaluate(() => document.body.innerText)
        assert.doesNotMatch(text, /\b(nav|att|act|strip|entry|floor|par|points|task|field|word|step|severity|open)[.:][a-z_]+\b/, `an untranslated key on ${name}`)
      }
    }
  }
  await it.close()
})

test('sizes: laptop, wall and tablet hold the board', async () => {
  const it = await boardOf({}, '?lang=ur')
  const { page, mock } = it
  for (const [width, height, query] of [[1366, 768, ''], [1920, 1080, '?scale=1.4'], [820, 1180, '']]) {
    await page.setViewportSize({ width, height })
    for (const [screen, ready] of [['floors', '.level'], ['people', '#partable'], ['casualties', '#counters']]) {
      await page.goto('about:blank') // a new document each time: the old one may still write its own address
      await page.goto(`${mock.url}${query}#s=${screen}`)
      await page.locator(ready).first().waitFor()
      const outside = await page.evaluate(() => [...document.querySelectorAll('#top, #strip, #rail button, #composer .btn, .bar .btn, .zone')]
        .map((part) => [part.tagName + part.className, part.getBoundingClientRect()])
        .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1 || box.width === 0).map(([name]) => name))
      assert.deepEqual(outside, [], `${screen} at ${width} x ${height}`)
      await shot(page, `board-size-${screen}-${width}`)
    }
  }
  await page.setViewportSize({ width: 1600, height: 900 })
  await page.evaluate(() => localStorage.clear())
  await it.close()
})
