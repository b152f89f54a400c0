// What is said: casualties by source and by tag, statements and what may not go out, against the real server with
// the people whom the rules ask for: information officer, commander, medic, casualty officer, family liaison.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, test } from 'node:test'
import { speak } from './hands.mjs'
import { CORDON, axe, logIn, setUp, shot, shots, start, visit } from './real.mjs'

const PASSWORD = 'practice only'
let evening, watching

before(async () => {
  evening = await start('exercise', 'said-evening', ['--speed', '900', '--until', '2023-02-17T22:45:00+05:00'])
  watching = await visit(evening)
  await setUp(watching.page, evening.code)
})

/** A call of the page's own session. */
const api = (page, method, path, body) => page.evaluate(async ([verb, address, text]) => {
  const session = await (await fetch('/api/session')).json()
  const headers = { 'Content-Type': 'application/json', 'X-Cordon-CSRF': session.csrf }
  const answer = await fetch(address, { method: verb, headers, body: text && JSON.stringify({ id: crypto.randomUUID(), ...text }) })
  return { status: answer.status, ...(await answer.json().catch(() => ({}))) }
}, [method, path, body])

const INCIDENT = 'EX-SAY'
async function tell(page, kind, fields) {
  const path = kind === 'incident.opened' ? '/api/incidents' : `/api/incidents/${INCIDENT}/commands`
  const answer = await api(page, 'POST', path, { kind, fields, ...(kind === 'incident.opened' ? { incident: INCIDENT } : {}) })
  assert.equal(answer.status, 200, `${kind}: ${answer.detail}`)
  return answer.seq
}
const show = async (page, key) => {
  await page.locator('#foot').click()
  await page.keyboard.press(key)
}
async function theme(page, wanted) {
  while ((await page.evaluate(() => document.documentElement.dataset.theme)) !== wanted) await show(page, 't')
}
async function hold(page, button) {
  await button.hover()
  await page.mouse.down()
  // The button itself says when it was held long enough: it is gone, as its step is done.
  await button.waitFor({ state: 'detached' })
  await page.mouse.up()
}
const fitsIn = async (page, where) => {
  const outside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(outside <= 0, `${where} is ${outside} px too wide`)
  const text = await page.evaluate(() => document.body.innerText)
  assert.doesNotMatch(text, /\b(statement|guard|count|casualty|rule1|alert|media|responsibility|said|fact|word|wording)[.:][a-z_]+\b/, `an untranslated key on ${where}`)
}

/** The screen in both languages, each theme looked at. */
async function everywhere(page, key, ready, name) {
  for (const code of ['en', 'ur']) {
    await speak(page, code)
    await show(page, key)
    await page.locator(ready).first().waitFor()
    await page.locator('.scrolls').evaluate((element) => element.scrollTo(0, 0))
    for (const wanted of ['dark', 'light', 'red']) {
      await theme(page, wanted)
      await fitsIn(page, `${name} ${code}`)
      if (wanted !== 'red') await axe(page, `${name} ${wanted} ${code}`)
      await shot(page, `say-${name}-${wanted}-${code}`)
    }
    await theme(page, 'dark')
    if (!shots) continue
    await page.setViewportSize({ width: 1366, height: 768 })
    await shot(page, `say-${name}-1366-${code}`)
    await page.setViewportSize({ width: 1600, height: 900 })
  }
  await speak(page, 'en')
}

/** An incident with five people who each have what they need and no more. */
async function post(name) {
  const server = await start('serve', name)
  const duty = await visit(server)
  await setUp(duty.page, server.code)
  const roles = { information: ['information'], commander: ['commander'], medic: ['medical', 'clinician'], officer: ['casualty-officer'], liaison: ['family-liaison'] }
  for (const [who, own] of Object.entries(roles)) {
    const made = await api(duty.page, 'POST', '/api/operators', { name: 'EX ' + who, password: PASSWORD, roles: own })
    assert.equal(made.status, 200, made.detail)
  }
  await tell(duty.page, 'incident.opened', { name: 'EX Harbour House', type: 'complex-attack', exercise: true })
  await tell(duty.page, 'command.assumed', { scope: 'incident', commanders: ['EX commander'] })
  return {
    server, duty,
    async as(who) {
      const it = await visit(server)
      it.refused()
      await logIn(it.page, 'EX ' + who, PASSWORD)
      await it.page.locator('#foot').getByText('LIVE').waitFor()
      return it
    },
  }
}

