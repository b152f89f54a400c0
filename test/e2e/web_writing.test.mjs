// Writing by keyboard on a laptop: a line is seen whole while it is written and is lost to nothing, a form is entered from
// each of its fields, and who writes to the log does so after the page was loaded again. Mock server, both languages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { axe, open, shot, shown } from './page.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

async function laptop(lang) {
  const it = await open({ incident: exercise(), history: 3 }, `?lang=${lang}`)
  await it.page.setViewportSize({ width: 1366, height: 768 })
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  return it
}

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`a line that is half written has the width of its column, and stands there again after an entry, in ${lang}`, async () => {
    const it = await laptop(lang)
    const { page } = it
    const line = page.locator('#composer-text')
    const wide = () => page.evaluate(() => document.querySelector('#composer-text').offsetWidth / document.querySelector('#composer').clientWidth)
    await page.locator('#foot').click()
    await page.keyboard.press('n')
    assert.ok(await wide() > 0.9, 'while it has the focus')
    await page.keyboard.type('EX two buses at the gate')
    await page.locator('#foot').click()
    assert.ok(await wide() > 0.9, 'while something stands in it')
    await axe(page, 'a line that is half written')
    await shot(page, `writing-line-${lang}`)

    // The slash, and away from it by Escape, by taking it away, and by an entry that is made.
    await page.locator('#composer .slash').press('Enter')
    await page.locator('#kinds').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.locator('#kinds').waitFor({ state: 'detached' })
    assert.equal(await line.inputValue(), 'EX two buses at the gate')
    await page.keyboard.press('/')
    await page.locator('#kinds').waitFor()
    await page.keyboard.press('Backspace')
    await page.locator('#kinds').waitFor({ state: 'detached' })
    assert.equal(await line.inputValue(), 'EX two buses at the gate')
    await page.locator('#foot').click()
    await page.keyboard.press('/')
    await page.locator('#kinds').waitFor()
    await page.keyboard.type('casualty')
    await page.keyboard.press('Enter')
    await page.locator('#entry-title').getByText(say('kind.casualty.reported')).waitFor()
    assert.equal(await line.inputValue(), 'EX two buses at the gate')

    // Enter enters, from a list and from a text of several lines.
    await page.locator('#entry-category').focus()
    await page.keyboard.press('Enter')
    await page.locator('#entry .wrong').first().waitFor()
    assert.equal(await page.evaluate(() => document.activeElement.id), 'entry-category')
    await axe(page, 'a field that is missing')
    await shot(page, `writing-form-${lang}`)
    await page.locator('#entry-category').selectOption('resident')
    await page.locator('#entry-text').focus()
    await page.keyboard.type('EX by the stair')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('EX walking')
    await page.keyboard.press('Enter')
    await page.locator('#entry').waitFor({ state: 'detached' })
    assert.equal(it.mock.state.commands.at(-1).fields.text, 'EX by the stair\nEX walking')
    await page.keyboard.press('Enter')
    await page.locator('#sidelog .row:not(.waiting)').getByText('EX two buses at the gate').waitFor()
    await it.close()
  })

  test(`who writes to the log still does after the page was loaded again, in ${lang}`, async () => {
    const it = await laptop(lang)
    const { page } = it
    const to = page.locator('#composer-to')
    // At first a line calls nobody.
    assert.equal(await to.inputValue(), 'log')
    await to.selectOption('all')
    await page.reload()
    await page.locator('#composer-to option[value=log]').waitFor({ state: 'attached' })
    assert.equal(await to.inputValue(), 'all')
    await to.selectOption('log')
    // A single unit is not remembered: the next line could be meant for anybody.
    await to.selectOption({ index: 2 })
    await page.reload()
    await page.locator('#composer-to option[value=log]').waitFor({ state: 'attached' })
    assert.equal(await to.inputValue(), 'log')
    await it.close()
  })
}
