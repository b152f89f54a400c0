// What is said: casualties by source and by tag, statements and what may not go out, against the real server with
// the people whom the rules ask for: information officer, commander, medic, casualty officer, family liaison.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, test } from 'node:test'
import { CORDON, axe, logIn, setUp, shot, shots, start, visit } from './real.mjs'
import { LANGUAGES, plain, wordsOf } from './words.mjs'

const PASSWORD = 'practice only'
let evening

before(async () => {
  evening = await start('exercise', 'said-evening', ['--speed', '900', '--until', '2023-02-17T22:45:00+05:00'])
  const first = await visit(evening)
  await setUp(first.page, evening.code)
  await first.close()
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

/** The screen in each theme, looked at. */
async function everywhere(page, key, ready, name) {
  await show(page, key)
  await page.locator(ready).first().waitFor()
  await page.locator('.scrolls').evaluate((element) => element.scrollTo(0, 0))
  for (const wanted of ['dark', 'light', 'red']) {
    await theme(page, wanted)
    await fitsIn(page, name)
    if (wanted !== 'red') await axe(page, `${name} ${wanted}`)
    await shot(page, `say-${name.replace(' ', `-${wanted}-`)}`)
  }
  await theme(page, 'dark')
  if (!shots) return
  await page.setViewportSize({ width: 1366, height: 768 })
  await shot(page, `say-${name.replace(' ', '-1366-')}`)
  await page.setViewportSize({ width: 1600, height: 900 })
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  /** An incident with five people who each have what they need and no more. */
  async function post(name) {
    const server = await start('serve', `${name}-${lang}`)
    const duty = await visit(server, `?lang=${lang}`)
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
        const it = await visit(server, `?lang=${lang}`)
        it.refused()
        await logIn(it.page, 'EX ' + who, PASSWORD)
        await it.page.locator('#foot').getByText(say('foot.live')).waitFor()
        return it
      },
    }
  }

  async function accept(page, counter, figure, why) {
    await show(page, '5')
    await page.locator('.counts').getByRole('button', { name: say('count.accept') }).click()
    const form = page.locator('form.accept')
    await form.locator(`input[value=${counter}]`).check()
    await form.locator('fieldset input').first().check()
    await page.fill('#accept-count', String(figure))
    await page.fill('#accept-reason', why)
    await form.getByRole('button', { name: say('count.accept') }).click()
    await form.waitFor({ state: 'detached' })
    await page.locator(`tr[data-row=accepted] td[data-counter=${counter}] .figure`).getByText(String(figure), { exact: true }).waitFor()
  }

  test(`the matrix says what the record says at 22:45, in ${lang}`, { timeout: 120_000 }, async () => {
    const watching = await visit(evening, `?lang=${lang}`)
    const { page } = watching
    await logIn(page, 'Duty officer')
    const cell = (key) => page.locator('#strip .cell').filter({ hasText: say(key) })
    await cell('strip.killed').getByText(say.exactly('count.range', { lo: 4, hi: 5 })).waitFor()
    await cell('strip.injured').getByText(say.exactly('count.range', { lo: 14, hi: 19 })).waitFor()
    await cell('strip.eod').getByText(say.exactly('strip.of', { n: 0, total: 43 })).waitFor()
    await show(page, '5')
    await page.locator('#counters').waitFor()
    const { incidents } = await api(page, 'GET', '/api/incidents')
    const { counters } = await api(page, 'GET', `/api/incidents/${incidents[0].id}/views/counters`)
    const range = ({ lo, hi }) => (lo === null ? '·' : hi === null ? say('count.open', { lo }) : lo === hi ? String(lo) : say('count.range', { lo, hi }))
    const shown = await page.$$eval('#counters thead th[data-counter]', (heads) => heads.map((it) => it.dataset.counter))
    assert.deepEqual(shown.slice(0, 3), ['killed', 'injured', 'missing'])
    for (const [name, it] of Object.entries(counters)) {
      if (!shown.includes(name)) {
        assert.equal(it.claims.length, 0, `${name} is said and not shown`)
        continue
      }
      const cells = page.locator(`.by-source td[data-counter=${name}] .figure bdi`)
      const used = it.claims.filter((claim) => claim.is === 'used' && claim.lo !== null)
      assert.deepEqual((await cells.allInnerTexts()).map(plain).sort(), used.map(range).sort(), name)
      for (const claim of used) {
        assert.equal(plain(await page.locator(`tr[data-source="${claim.source}"] td[data-counter=${name}] .figure bdi`).innerText()), range(claim), claim.source)
      }
      const begins = async (row, text) => {
        const sum = plain(await page.locator(`tr[data-row=${row}] td[data-counter=${name}]`).innerText())
        assert.ok(sum.startsWith(text), `${name}, ${row}: ${sum}, not ${text}`)
      }
      await begins('range', it.known ? range(it) : say('count.none'))
      await begins('confirmed', it.confirmed ? String(it.confirmed) : say('count.nobody'))
      await begins('accepted', it.accepted === null ? say('count.nobody') : String(it.accepted))
      assert.equal(await page.locator(`.by-source td.differs[data-counter=${name}]`).count(), it.known && !it.agreed && it.values > 1 ? used.length : 0, name)
    }
    assert.equal(plain(await page.locator('tr[data-row=range] td[data-counter=killed] small').innerText()), [say('count.sources_n', { n: 3 }), say('count.values_n', { n: 2 })].join(say('comma')))
    assert.match(await page.locator('tr[data-row=range] td[data-counter=attackers]').innerText(), say.like('count.accounted', { n: 3 }))

    // Old claims are folded away, and each says by which step of the rule it does not count.
    await page.locator('.claims summary').click()
    const out = page.locator('#claimtable tr[data-is=superseded]')
    assert.ok(await out.count() >= 2)
    assert.match(await out.first().innerText(), say.like('rule1.superseded'))
    assert.match(await page.locator('#claimtable tr[data-is=overtaken]').first().innerText(), say.like('rule1.overtaken'))
    await page.locator('.claims summary').click()

    // Asking a source for the names behind a count is a task, begun by one press.
    await page.locator('.by-source tr').first().getByRole('button', { name: say('count.ask_names') }).click()
    assert.match(await page.locator('#entry-text').inputValue(), say.exactly('count.ask_text'))
    await page.keyboard.press('Escape')
    await page.locator('#casualtytable tbody tr').filter({ hasText: 'EX-0003' }).locator('th button').click()
    await page.locator('.casualty').waitFor()
    await everywhere(page, '5', '#counters', `casualties ${lang}`)
    await watching.close()
  })

  test(`a statement from fact to release, what may not go out, and what we said when the figure changes, in ${lang}`, { timeout: 180_000 }, async () => {
    const it = await post('said')
    const writer = await it.as('information')
    const boss = await it.as('commander')
    const a = writer.page
    const b = boss.page
    await a.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const second = say.said('{0} wrote it; a second person is needed')
    const unconfirmed = say.said('the number killed is not what person records confirm')
    const says = (n) => say.said('it says {0}, and no fact that it rests on does', n)
    const foot = say.like('statement.foot', { n: 1 }).source
    const claim = (report, counter, n) => ({ report, counter, lo: n, hi: n, source: 'EX-Hospital A', grade: 'A2', as_of: new Date().toISOString() })
    await tell(a, 'source.registered', { source: 'EX-Hospital A', source_kind: 'hospital', name: 'EX-Hospital A' })
    await tell(a, 'count.claimed', claim('R-1', 'killed', 2))
    await tell(a, 'count.claimed', claim('R-2', 'injured', 14))
    await accept(b, 'killed', 2, 'EX phoned by the doctor on duty')
    await accept(b, 'injured', 14, 'EX phoned by the doctor on duty')
    await axe(b, 'accepted figures')

    // The information officer drafts from both facts, in both languages at once.
    await show(a, '7')
    await a.locator('.bar').getByRole('button', { name: say('statement.draft') }).click()
    await a.fill('#statement-speaker', 'EX spokesperson')
    await a.getByRole('button', { name: say('statement.begin') }).click()
    await a.locator('.statement[data-state=draft]').getByRole('button', { name: say('statement.from_facts') }).click()
    for (const box of await a.locator('.facts-picker input[type=checkbox]').all()) await box.check()
    await a.getByRole('button', { name: say.exactly('statement.write_lines', { n: 2 }) }).click()
    const red = a.locator('.pair[data-light=red]')
    const green = a.locator('.pair[data-light=green]')
    await red.waitFor()
    await green.waitFor()
    await red.getByText(say('guard.unconfirmed')).waitFor()
    assert.match(await red.locator('.light').innerText(), say.like('guard.red'))
    assert.match(await green.locator('.tongue.en').innerText(), /^At least 14 people are known to be injured/)
    assert.match(await green.locator('.tongue.ur').innerText(), /کم از کم 14 افراد زخمی/)
    await shot(a, `say-draft-${lang}`)
    await axe(a, 'a draft')

    // Who wrote it does not check it; a second person does; red does not pass the commander either.
    await a.getByRole('button', { name: say('statement.check') }).click()
    await a.getByRole('alert').getByText(second).waitFor()
    await show(b, '7')
    await b.getByRole('button', { name: say('statement.check') }).click()
    await b.getByRole('button', { name: say('statement.approve'), exact: true }).click()
    await b.getByRole('alert').getByText(say.said('"{0}" cannot go out: {1}')).and(b.getByText(unconfirmed)).waitFor()
    await red.getByRole('button', { name: say('statement.take_out') }).click()
    await red.waitFor({ state: 'detached' })

    // A line of one's own: nothing under it is red, a number of nobody is red, weak ground needs who says so.
    await a.getByRole('button', { name: say('statement.add_line') }).click()
    await a.fill('#line-en', 'The road is closed.')
    await a.fill('#line-ur', 'سڑک بند ہے۔')
    await a.getByRole('button', { name: say('statement.save_line') }).click()
    await red.getByText(say('guard.no_fact')).waitFor()
    await red.getByRole('button', { name: say('statement.edit') }).click()
    await a.fill('#line-en', 'There are 99 people hurt.')
    await a.locator('.facts-picker input[type=search]').fill(say('word:injured'))
    await a.locator('.facts-picker li input').check()
    await axe(a, 'a line being written')
    await a.getByRole('button', { name: say('statement.save_line') }).click()
    await red.getByText(says(99)).waitFor()
    await red.getByRole('button', { name: say('statement.take_out') }).click()
    await red.waitFor({ state: 'detached' })

    await b.getByRole('button', { name: say('statement.check') }).click()
    await b.getByRole('button', { name: say('statement.approve'), exact: true }).click()
    await hold(a, a.getByRole('button', { name: say('statement.release') }))
    await a.locator('.statement[data-state=released]').waitFor()
    await a.locator('.rests').getByText(say('said.same')).waitFor()
    await a.getByRole('button', { name: say('statement.copy') }).click()
    await a.getByRole('button', { name: say('statement.copied') }).waitFor()
    assert.match(await a.evaluate(() => navigator.clipboard.readText()), new RegExp(`At least 14.*کم از کم 14.*${foot}`, 's'))

    // On paper: both languages, its version, and nothing of the desk.
    await a.emulateMedia({ media: 'print' })
    assert.ok(await a.locator('.handout .en').isVisible() && await a.locator('.handout .ur').isVisible())
    assert.match(await a.locator('.handout .foot').innerText(), new RegExp(`ST-1.*${foot}`, 's'))
    assert.equal(await a.locator('.statement-list').isVisible() || await a.locator('.statement-steps').isVisible() || await a.locator('#side').isVisible(), false)
    assert.match(await a.locator('.handout .ur p').evaluate((element) => getComputedStyle(element).fontFamily), /Nastaliq/)
    await shot(a, `say-handout-${lang}`)
    await a.emulateMedia({ media: null })

    // The figure changes: what we said is marked, and somebody is asked for.
    await tell(a, 'count.claimed', claim('R-3', 'injured', 19))
    await accept(b, 'injured', 19, 'EX second call')
    await a.locator('.banner').getByText(say('statement.differs')).waitFor()
    const differs = await a.locator('.rests .differs').innerText()
    assert.match(differs, say.like('said.then', { then: 14 }))
    assert.match(differs, say.like('said.now', { now: 19 }))
    await a.locator('.att[data-id^="duty:release.questioned"]').waitFor()
    await shot(a, `say-differs-${lang}`)

    // The correction takes its place when it is out, not before.
    await a.getByRole('button', { name: say('statement.correct'), exact: true }).click()
    await a.locator('[data-statement=ST-2] .pair[data-light=red]').getByText(says(14)).waitFor()
    await red.getByRole('button', { name: say('statement.edit') }).click()
    for (const code of ['en', 'ur']) await a.fill(`#line-${code}`, (await a.inputValue(`#line-${code}`)).replace('14', '19'))
    await a.getByRole('button', { name: say('statement.save_line') }).click()
    await green.waitFor()
    await show(b, '7')
    await b.locator('[data-id=ST-2]').click()
    await b.getByRole('button', { name: say('statement.check') }).click()
    await b.getByRole('button', { name: say('statement.approve'), exact: true }).click()
    assert.match(await a.locator('[data-id=ST-1]').innerText(), say.like('word:questioned'))
    await hold(a, a.getByRole('button', { name: say('statement.release') }))
    await a.locator('[data-id=ST-1]').getByText(say('word:corrected')).waitFor()
    assert.match(await a.locator('[data-id=ST-2]').innerText(), say.like('statement.version', { n: 2 }))
    await a.locator('.att[data-id^="duty:release.questioned"]').waitFor({ state: 'detached' })

    // A commander who wrote it himself does not approve it, whatever name the form has.
    await b.locator('.bar').getByRole('button', { name: say('statement.draft') }).click()
    await b.fill('#statement-speaker', 'EX spokesperson')
    await b.getByRole('button', { name: say('statement.begin') }).click()
    await b.locator('[data-statement=ST-3]').getByRole('button', { name: say('statement.from_facts') }).click()
    await b.locator('.facts-picker li').filter({ hasText: say('word:injured') }).locator('input').first().check()
    await b.getByRole('button', { name: say.exactly('statement.write_lines', { n: 1 }) }).click()
    await b.locator('.pair[data-light=green]').waitFor()
    await a.locator('[data-id=ST-3]').click()
    await a.getByRole('button', { name: say('statement.check') }).click()
    await b.getByRole('button', { name: say('statement.approve'), exact: true }).click()
    await b.getByRole('alert').getByText(second).waitFor()
    const forged = await api(b, 'POST', `/api/incidents/${INCIDENT}/commands`, { kind: 'statement.approved', fields: { statement: 'ST-3', approved_by: 'EX somebody', role: 'commander' } })
    assert.equal(forged.status, 409)

    await everywhere(a, '7', '.statement', `statements ${lang}`)
    await tell(a, 'media.logged', { media: 'ML-1', speaker: 'EX minister', text: 'EX we condemn it' })
    await tell(a, 'responsibility.claimed', { responsibility: 'CR-1', group: 'group-1', text: 'EX a claim' })
    await tell(a, 'alert.drafted', { alert: 'AL-1', text: 'EX the street is safe again', audience: 'residents', area: 'EX Harbour Road', expires_at: new Date(Date.now() + 3_600_000).toISOString(), by: 'EX information' })
    await a.getByRole('button', { name: say('statement.view_alerts'), exact: true }).click()
    await a.locator('[data-alert=AL-1] .light.red').waitFor()
    await shot(a, `say-alerts-${lang}`)
    await axe(a, 'alerts')
    await a.getByRole('button', { name: say('statement.view_others'), exact: true }).click()
    await a.getByText(say('responsibility.never')).waitFor()
    await shot(a, `say-others-${lang}`)
    await axe(a, 'what others say')
    for (const one of [writer, boss, it.duty]) await one.close()
    await it.server.stop()
  })

  test(`persons by tag: one tap each, two holders of an identity, and what a medic does not see, in ${lang}`, { timeout: 120_000 }, async () => {
    const it = await post('persons')
    await tell(it.duty.page, 'point.set', { point: 'P-1', point_kind: 'ccp', place: 'EX Gate 2' })
    for (const tag of ['EX-1', 'EX-2', 'EX-3', 'EX-4']) await tell(it.duty.page, 'casualty.reported', { casualty: tag, category: 'public', point: 'P-1', by: 'EX medic' })
    const medic = await it.as('medic')
    const { page } = medic
    await show(page, '5')
    const row = (tag) => page.locator('#casualtytable tbody tr').filter({ has: page.locator('th', { hasText: tag }) })
    const card = page.locator('.casualty')
    const tap = (name) => card.getByRole('button', { name, exact: true }).click()
    await row('EX-1').locator('th button').click()
    await tap(say('word:immediate'))
    await row('EX-1').getByText(say('word:immediate')).waitFor()
    await tap(say('word:triage:delayed'))
    await row('EX-1').getByText(say('word:triage:delayed')).waitFor()
    // Taken back within ten seconds.
    await show(page, 'z')
    await row('EX-1').getByText(say('word:immediate')).waitFor()
    await tap(say('casualty.to_hospital'))
    await page.fill('#casualty-vehicle', 'EX-AMB-4')
    await page.fill('#casualty-to', 'EX-Hospital A')
    await tap(say('casualty.send'))
    await page.locator('[data-hospital="EX-Hospital A"]').getByText(say.like('casualty.sent_arrived', { sent: 1, arrived: 0 })).waitFor()
    await tap(say('casualty.arrived'))
    await page.locator('[data-hospital="EX-Hospital A"]').getByText(say.like('casualty.sent_arrived', { sent: 1, arrived: 1 })).waitFor()
    // What does not follow is refused where it was asked for.
    await tap(say('word:loading'))
    await card.getByRole('alert').getByText(say.said('{0} is {1}; {2} does not follow', 'EX-1')).waitFor()
    await tap(say('count.verified'))
    await card.getByRole('button', { name: say('casualty.doubt') }).waitFor()
    await shot(page, `say-casualty-${lang}`)
    await axe(page, 'a casualty')

    // Filters; and two tags of one person become one.
    await page.locator('.persons .chips').getByRole('button', { name: say('word:immediate') }).click()
    assert.equal(await page.locator('#casualtytable tbody tr').count(), 1)
    await page.locator('.persons .chips').getByRole('button', { name: say('word:immediate') }).click()
    // Who can wait goes before one who cannot only with a reason, asked for once it is needed.
    await tell(page, 'casualty.triage_set', { casualty: 'EX-2', triage: 'immediate', triage_scheme: 'start', by: 'EX medic' })
    await row('EX-4').locator('th button').click()
    await tap(say('word:minor'))
    await row('EX-4').getByText(say('word:minor')).waitFor()
    await tap(say('casualty.to_hospital'))
    await page.fill('#casualty-vehicle', 'EX-AMB-5')
    await page.fill('#casualty-to', 'EX-Hospital A')
    assert.equal(await page.locator('#casualty-why').count(), 0)
    await tap(say('casualty.send'))
    await card.getByRole('alert').getByText(say.said('{0} waits there and is immediate; say why this one goes first', 'EX-2')).waitFor()
    await page.fill('#casualty-why', 'EX the bus is full of sitting patients')
    await tap(say('casualty.send'))
    await page.locator('[data-hospital="EX-Hospital A"]').getByText(say.like('casualty.sent_arrived', { sent: 2, arrived: 1 })).waitFor()
    await row('EX-3').locator('th button').click()
    await tap(say('casualty.merge'))
    await page.locator('#merge-into').selectOption('EX-2')
    await page.fill('#merge-why', 'EX two tags on one stretcher')
    await card.locator('form').getByRole('button', { name: say('casualty.merge') }).click()
    await row('EX-3').waitFor({ state: 'detached' })
    // A medic hears nothing of sources, sealed identities and statements.
    assert.equal(await page.locator('.identity').count(), 0)
    assert.equal(await page.locator('#casualtytable thead').getByText(say('casualty.kin')).count(), 0)
    await page.emulateMedia({ media: 'print' })
    assert.ok(await page.locator('#casualtytable').isVisible())
    assert.ok(await page.getByText(say('casualty.paper_tags')).isVisible())
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
    await p.locator('.identity').getByRole('button', { name: say('identity.seal'), exact: true }).click()
    await p.fill('#identity-text', 'EX nobody real')
    await holders()
    await axe(p, 'sealing an identity')
    await submit(say('identity.seal'))
    await p.locator('.identity [role=status]').getByText(say('identity.done_seal')).waitFor()
    await p.locator('.identity').getByRole('button', { name: say('identity.open'), exact: true }).click()
    await p.fill('#identity-reason', 'EX the family asks')
    await holders()
    await submit(say('identity.open'))
    await p.locator('.identity').getByText('EX nobody real').waitFor()
    await shot(p, `say-identity-${lang}`)
    await p.locator('.casualty header .square').click()
    assert.equal(await p.getByText('EX nobody real').count(), 0)
    await everywhere(p, '5', '#casualtytable', `persons ${lang}`)
    await officer.close()
    await it.duty.close()
    await it.server.stop()
    const log = execFileSync(CORDON, ['log', '--data', it.server.data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
    assert.equal(log.filter((line) => line.kind === 'casualty.identity_sealed').length, 1)
    assert.equal(log.filter((line) => line.kind === 'casualty.identity_opened').length, 1)
    assert.ok(!JSON.stringify(log).includes('nobody real'))
  })
}