async function accept(page, counter, figure, why) {
  await show(page, '5')
  await page.locator('.counts').getByRole('button', { name: 'Accept a figure' }).click()
  const form = page.locator('form.accept')
  await form.locator(`input[value=${counter}]`).check()
  await form.locator('fieldset input').first().check()
  await page.fill('#accept-count', String(figure))
  await page.fill('#accept-reason', why)
  await form.getByRole('button', { name: 'Accept a figure' }).click()
  await form.waitFor({ state: 'detached' })
  await page.locator(`tr[data-row=accepted] td[data-counter=${counter}] .figure`).getByText(String(figure), { exact: true }).waitFor()
}

test('the matrix says what the record says at 22:45', { timeout: 120_000 }, async () => {
  const { page } = watching
  await page.locator('#strip .cell').filter({ hasText: 'Killed' }).getByText('4 to 5', { exact: true }).waitFor()
  await page.locator('#strip .cell').filter({ hasText: 'Injured' }).getByText('14 to 19', { exact: true }).waitFor()
  await page.locator('#strip .cell').filter({ hasText: 'EOD searched' }).getByText('0 of 43', { exact: true }).waitFor()
  await show(page, '5')
  await page.locator('#counters').waitFor()
  const { incidents } = await api(page, 'GET', '/api/incidents')
  const { counters } = await api(page, 'GET', `/api/incidents/${incidents[0].id}/views/counters`)
  const range = ({ lo, hi }) => (lo === null ? '·' : hi === null ? `${lo} or more` : lo === hi ? String(lo) : `${lo} to ${hi}`)
  const shown = await page.$$eval('#counters thead th[data-counter]', (heads) => heads.map((it) => it.dataset.counter))
  assert.deepEqual(shown.slice(0, 3), ['killed', 'injured', 'missing'])
  for (const [name, it] of Object.entries(counters)) {
    if (!shown.includes(name)) {
      assert.equal(it.claims.length, 0, `${name} is said and not shown`)
      continue
    }
    const cells = page.locator(`.by-source td[data-counter=${name}] .figure bdi`)
    const used = it.claims.filter((claim) => claim.is === 'used' && claim.lo !== null)
    assert.deepEqual((await cells.allInnerTexts()).sort(), used.map(range).sort(), name)
    for (const claim of used) {
      assert.equal(await page.locator(`tr[data-source="${claim.source}"] td[data-counter=${name}] .figure bdi`).innerText(), range(claim), claim.source)
    }
    const sum = (row) => page.locator(`tr[data-row=${row}] td[data-counter=${name}]`).innerText()
    assert.match(await sum('range'), new RegExp('^' + (it.known ? range(it) : 'not reported')), name)
    assert.match(await sum('confirmed'), it.confirmed ? new RegExp('^' + it.confirmed) : /none yet/, name)
    assert.match(await sum('accepted'), it.accepted === null ? /none yet/ : new RegExp('^' + it.accepted), name)
    assert.equal(await page.locator(`.by-source td.differs[data-counter=${name}]`).count(), it.known && !it.agreed && it.values > 1 ? used.length : 0, name)
  }
  assert.equal(await page.locator('tr[data-row=range] td[data-counter=killed] small').innerText(), '3 sources, 2 values')
  assert.match(await page.locator('tr[data-row=range] td[data-counter=attackers]').innerText(), /3 accounted for/)

  // Old claims are folded away, and each says by which step of the rule it does not count.
  await page.locator('.claims summary').click()
  const out = page.locator('#claimtable tr[data-is=superseded]')
  assert.ok(await out.count() >= 2)
  assert.match(await out.first().innerText(), /same source said another figure later/)
  assert.match(await page.locator('#claimtable tr[data-is=overtaken]').first().innerText(), /newer by more than 30 minutes/)
  await page.locator('.claims summary').click()

  // Asking a source for the names behind a count is a task, begun by one press.
  await page.locator('.by-source tr').first().getByRole('button', { name: 'Ask for names' }).click()
  assert.match(await page.locator('#entry-text').inputValue(), /^Ask .* for the names behind: /)
  await page.keyboard.press('Escape')
  await page.locator('#casualtytable tbody tr').filter({ hasText: 'EX-0003' }).locator('th button').click()
  await page.locator('.casualty').waitFor()
  await everywhere(page, '5', '#counters', 'casualties')
  await watching.close()
  await evening.stop()
})

