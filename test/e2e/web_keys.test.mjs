// What a commander and an information officer do, by keys alone, against the real server: command
// is assumed and handed over, a statement goes from a fact to its release by two people. In both languages.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { slash } from './hands.mjs'
import { CORDON, setUp, start, visit } from './real.mjs'

const PASSWORD = 'practice only'
const INCIDENT = 'EX-KEYS'
const TABS_MAX = 250

/** A call of the page's own session: the scene, not what is tested. */
const api = (page, path, body) => page.evaluate(async ([address, text]) => {
  const { csrf } = await (await fetch('/api/session')).json()
  const headers = { 'Content-Type': 'application/json', 'X-Cordon-CSRF': csrf }
  const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ id: crypto.randomUUID(), ...text }) })
  return { ok: answer.ok, ...(await answer.json().catch(() => ({}))) }
}, [path, body])

async function tell(page, kind, fields) {
  const path = kind === 'incident.opened' ? '/api/incidents' : `/api/incidents/${INCIDENT}/commands`
  const answer = await api(page, path, { kind, fields, ...(kind === 'incident.opened' ? { incident: INCIDENT } : {}) })
  assert.ok(answer.ok, `${kind}: ${answer.detail}`)
  return answer.seq
}

/** Goes on by Tab until what the selector names, and says, has the focus. */
async function tabTo(page, selector, text = '') {
  await page.locator(selector).filter({ hasText: text }).first().waitFor()
  for (let i = 0; i < TABS_MAX; i++) {
    const there = await page.evaluate(([wanted, said]) => {
      const it = document.activeElement
      return (it?.matches(wanted) ?? false) && it.textContent.includes(said)
    }, [selector, text])
    if (there) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${selector} ${text} is not reached by Tab`)
}

async function press(page, text) {
  await tabTo(page, '#work button', text)
  await page.keyboard.press('Enter')
}

async function logInByKeys(server, lang, name) {
  const it = await visit(server, `?lang=${lang}`)
  const { page } = it
  await page.locator('#name').waitFor()
  await tabTo(page, '#name')
  await page.keyboard.type(name)
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('#strip .cell').first().waitFor()
  return it
}

/** Out of a field: keys of the page are letters there. */
async function begin(page, word) {
  await page.keyboard.press('Escape')
  await slash(page, word)
}

async function screen(page, key) {
  await page.keyboard.press('Escape')
  await page.keyboard.press(key)
}

for (const lang of ['en', 'ur']) {
  test(`command is assumed and handed over, a statement is written, checked, approved and released, ${lang}`, { timeout: 120_000 }, async () => {
    const words = JSON.parse(readFileSync(new URL(`../../web/src/i18n/${lang}.json`, import.meta.url), 'utf8'))
    const server = await start('serve', 'keys-' + lang)
    const duty = await visit(server)
    await setUp(duty.page, server.code)
    for (const [who, role] of [['information', 'information'], ['commander', 'commander']]) {
      const made = await api(duty.page, '/api/operators', { name: 'EX ' + who, password: PASSWORD, roles: [role] })
      assert.ok(made.ok, made.detail)
    }
    await tell(duty.page, 'incident.opened', { name: 'EX Harbour House', type: 'complex-attack', exercise: true })

    const boss = await logInByKeys(server, lang, 'EX commander')
    const b = boss.page
    await b.locator('#top .vacant').waitFor()
    await begin(b, 'command')
    await tabTo(b, '#entry .acts .primary')
    await b.keyboard.press('Enter')
    await b.locator('#top .command').getByText('EX commander').waitFor()
    await b.locator('#entry').waitFor({ state: 'detached' })

    // The ground of a statement: a hospital's count, adopted by command.
    await tell(duty.page, 'source.registered', { source: 'EX-Hospital A', source_kind: 'hospital', name: 'EX-Hospital A' })
    await tell(duty.page, 'count.claimed', { report: 'R-1', counter: 'injured', lo: 14, hi: 14, source: 'EX-Hospital A', grade: 'A2', as_of: new Date().toISOString() })
    await tell(b, 'fact.accepted', { fact: 'F-1', role: 'commander', text: 'EX injured 14', basis: ['R-1'], lo: 14, counter: 'injured', as_of: new Date().toISOString(), review_at: new Date(Date.now() + 1_800_000).toISOString() })

    const writer = await logInByKeys(server, lang, 'EX information')
    const a = writer.page
    await screen(a, '7')
    await press(a, words['statement.draft'])
    await a.locator('#statement-speaker').waitFor()
    await tabTo(a, '#statement-speaker')
    await a.keyboard.type('EX spokesperson')
    await a.keyboard.press('Enter')
    await a.locator('.statement[data-state=draft]').waitFor()
    await press(a, words['statement.from_facts'])
    await tabTo(a, '.facts-picker input[type=checkbox]')
    await a.keyboard.press('Space')
    await press(a, words['statement.write_lines.one'].replace('{n}', lang === 'ur' ? '\u20681\u2069' : '1'))
    await a.locator('.pair[data-light=green]').waitFor()

    await screen(b, '7')
    await press(b, words['statement.check'])
    await press(b, words['statement.approve'])
    await tabTo(a, '.statement .btn.hold')
    await a.keyboard.down('Enter')
    await a.locator('.statement[data-state=released]').waitFor()
    await a.keyboard.up('Enter')

    // Handed over: who takes over is typed, Enter hands over.
    await begin(b, 'transfer')
    await tabTo(b, '#transfer-to')
    await b.keyboard.type('EX relief')
    await b.keyboard.press('Enter')
    await b.locator('#top .command').getByText('EX relief').waitFor()
    await b.locator('#entry.transfer').waitFor({ state: 'detached' })
    for (const it of [boss, writer, duty]) await it.close()
    await server.stop()
    const log = execFileSync(CORDON, ['log', '--data', server.data, '--json'], { maxBuffer: 1 << 26 }).toString().trim().split('\n').map((line) => JSON.parse(line))
    const count = (kind) => log.filter((line) => line.kind === kind).length
    assert.deepEqual(['command.assumed', 'command.transferred', 'statement.approved', 'statement.released'].map(count), [1, 1, 1, 1])
  })
}
