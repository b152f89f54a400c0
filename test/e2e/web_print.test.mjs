// Paper: the log and the roll as the browser prints them, in both languages and from each theme. Needs `web/build` first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { speak } from './hands.mjs'
import { open, shot, shown, theme } from './page.mjs'
import { LANGUAGES, wordsOf } from './words.mjs'

async function board(options = {}, path = '') {
  const it = await open({ incident: exercise(), history: 0, ...options }, path)
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  return it
}

/** As paper, with all that the browser does before it lays a page out. */
async function onPaper(page, run) {
  await page.emulateMedia({ media: 'print' })
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  await run()
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await page.emulateMedia({ media: null }) // not 'screen', which a PDF would be made of
}

const pages = (pdf) => (pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length

test('the log on paper: ink on white from each theme, a head on it, all lines, oldest first', async () => {
  const it = await board({ history: 400 })
  const { page } = it
  await page.keyboard.press('3')
  await page.locator('#biglog').waitFor()
  for (const language of LANGUAGES) {
    await speak(page, language)
    for (const wanted of ['dark', 'light', 'red']) {
      await theme(page, wanted)
      await onPaper(page, async () => {
        // Older lines come after the first ones.
        await page.waitForFunction(() => document.querySelectorAll('table.paper tbody tr:not(.day)').length > 200)
        const seen = await page.evaluate(() => ({
          hidden: ['#top', '#rail', '#side', '#foot', '.bar'].filter((part) => document.querySelector(part)?.getClientRects().length > 0),
          ink: [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('table.paper td')).color],
          head: document.querySelector('#printhead').innerText,
          rows: document.querySelectorAll('table.paper tbody tr:not(.day)').length,
          first: Number(document.querySelector('table.paper tbody tr:not(.day) td').innerText.replace(/\D/g, '')),
          font: getComputedStyle(document.body).fontFamily,
          repeats: getComputedStyle(document.querySelector('table.paper thead')).display,
        }))
        assert.deepEqual(seen.hidden, [])
        assert.deepEqual(seen.ink, ['rgb(255, 255, 255)', 'rgb(0, 0, 0)'])
        assert.match(seen.head, /Exercise Harbour House/)
        assert.match(seen.head, language === 'ur' ? /مشق[\s\S]*Duty officer/ : /EXERCISE[\s\S]*As of[\s\S]*Printed by Duty officer/)
        assert.ok(seen.rows > 200, `${seen.rows} rows`)
        assert.ok(seen.first <= 3, `the oldest line comes first, not #${seen.first}`)
        assert.equal(/Nastaliq/.test(seen.font), language === 'ur')
        assert.equal(seen.repeats, 'table-header-group')
        await shot(page, `print-log-${wanted}-${language}`)
      })
    }
    const pdf = await page.pdf({ preferCSSPageSize: true })
    assert.ok(pages(pdf) > 3, `a long log has several pages, not ${pages(pdf)}`)
  }
  assert.equal(await page.locator('table.paper').count(), 0)
  await it.close()
})

for (const lang of LANGUAGES) {
  const say = wordsOf(lang)

  test(`the roll on paper, by Ctrl P and by its button; what is typed goes on, in ${lang}`, async () => {
    const it = await board({}, `?lang=${lang}`)
    const { page } = it
    await page.evaluate(() => { window.printed = []; window.print = () => window.printed.push(document.title) })
    await page.keyboard.press('p')
    await page.locator('#partable').waitFor()
    await page.keyboard.press('Control+p')
    await page.waitForFunction(() => window.printed.length === 1)
    await page.locator('.bar').getByRole('button', { name: say('print.print') }).click()
    await page.waitForFunction(() => window.printed.length === 2)
    await onPaper(page, async () => {
      assert.match(await page.locator('#printhead h1').innerText(), new RegExp(`PAR|${say('par.title')}`))
      assert.equal(await page.locator('#partable .btn:visible').count(), 0)
      assert.match(await page.locator('#partable').innerText(), /EX-RGR-3/)
      await shot(page, `print-roll-${lang}`)
    })
    await it.close()
  })
}
