// Log, people, tasks and what needs a decision, against the real server: an incident of its own, in both languages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axe, setUp, shot, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

/** Enters what the page would enter, as a program does. */
async function enter(page, kind, fields, incident = '') {
  const answer = await page.evaluate(async ([kind, fields, incident]) => {
    const session = await (await fetch('/api/session')).json()
    const id = crypto.randomUUID()
    const path = kind === 'incident.opened' ? '/api/incidents' : `/api/incidents/${incident}/commands`
    const response = await fetch(path, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Cordon-CSRF': session.csrf },
      body: JSON.stringify({ id, kind, fields, ...(kind === 'incident.opened' ? { incident } : {}) }),
    })
    return { ok: response.ok, body: await response.json() }
  }, [kind, fields, incident])
  assert.ok(answer.ok, `${kind}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** An incident with two units inside, a task past its time, and a person. */
async function scene(page, id) {
  const put = (kind, fields) => enter(page, kind, fields, id)
  await put('incident.opened', { name: 'EX Harbour House', type: 'complex-attack', exercise: true })
  await put('command.assumed', { scope: 'incident', commanders: ['Duty officer'], place: 'ICP' })
  await put('structure.defined', { structure: 'B1', name: 'Main block', storeys: 3, inside_inner_cordon: true })
  await put('agency.joined', { agency: 'EX-Police', name: 'EX-Police', agency_kind: 'police' })
  for (const [unit, strength] of [['EX-RRF-1', 8], ['EX-SPU-2', 6]]) {
    await put('unit.checked_in', { unit, agency: 'EX-Police', strength, leader: 'EX Inspector' })
    await put('unit.entered_zone', { unit, zone: unit === 'EX-RRF-1' ? 'B1/0/A' : 'B1/1/B', count: strength })
  }
  await put('task.created', { task: 'TK-1', text: 'EX lamps for floor 1', owner: 'EX-RRF-1', due_at: new Date(Date.now() - 300_000).toISOString() })
  await put('person.registered', { person: 'EX-77', name: 'EX Sapper' })
  await put('occupants.estimated', { occupants: 'G-1', occupant: 'residents', count: 40, place: 'Main block' })
}

async function ready(page) {
  await page.locator('#strip .cell').first().waitFor()
  await page.locator('#foot').click({ position: { x: 2, y: 10 } })
}

for (const language of LANGUAGES) {
  const say = wordsOf(language)

  test(`a roll call, statuses, tasks and command, ${language}`, { timeout: 170_000 }, async () => {
    const server = await start('serve', 'boards-' + language)
    const it = await visit(server)
    const { page } = it
    await setUp(page, server.code)
    await scene(page, 'EX-BOARDS')
    await page.goto(`https://127.0.0.1:${server.web}/?lang=${language}`)
    await ready(page)
    const button = (name, within = page) => within.getByRole('button', { name, exact: false })

    // Rail: nine entries, all with their key.
    assert.deepEqual(await page.locator('#rail kbd').allInnerTexts(), ['1', '2', '3', '4', '5', '6', '7', '8', '9'])

    // Called; not closed while somebody is missing; answered by one tap and by voice with a number; closed.
    await page.keyboard.press('p')
    await button(say('par.call')).click()
    const close = page.locator('.rollhead').getByRole('button', { name: say.like('roll.held', { n: 2 }) })
    await close.waitFor()
    assert.equal(await close.isDisabled(), true)
    await page.locator('[data-unit="EX-RRF-1"] .acts .primary').click()
    await page.locator('[data-unit="EX-RRF-1"] .figure b').getByText('8').waitFor()
    await page.locator('#people-title').click()
    await page.keyboard.press('v')
    await page.locator('.voice input').first().fill('5')
    await page.keyboard.press('Enter')
    await page.locator('[data-unit="EX-SPU-2"] b.bad').getByText('5').waitFor()
    await axe(page, 'roll call ' + language)
    await shot(page, 'boards-roll-' + language)
    await page.locator('.voice input').first().waitFor({ state: 'detached' })
    await page.locator('#people-title').click()
    await page.locator('[data-unit="EX-SPU-2"] [data-stop]').focus()
    await page.keyboard.press('v')
    await page.locator('.voice input').first().fill('6')
    await page.keyboard.press('Enter')
    await page.locator('.rollhead').getByRole('button', { name: say('roll.close') }).click()
    await page.locator('.rollhead h2').getByText(/PAR-1/).waitFor()
    await page.locator('.rollhead').getByRole('button', { name: say('roll.close') }).waitFor({ state: 'detached' })
    await page.locator('[data-unit="EX-SPU-2"] [data-stop]').click()
    await page.waitForFunction(() => document.querySelectorAll('.rollhistory li').length >= 4)

    // Two units at once: tick all, one status.
    await page.locator('#tab-agencies').click()
    await page.locator('#agencytable input').nth(0).check()
    await page.locator('#agencytable input').nth(1).check()
    await button(say('word:staging'), page.locator('.statusbar')).click()
    await page.waitForFunction((word) => [...document.querySelectorAll('#agencytable tbody tr')].filter((row) => row.innerText.includes(word)).length === 2, say('word:staging'))
    await axe(page, 'agencies ' + language)

    // In and out by a tag; who is not known is registered.
    await page.locator('#tab-persons').click()
    await page.fill('#person-tag', 'EX-77')
    await page.keyboard.press('Enter')
    await page.locator('#persontable tr').filter({ hasText: 'EX-77' }).getByRole('button', { name: say('person.out'), exact: true }).waitFor()
    await page.fill('#person-tag', 'EX-78')
    await page.keyboard.press('Enter')
    await page.locator('#persontable tr').filter({ hasText: 'EX-78' }).getByRole('button', { name: say('person.out'), exact: true }).click()
    await page.locator('#persontable tr').filter({ hasText: 'EX-78' }).getByRole('button', { name: say('person.in'), exact: true }).waitFor()
    await axe(page, 'persons ' + language)
    await page.locator('#tab-occupants').click()
    await page.locator('#occupanttable .figureinput').first().fill('12')
    await page.keyboard.press('Enter')
    await page.locator('#occupanttable .warn').getByText('28').first().waitFor()
    await axe(page, 'occupants ' + language)
    await shot(page, 'boards-occupants-' + language)

    // A task in one line: understood, entered, accepted, reminded, done.
    await page.locator('#people-title').click()
    await page.keyboard.press('6')
    await page.fill('#task-line', '@EX-SPU EX open the gate +20 !')
    await page.locator('.understood').getByText('EX-SPU-2').waitFor()
    await page.keyboard.press('Enter')
    const row = page.locator('[data-task="TK-2"]')
    await button(say('task.accept'), row).click()
    await button(say('task.accept'), row).waitFor({ state: 'detached' })
    await button(say('task.nudge'), row).click()
    await page.locator('#sidelog').getByText(/TK-2/).first().waitFor()
    await axe(page, 'tasks ' + language)
    await shot(page, 'boards-tasks-' + language)
    await row.getByRole('button', { name: say('task.done'), exact: true }).click()
    await row.waitFor({ state: 'detached' })

    // What is overdue has its own button, under A; done, it stays in sight with who did.
    const overdue = page.locator('.att[data-id="duty:task.overdue:TK-1"]')
    await overdue.getByRole('button', { name: say('task.nudge') }).click()
    await page.locator('.att.calm[data-id="duty:task.overdue:TK-1"]').getByText('Duty officer').waitFor()

    // Command in three taps: the name above, who takes over, enter.
    await page.locator('#top .command').click()
    await page.locator('.transfer .chips .btn').filter({ hasText: 'EX Inspector' }).click()
    await axe(page, 'transfer ' + language)
    await shot(page, 'boards-transfer-' + language)
    await page.locator('.transfer .primary').click()
    await page.locator('#top .command').getByText('EX Inspector').waitFor()
    await page.locator('#tasks-title').click()
    await page.keyboard.press('o')
    await page.locator('.points').first().waitFor()
    await axe(page, 'points ' + language)
    await it.close()
    await server.stop()
  })

  test(`what is asked for until it is no longer needed, and a decision with its options, in ${language}`, { timeout: 170_000 }, async () => {
    const server = await start('serve', `boards-needs-${language}`)
    const it = await visit(server, `?lang=${language}&theme=${language === 'ur' ? 'light' : 'dark'}`)
    const { page } = it
    await setUp(page, server.code)
    await scene(page, 'EX-NEEDS')
    await enter(page, 'decision.taken', { decision: 'D-1', text: 'EX old record', options: ['EX one', 'EX other'], role: 'commander' }, 'EX-NEEDS')
    await page.reload()
    await ready(page)
    const field = (name) => page.locator(`#entry [name=${name}]`)
    const enterIt = async () => {
      await page.locator('#entry .acts .primary').click()
      await page.locator('form#entry').waitFor({ state: 'detached' })
    }

    await page.keyboard.press('6')
    await page.locator('#tasktab-needs').click()
    await page.getByRole('button', { name: say('need.new'), exact: true }).click()
    for (const [name, value] of [['text', 'EX ladders'], ['count', '2'], ['resource_type', 'EX aerial'], ['place', 'EX north gate'], ['due_at', '+30']]) await field(name).fill(value)
    await field('unit_category').selectOption('fire')
    await page.locator('#entry .radios input[value=urgent]').check()
    await enterIt()
    const row = page.locator('[data-need="N-1"]')
    for (const text of ['EX ladders', '2', 'EX aerial', 'EX north gate', say('word:urgent')]) await row.getByText(text).first().waitFor()
    const press = (key) => row.getByRole('button', { name: say(key), exact: true }).click()
    await press('need.sets_out')
    await page.locator('#entry .checks').getByText('EX-SPU-2').click()
    await field('expected_at').fill('-5')
    await enterIt()
    await row.getByText(say('word:enroute')).waitFor()
    await row.getByText('EX-SPU-2').waitFor()
    await row.getByText(say.like('task.overdue')).waitFor()
    await axe(page, `needs ${language}`)
    await shot(page, `boards-needs-${language}`)

    // Late: it stands among what needs a decision, whose button leads to it from anywhere.
    await page.locator('#tasktab-tasks').click()
    await page.locator('.att[data-id="duty:need.overdue:N-1"]').getByRole('button', { name: say('decide.open'), exact: true }).click()
    await page.waitForFunction(() => document.activeElement?.dataset.need === 'N-1')
    await press('need.fill')
    await row.getByText(say('word:need:checked-in')).waitFor()
    await page.locator('.att[data-id="duty:need.overdue:N-1"]').waitFor({ state: 'detached' })
    await press('need.release')
    await field('reason').fill('EX fire is out')
    await enterIt()
    for (const text of ['EX fire is out', 'Duty officer']) await row.getByText(text).waitFor()

    // Options are told with the decision; one is weighed and another chosen later.
    await page.locator('#tasktab-decisions').click()
    await page.locator('[data-decision="D-1"] ol li').filter({ hasText: 'EX other' }).waitFor()
    await page.getByRole('button', { name: say('decision.new'), exact: true }).click()
    await field('text').fill('EX from below')
    const add = page.locator('#entry .options').getByRole('button', { name: say('decision.add_option'), exact: true })
    for (const [i, text] of ['EX from the roof', 'EX from below', 'EX dropped'].entries()) {
      await add.click()
      await page.locator(`#option-${i + 1}`).fill(text)
    }
    await page.getByRole('button', { name: say.exactly('decision.remove_option', { n: 3 }) }).click()
    const option = (n) => page.locator('#entry .option').nth(n - 1)
    for (const [i, word] of ['yes', 'partly', 'no'].entries()) await option(1).locator('select').nth(i).selectOption(word)
    await option(1).locator('input[type=checkbox]').check()
    await option(2).locator('input[type=checkbox]').check()
    assert.equal(await option(1).locator('input[type=checkbox]').isChecked(), false, 'one alone is chosen')
    await axe(page, `a decision's form ${language}`)
    await shot(page, `boards-decision-form-${language}`)
    await enterIt()
    const card = page.locator('[data-decision="D-2"]')
    const line = (text) => card.locator('.options tbody tr').filter({ hasText: text })
    await line('EX from below').getByText(say('decision.chosen')).waitFor()
    assert.deepEqual(await line('EX from the roof').locator('td:not(.acts)').allInnerTexts(), ['yes', 'partly', 'no'].map((word) => say('word:' + word)))
    await line('EX from below').getByRole('button', { name: say('decision.weigh'), exact: true }).click()
    await page.locator('#entry .radios').nth(1).locator('input[value=partly]').check()
    await enterIt()
    await line('EX from below').getByText(say('word:partly'), { exact: true }).waitFor()
    await line('EX from the roof').getByRole('button', { name: say('decision.choose'), exact: true }).click()
    await line('EX from the roof').getByText(say('decision.chosen')).waitFor()
    assert.equal(await card.locator('tr.chosen').count(), 1)
    await axe(page, `decisions ${language}`)
    await shot(page, `boards-decisions-${language}`)
    await it.close()
    await server.stop()
  })

  test(`the log: filters, a pin, a chain, a time, files; the focus stays while lines stream in, in ${language}`, { timeout: 170_000 }, async () => {
    const server = await start('serve', `boards-log-${language}`)
    const it = await visit(server, `?lang=${language}`)
    const { page } = it
    await setUp(page, server.code)
    await scene(page, 'EX-LOG')
    await enter(page, 'source.registered', { source: 'EX-Gate', source_kind: 'responder', name: 'EX-Gate' }, 'EX-LOG')
    await enter(page, 'report.received', { report: 'R-1', predicate: 'note', text: 'EX two buses', source: 'EX-Gate', grade: 'B2', observed_at: new Date(Date.now() - 3_600_000).toISOString() }, 'EX-LOG')
    await enter(page, 'fact.accepted', { fact: 'F-1', text: 'EX two buses are there', basis: ['R-1'], role: 'commander' }, 'EX-LOG')
    await page.reload()
    await ready(page)
    await page.keyboard.press('3')
    await page.locator('#biglog').waitFor()

    // A line entered an hour late says so; its chain leads both ways.
    const line = page.locator('#biglog .row').filter({ hasText: /^.*EX two buses(?! are)/ }).last()
    await line.getByText(say('log.late'), { exact: true }).waitFor()
    await line.click()
    const card = page.locator('.eventcard')
    await card.getByText(say('entry.rests_on'), { exact: true }).waitFor()
    await card.getByText(say('entry.carries')).waitFor()
    await card.locator('.chain li').filter({ hasText: 'EX two buses are there' }).waitFor()
    await card.getByRole('button', { name: say('log.pin') }).click()
    await page.locator('.pinned').getByText('EX two buses').waitFor()
    await axe(page, 'a pinned line and its chain')
    await shot(page, `boards-log-${language}`)
    await page.reload()
    await ready(page)
    await page.locator('.pinned').getByText('EX two buses').waitFor()

    // Filters, each of which leaves what it says.
    await page.getByRole('button', { name: say('log.filters') }).click()
    await page.locator('.pick', { has: page.getByText(say('log.kind'), { exact: true }) }).locator('select').selectOption('unit.entered_zone')
    await page.locator('.logfoot').getByText(say.like('log.shown_n', { n: 2 })).waitFor()
    await page.getByLabel(say('log.about')).selectOption('unit/EX-SPU-2')
    await page.locator('.logfoot').getByText(say.like('log.shown_n', { n: 1 })).waitFor()
    await axe(page, 'filters')
    await page.getByRole('button', { name: say('log.no_filter') }).click()
    await page.getByLabel(say('log.about')).selectOption('level/B1/0')
    await page.locator('#biglog .row').filter({ hasText: 'EX-RRF-1' }).first().waitFor()
    assert.equal(await page.locator('#biglog .row').filter({ hasText: 'EX-SPU-2' }).count(), 0)
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.files summary').click().then(() => page.getByRole('button', { name: say('log.csv') }).click()),
    ])
    assert.match(saved.suggestedFilename(), /EX-LOG-log\.csv/)
    await page.getByRole('button', { name: say('log.no_filter') }).click()

    // The focus stays on its row while others come on top, also when it is scrolled out of sight.
    await page.locator('#log-title').click()
    await page.locator('#biglog .row').nth(3).focus()
    const focused = () => page.evaluate(() => document.activeElement?.dataset?.seq)
    const seq = await focused()
    for (let i = 0; i < 60; i++) await enter(page, 'report.received', { report: `EX-R${10 + i}`, predicate: 'note', text: `EX line ${i} ${'long '.repeat(i % 40)}`, source: 'EX-Gate', grade: 'B2' }, 'EX-LOG')
    await page.locator('#biglog .row').filter({ hasText: 'EX line 59' }).waitFor()
    assert.equal(await focused(), seq)
    await page.keyboard.press('j')
    await page.waitForFunction((before) => document.activeElement?.dataset.seq && document.activeElement.dataset.seq !== before, seq)

    // Lines are as tall as they need, none over another.
    const overlaps = () => page.evaluate(() => {
      const boxes = [...document.querySelectorAll('#biglog li')].map((li) => li.getBoundingClientRect()).sort((a, b) => a.top - b.top)
      return boxes.slice(1).filter((box, i) => box.top < boxes[i].bottom - 1).length
    })
    await page.locator('#biglog').evaluate((box) => { box.scrollTop = 0 })
    await page.locator('#biglog').getByText('EX line 59').first().waitFor()
    await page.waitForFunction(() => new Set([...document.querySelectorAll('#biglog li')].map((li) => Math.round(li.offsetHeight))).size > 1)
    assert.equal(await overlaps(), 0)
    await page.locator('#biglog').evaluate((box) => { box.scrollTop = 900 })
    await page.waitForFunction(() => document.querySelector('#biglog').scrollTop > 500)
    assert.equal(await overlaps(), 0)

    // The composer: a time, a unit and a zone in one line.
    await page.locator('#composer-to').selectOption('log')
    await page.locator('#composer-text').fill('[~-5] @EX-SP')
    await page.locator('#names').getByText('EX-SPU-2').waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.locator('#composer-text').inputValue(), '[~-5] @EX-SPU-2 ')
    await page.keyboard.type('holds #B1/1/B')
    await page.keyboard.press('Escape')
    await page.locator('#composer-text').focus()
    await page.keyboard.press('Shift+Enter')
    assert.equal(await page.locator('#entry-text').inputValue(), '@EX-SPU-2 holds #B1/1/B')
    await page.locator('#entry summary').click()
    assert.equal(await page.locator('#entry-observed_at').inputValue(), '-5')
    await page.keyboard.press('Escape')
    // Sent at once it is in the record, as its writer's own: no source, about five minutes ago, of that unit, there.
    await page.locator('#composer-text').fill('[~-5] @EX-SPU-2 holds #B1/1/B')
    await page.locator('#composer .primary').click()
    await page.locator('.outcome').getByText(say('log.noted')).waitFor()
    await page.locator('#biglog').evaluate((box) => { box.scrollTop = 0 })
    await page.locator('#biglog').getByText('@EX-SPU-2 holds #B1/1/B').first().waitFor()
    await it.close()
    await server.stop()
  })

  test(`twelve main tasks by keyboard alone, in ${language}`, { timeout: 170_000 }, async () => {
    const server = await start('serve', `boards-keys-${language}`)
    const it = await visit(server, `?lang=${language}`)
    const { page } = it
    await setUp(page, server.code)
    await scene(page, 'EX-KEYS')
    await page.reload()
    await ready(page)
    const keys = async (...list) => { for (const key of list) await page.keyboard.press(key) }
    const shown = (selector) => page.locator(selector).first().waitFor()
    await page.evaluate(() => document.activeElement?.blur())
    // 1 the sheet of keys; 2 a screen; 3 a roll call's answer; 4 the default action of the top item
    await keys('Shift+Slash')
    await shown('dialog.keys')
    const sheet = await page.locator('dialog.keys dt').allInnerTexts()
    for (const key of ['1', '9', 'A', 'J', 'K', 'N', '/', 'V', 'P', 'O', 'Z', 'Ctrl K', 'Ctrl P', '?', 'Esc']) assert.ok(sheet.includes(key), key + ' is on the sheet')
    await keys('Escape', '5')
    await shown('#counters')
    await keys('v')
    await shown('.voice')
    await keys('8', 'Enter')
    await page.locator('#sidelog').getByText(say('kind.par.acked')).first().waitFor()
    await keys('Escape', 'Escape')
    await page.evaluate(() => document.activeElement?.blur())
    await keys('a')
    await page.locator('.att.calm').first().waitFor()
    // 5 an entry by the slash; 6 a note; 7 find; 8 a task; 9 undo is offered; 10 the past; 11 points; 12 theme and back to the map
    await keys('/')
    await page.keyboard.type('hazard')
    await keys('Enter')
    await page.locator('#entry-title').getByText(say('kind.hazard.reported')).waitFor()
    await keys('Escape', 'Escape', 'Escape')
    await page.locator('#entry').waitFor({ state: 'detached' })
    await keys('n')
    await page.keyboard.type('EX all quiet')
    await keys('Enter')
    await page.locator('#sidelog').getByText('EX all quiet').waitFor()
    await keys('Escape', 'Control+k')
    await page.keyboard.type(say('nav.tasks'))
    await keys('Enter')
    await shown('#task-line')
    await page.locator('#task-line').focus()
    await page.keyboard.type('@EX-RRF-1 EX second ladder by +15')
    await keys('Enter')
    await page.locator('#tasktable').getByText('EX second ladder').waitFor()
    await keys('Escape', 'o')
    await shown('.points')
    await keys('r')
    await keys('Escape', '1')
    await page.waitForFunction(() => location.hash.includes('s=map'))
    assert.ok(await page.evaluate(() => document.activeElement !== null))
    await it.close()
    await server.stop()
  })
}