test('a statement from fact to release, what may not go out, and what we said when the figure changes', { timeout: 180_000 }, async () => {
  const it = await post('said')
  const writer = await it.as('information')
  const boss = await it.as('commander')
  const a = writer.page
  const b = boss.page
  await a.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const claim = (report, counter, n) => ({ report, counter, lo: n, hi: n, source: 'EX-Hospital A', grade: 'A2', as_of: new Date().toISOString() })
  await tell(a, 'source.registered', { source: 'EX-Hospital A', source_kind: 'hospital', name: 'EX-Hospital A' })
  await tell(a, 'count.claimed', claim('R-1', 'killed', 2))
  await tell(a, 'count.claimed', claim('R-2', 'injured', 14))
  await accept(b, 'killed', 2, 'EX phoned by the doctor on duty')
  await accept(b, 'injured', 14, 'EX phoned by the doctor on duty')
  await axe(b, 'accepted figures')

  // The information officer drafts from both facts, in both languages at once.
  await show(a, '7')
  await a.locator('.bar').getByRole('button', { name: 'Draft a statement' }).click()
  await a.fill('#statement-speaker', 'EX spokesperson')
  await a.getByRole('button', { name: 'Begin the draft' }).click()
  await a.locator('.statement[data-state=draft]').getByRole('button', { name: 'Lines from facts' }).click()
  for (const box of await a.locator('.facts-picker input[type=checkbox]').all()) await box.check()
  await a.getByRole('button', { name: 'Write 2 lines' }).click()
  const red = a.locator('.pair[data-light=red]')
  const green = a.locator('.pair[data-light=green]')
  await red.waitFor()
  await green.waitFor()
  await red.getByText('The number killed is not what person records confirm.').waitFor()
  assert.match(await red.locator('.light').innerText(), /blocked/)
  assert.match(await green.locator('.tongue.en').innerText(), /^At least 14 people are known to be injured/)
  assert.match(await green.locator('.tongue.ur').innerText(), /کم از کم 14 افراد زخمی/)
  await shot(a, 'say-draft')
  await axe(a, 'a draft')

  // Who wrote it does not check it; a second person does; red does not pass the commander either.
  await a.getByRole('button', { name: 'I have checked it' }).click()
  await a.getByRole('alert').getByText('a second person is needed').waitFor()
  await show(b, '7')
  await b.getByRole('button', { name: 'I have checked it' }).click()
  await b.getByRole('button', { name: 'Approve', exact: true }).click()
  await b.getByRole('alert').getByText('cannot go out: the number killed is not what person records confirm').waitFor()
  await red.getByRole('button', { name: 'Take out' }).click()
  await red.waitFor({ state: 'detached' })

  // A line of one's own: nothing under it is red, a number of nobody is red, weak ground needs who says so.
  await a.getByRole('button', { name: 'Write a line' }).click()
  await a.fill('#line-en', 'The road is closed.')
  await a.fill('#line-ur', 'سڑک بند ہے۔')
  await a.getByRole('button', { name: 'Save the line' }).click()
  await red.getByText('It rests on no fact.').waitFor()
  await red.getByRole('button', { name: 'Edit' }).click()
  await a.fill('#line-en', 'There are 99 people hurt.')
  await a.locator('.facts-picker input[type=search]').fill('injured')
  await a.locator('.facts-picker li input').check()
  await axe(a, 'a line being written')
  await a.getByRole('button', { name: 'Save the line' }).click()
  await red.getByText('it says 99').waitFor()
  await red.getByRole('button', { name: 'Take out' }).click()
  await red.waitFor({ state: 'detached' })

  await b.getByRole('button', { name: 'I have checked it' }).click()
  await b.getByRole('button', { name: 'Approve', exact: true }).click()
  await hold(a, a.getByRole('button', { name: 'Release (hold)' }))
  await a.locator('.statement[data-state=released]').waitFor()
  await a.locator('.rests').getByText('still so').waitFor()
  await a.getByRole('button', { name: 'Copy as text' }).click()
  await a.getByRole('button', { name: 'Copied' }).waitFor()
  assert.match(await a.evaluate(() => navigator.clipboard.readText()), /At least 14[\s\S]*کم از کم 14[\s\S]*Version 1/)

  // On paper: both languages, its version, and nothing of the desk.
  await a.emulateMedia({ media: 'print' })
  assert.ok(await a.locator('.handout .en').isVisible() && await a.locator('.handout .ur').isVisible())
  assert.match(await a.locator('.handout .foot').innerText(), /ST-1.*Version 1/)
  assert.equal(await a.locator('.statement-list').isVisible() || await a.locator('.statement-steps').isVisible() || await a.locator('#side').isVisible(), false)
  assert.match(await a.locator('.handout .ur p').evaluate((element) => getComputedStyle(element).fontFamily), /Nastaliq/)
  await shot(a, 'say-handout')
  await a.emulateMedia({ media: null })

  // The figure changes: what we said is marked, and somebody is asked for.
  await tell(a, 'count.claimed', claim('R-3', 'injured', 19))
  await accept(b, 'injured', 19, 'EX second call')
  await a.locator('.banner').getByText('another thing by now').waitFor()
  assert.match(await a.locator('.rests .differs').innerText(), /then: 14.*now: 19/)
  await a.locator('.att[data-id^="duty:release.questioned"]').waitFor()
  await shot(a, 'say-differs')

  // The correction takes its place when it is out, not before.
  await a.getByRole('button', { name: 'Correct it' }).click()
  await a.locator('[data-statement=ST-2] .pair[data-light=red]').getByText('it says 14').waitFor()
  await red.getByRole('button', { name: 'Edit' }).click()
  for (const code of ['en', 'ur']) await a.fill(`#line-${code}`, (await a.inputValue(`#line-${code}`)).replace('14', '19'))
  await a.getByRole('button', { name: 'Save the line' }).click()
  await green.waitFor()
  await show(b, '7')
  await b.locator('[data-id=ST-2]').click()
  await b.getByRole('button', { name: 'I have checked it' }).click()
  await b.getByRole('button', { name: 'Approve', exact: true }).click()
  assert.match(await a.locator('[data-id=ST-1]').innerText(), /questioned/)
  await hold(a, a.getByRole('button', { name: 'Release (hold)' }))
  await a.locator('[data-id=ST-1]').getByText('corrected').waitFor()
  assert.match(await a.locator('[data-id=ST-2]').innerText(), /version 2/)
  await a.locator('.att[data-id^="duty:release.questioned"]').waitFor({ state: 'detached' })

  // A commander who wrote it himself does not approve it, whatever name the form has.
  await b.locator('.bar').getByRole('button', { name: 'Draft a statement' }).click()
  await b.fill('#statement-speaker', 'EX spokesperson')
  await b.getByRole('button', { name: 'Begin the draft' }).click()
  await b.locator('[data-statement=ST-3]').getByRole('button', { name: 'Lines from facts' }).click()
  await b.locator('.facts-picker li').filter({ hasText: 'injured' }).locator('input').first().check()
  await b.getByRole('button', { name: 'Write 1 line' }).click()
  await b.locator('.pair[data-light=green]').waitFor()
  await a.locator('[data-id=ST-3]').click()
  await a.getByRole('button', { name: 'I have checked it' }).click()
  await b.getByRole('button', { name: 'Approve', exact: true }).click()
  await b.getByRole('alert').getByText('a second person is needed').waitFor()
  const forged = await api(b, 'POST', `/api/incidents/${INCIDENT}/commands`, { kind: 'statement.approved', fields: { statement: 'ST-3', approved_by: 'EX somebody', role: 'commander' } })
  assert.equal(forged.status, 409)

  await everywhere(a, '7', '.statement', 'statements')
  await tell(a, 'media.logged', { media: 'ML-1', speaker: 'EX minister', text: 'EX we condemn it' })
  await tell(a, 'responsibility.claimed', { responsibility: 'CR-1', group: 'group-1', text: 'EX a claim' })
  await tell(a, 'alert.drafted', { alert: 'AL-1', text: 'EX the street is safe again', audience: 'residents', area: 'EX Harbour Road', expires_at: new Date(Date.now() + 3_600_000).toISOString(), by: 'EX information' })
  await a.getByRole('button', { name: 'Alerts' }).click()
  await a.locator('[data-alert=AL-1] .light.red').waitFor()
  await shot(a, 'say-alerts')
  await axe(a, 'alerts')
  await a.getByRole('button', { name: 'What others say' }).click()
  await a.getByText('Never repeated to the public').waitFor()
  await shot(a, 'say-others')
  await axe(a, 'what others say')
  for (const one of [writer, boss, it.duty]) await one.close()
  await it.server.stop()
})

