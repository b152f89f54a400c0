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

  test(`a line that was begun for the log calls no phone while the server tells of no incident, in ${lang}`, async () => {
    const it = await laptop(lang)
    const { page, mock } = it
    const line = page.locator('#composer-text')
    await line.fill('EX the informer is inside')
    // Another record, in which the incident comes late.
    await it.lose()
    await page.locator('#top.lost').waitFor()
    const tell = mock.incident.message
    mock.incident.message = () => null
    Object.assign(mock.state, { events: [], seq: 0 })
    await mock.back()
    await page.locator('#top:not(.lost)').waitFor({ timeout: 60_000 })
    await page.locator('#strip .cell').first().waitFor({ state: 'detached' })
    await line.press('Enter')
    await page.locator('.outcome.warn').getByText(say('chat.log_awaited')).waitFor()
    assert.deepEqual([await line.inputValue(), await page.locator('#composer-to').inputValue()], ['EX the informer is inside', 'log'])
    await axe(page, 'a line that waits for its log')
    await shot(page, `writing-held-${lang}`)
    mock.incident.message = (_, seq) => {
      mock.incident.message = tell
      return tell(true, seq)
    }
    await page.locator('#strip .cell').first().waitFor()
    await line.press('Enter')
    await page.locator('.outcome').getByText(say('log.noted')).waitFor()
    assert.deepEqual([mock.state.chat_posts, mock.state.commands.map(({ fields }) => fields.text)], [0, ['EX the informer is inside']])
    await it.close()
  })

  test(`a note that is refused while the next line is typed stands in the form, in ${lang}`, async () => {
    const it = await laptop(lang)
    const { page } = it
    const line = page.locator('#composer-text')
    let refuse
    const typed = new Promise((resolve) => { refuse = resolve })
    await page.route('**/commands', async (route) => {
      await typed
      await route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ status: 422, detail: 'The text is too long.' }) })
    }, { times: 1 })
    await line.fill('EX the first line')
    await line.press('Enter')
    await line.pressSequentially('EX the sec')
    refuse()
    await page.locator('#entry-text').waitFor()
    assert.deepEqual([await page.locator('#entry-text').inputValue(), await line.inputValue()], ['EX the first line', 'EX the sec'])
    await page.locator('.outcome.warn').getByText(say.server('The text is too long')).waitFor()
    await it.close()
  })
}
