// Small things that lead to the very item: who waits is admitted by name, what is found is opened, a fact is looked at
// again, a phone's groups are switched.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { axe, open, shot, shown } from './page.mjs'
import { post } from './press.mjs'
import { CORDON, folder, freePort, setUp, start, visit } from './real.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`the key A lists who waits, and admits who is ticked, in ${lang}`, async () => {
    const it = await open({ held: 3 }, `?lang=${lang}`)
    const { page, mock } = it
    await shown(page)
    await page.locator('[data-id=held]').waitFor()
    await page.locator('#foot').click()
    await page.keyboard.press('a')
    const names = page.locator('dialog.admit input[type=checkbox]')
    await names.nth(2).waitFor()
    const held = () => mock.state.welcome.devices.filter((one) => one.held).length
    assert.equal(held(), 3, 'a key alone admits nobody')
    assert.ok(await page.locator('dialog.admit .primary').isDisabled())
    await names.nth(1).check()
    await axe(page, `who waits ${lang}`)
    await shot(page, `items-admit-${lang}`)
    const second = mock.state.welcome.devices.filter((one) => one.held)[1].serial
    await page.locator('dialog.admit .primary').click()
    await page.locator('dialog.admit').waitFor({ state: 'detached' })
    assert.equal(held(), 2)
    assert.equal(mock.state.welcome.devices.find((one) => one.serial === second).held, false)
    await it.close()
  })

  test(`the search opens the very casualty, task and statement, in ${lang}`, async () => {
    const it = await open({ incident: exercise() }, `?lang=${lang}`)
    const { page } = it
    await shown(page)
    await page.locator('#strip .cell').first().waitFor()
    const find = async (words, key) => {
      await page.keyboard.press('Control+k')
      await page.locator('dialog.find input').fill(words)
      await page.locator('.hit').filter({ hasText: key }).first().click()
    }
    await find('C-2', 'C-2')
    await page.locator('.card.casualty[data-tag="C-2"]').waitFor()
    await page.waitForFunction(() => document.activeElement?.matches('.card.casualty'))
    await shot(page, `items-casualty-${lang}`)
    // One that is done is not on the board by itself.
    await find('Second stretcher', 'TK-3')
    await page.waitForFunction(() => document.activeElement?.matches('[data-task="TK-3"]'))
    await shot(page, `items-task-${lang}`)
    await find('fire tender', 'TK-1')
    await page.waitForFunction(() => document.activeElement?.matches('[data-task="TK-1"]'))
    await it.close()
  })

  test(`a group of a phone's user is switched off and on, and the record has it, in ${lang}`, async () => {
    const server = await start('serve', `groups_${lang}`, ['--enrol', await freePort()])
    execFileSync(CORDON, ['client', 'ex-f1', '--data', server.data, '--group', 'all', '--group', 'fire', '--out', join(folder, `groups-${lang}`)])
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await setUp(page, server.code)
    await page.locator('#rail').getByRole('button').last().click()
    await page.locator('#devicetable').getByRole('button', { name: 'ex-f1' }).click()
    const group = page.locator('.phonegroups label').filter({ hasText: 'fire' }).locator('input')
    await group.waitFor()
    assert.ok(await group.isChecked())
    await group.click()
    const off = () => page.evaluate(async () => (await (await fetch('/api/users')).json()).users.find((one) => one.name === 'ex-f1').off)
    await page.waitForFunction(async () => (await (await fetch('/api/users')).json()).users.find((one) => one.name === 'ex-f1').off.includes('fire'))
    assert.deepEqual(await off(), ['fire'])
    await page.waitForFunction(() => !document.querySelector('.phonegroups input:disabled'))
    assert.equal(await group.isChecked(), false)
    await axe(page, `groups ${lang}`)
    await shot(page, `items-groups-${lang}`)
    await group.click()
    await page.waitForFunction(async () => (await (await fetch('/api/users')).json()).users.find((one) => one.name === 'ex-f1').off.length === 0)
    await it.close()
    await server.stop()
    const rows = execFileSync(CORDON, ['log', '--data', server.data, '--json']).toString().trim().split('\n').map((line) => JSON.parse(line)).filter((row) => row.kind === 'groups.changed')
    assert.ok(rows.length >= 2, `${rows.length} changes`)
  })

  test(`a fact whose review is due is looked at again, by a button where it stands, in ${lang}`, async () => {
    const server = await start('serve', `fact_${lang}`)
    const it = await visit(server, `?lang=${lang}`)
    const { page } = it
    await setUp(page, server.code)
    let n = 0
    const enter = async (path, kind, fields, more = {}) => {
      const made = await post(page, path, { id: `EX-fact-00000${n++}`, kind, fields, ...more })
      assert.equal(made.status, 200, made.text)
    }
    await enter('/api/incidents', 'incident.opened', { name: 'EX Harbour House', type: 'fire' }, { incident: 'EX-F' })
    const commands = '/api/incidents/EX-F/commands'
    await enter(commands, 'source.registered', { source: 'EX-caller', name: 'EX caller', source_kind: 'caller' })
    await enter(commands, 'report.received', { report: 'R-1', predicate: 'note', text: 'EX the east gate is open', source: 'EX-caller', grade: 'B2' })
    await enter(commands, 'fact.accepted', { fact: 'F-1', text: 'EX the east gate is open', basis: ['R-1'], review_at: new Date(Date.now() - 60_000).toISOString(), role: 'planning' })
    await enter(commands, 'statement.drafted', { statement: 'ST-1', speaker: 'EX speaker', audience: 'public', by: 'Duty officer' })
    await page.keyboard.press('7')
    await page.getByRole('button', { name: say('statement.from_facts') }).click()
    await page.getByRole('button', { name: say('fact.review_now'), exact: true }).click()
    await page.locator('#entry-title').waitFor()
    await axe(page, 'a review')
    await shot(page, `items-review-${lang}`)
    await page.locator('#entry .primary').click()
    await page.locator('#entry').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: say('fact.review_now'), exact: true }).waitFor({ state: 'detached' })
    await it.close()
    await server.stop()
  })
}