test('persons by tag: one tap each, two holders of an identity, and what a medic does not see', { timeout: 120_000 }, async () => {
  const it = await post('persons')
  for (const tag of ['EX-1', 'EX-2', 'EX-3']) await tell(it.duty.page, 'casualty.reported', { casualty: tag, category: 'public', place: 'EX Gate 2', by: 'EX medic' })
  const medic = await it.as('medic')
  const { page } = medic
  await show(page, '5')
  const row = (tag) => page.locator('#casualtytable tbody tr').filter({ has: page.locator('th', { hasText: tag }) })
  const card = page.locator('.casualty')
  const tap = (name) => card.getByRole('button', { name, exact: true }).click()
  await row('EX-1').locator('th button').click()
  await tap('immediate (T1)')
  await row('EX-1').getByText('immediate').waitFor()
  await tap('delayed (T2)')
  await row('EX-1').getByText('delayed').waitFor()
  // Taken back within ten seconds.
  await show(page, 'z')
  await row('EX-1').getByText('immediate').waitFor()
  await tap('To hospital')
  await page.fill('#casualty-vehicle', 'EX-AMB-4')
  await page.fill('#casualty-to', 'EX-Hospital A')
  await tap('Send')
  await page.locator('[data-hospital="EX-Hospital A"]').getByText('1 sent, 0 received').waitFor()
  await tap('Hospital has received')
  await page.locator('[data-hospital="EX-Hospital A"]').getByText('1 sent, 1 received').waitFor()
  // What does not follow is refused where it was asked for.
  await tap('loading')
  await card.getByRole('alert').getByText('does not follow').waitFor()
  await tap('Verify')
  await card.getByRole('button', { name: 'Doubt it' }).waitFor()
  await shot(page, 'say-casualty')
  await axe(page, 'a casualty')

  // Filters; and two tags of one person become one.
  await page.locator('.persons .chips').getByRole('button', { name: 'immediate' }).click()
  assert.equal(await page.locator('#casualtytable tbody tr').count(), 1)
  await page.locator('.persons .chips').getByRole('button', { name: 'immediate' }).click()
  await row('EX-3').locator('th button').click()
  await tap('Merge')
  await page.locator('#merge-into').selectOption('EX-2')
  await page.fill('#merge-why', 'EX two tags on one stretcher')
  await card.locator('form').getByRole('button', { name: 'Merge' }).click()
  await row('EX-3').waitFor({ state: 'detached' })
  // A medic hears nothing of sources, sealed identities and statements.
  assert.equal(await page.locator('.identity').count(), 0)
  assert.equal(await page.locator('#casualtytable thead').getByText('Next of kin').count(), 0)
  await page.emulateMedia({ media: 'print' })
  assert.ok(await page.locator('#casualtytable').isVisible())
  assert.ok(await page.getByText('Tags only. No identity').isVisible())
  assert.equal(await page.locator('.persons .btn').first().isVisible(), false)
  await page.emulateMedia({ media: null })
  await medic.close()

  // Two people seal who it is, and the same two open it, with a reason that stays.
  const officer = await it.as('officer')
  const p = officer.page
  await show(p, '5')
  await p.locator('#casualtytable tbody tr').filter({ hasText: 'EX-1' }).locator('th button').click()
  const holders = async (one = 'EX phrase of one', two = 'EX phrase of two') => {
    await p.fill('#holder-one', 'EX officer')
    await p.fill('#phrase-one', one)
    await p.fill('#holder-two', 'EX liaison')
    await p.fill('#phrase-two', two)
  }
  const submit = (name) => p.locator('.identity form').getByRole('button', { name, exact: true }).click()
  await p.locator('.identity').getByRole('button', { name: 'Seal', exact: true }).click()
  await p.fill('#identity-text', 'EX nobody real')
  await holders()
  await axe(p, 'sealing an identity')
  await submit('Seal')
  await p.locator('.identity [role=status]').getByText('Sealed.').waitFor()
  await p.locator('.identity').getByRole('button', { name: 'Open', exact: true }).click()
  await p.fill('#identity-reason', 'EX the family asks')
  await holders()
  await submit('Open')
  await p.locator('.identity').getByText('EX nobody real').waitFor()
  await shot(p, 'say-identity')
  await p.locator('.casualty header .square').click()
  assert.equal(await p.getByText('EX nobody real').count(), 0)
  await everywhere(p, '5', '#casualtytable', 'persons')
  await officer.close()
  await it.duty.close()
  await it.server.stop()
  const log = execFileSync(CORDON, ['log', '--data', it.server.data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
  assert.equal(log.filter((line) => line.kind === 'casualty.identity_sealed').length, 1)
  assert.equal(log.filter((line) => line.kind === 'casualty.identity_opened').length, 1)
  assert.ok(!JSON.stringify(log).includes('nobody real'))
})
