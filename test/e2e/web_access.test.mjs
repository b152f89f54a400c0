// The page for everybody: WCAG 2.2 AA by axe on every screen, dialog and card, in each theme and language; by keyboard
// alone; at 200 %; with forced colours and without motion. Needs `web/build` first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exercise } from '../../web/tools/mock_exercise.mjs'
import { speak } from './hands.mjs'
import { axe, open, shot, shown, theme } from './page.mjs'

const SCREENS = { map: '1', floors: '2', log: '3', people: '4', casualties: '5', tasks: '6', statements: '7', replay: '8', admin: '9', points: 'o' }
const DIALOGS = { keys: 'Shift+Slash', find: 'Control+k', layers: 'y' }

async function board(options = {}, path = '') {
  const it = await open({ incident: exercise(), history: 12, ...options }, path)
  await shown(it.page)
  await it.page.locator('#strip .cell').first().waitFor()
  return it
}

async function go(page, name) {
  await page.keyboard.press(SCREENS[name])
  await page.waitForFunction((wanted) => new URLSearchParams(location.hash.slice(1)).get('s') === wanted, name)
  await page.waitForFunction(() => !document.querySelector('#work .stage'))
}

/** What is wrong with a screen that a person would see at once. */
function looks() {
  const found = []
  const root = document.documentElement
  if (root.scrollWidth > innerWidth) found.push(`${root.scrollWidth - innerWidth} px too wide`)
  for (const part of document.querySelectorAll('button, a[href], input, select, textarea, summary')) {
    const box = part.getBoundingClientRect()
    if (box.width === 0 || !part.checkVisibility() || part.closest('.hidden, [inert]')) continue
    if (part.closest('.windowed, [role=region], .scroll')) continue
    const name = `${part.tagName} ${part.className} "${part.textContent.slice(0, 20)}"`
    if (box.left < -1 || box.right > innerWidth + 1) found.push(`${name} is outside`)
    if (box.width < 24 || box.height < 24) {
      const label = part.labels?.[0]?.getBoundingClientRect()
      if (!label || label.height < 24) found.push(`${name} is ${Math.round(box.width)} x ${Math.round(box.height)}`)
    }
  }
  for (const [key] of document.body.innerText.matchAll(/\b[a-z]+\.[a-z]+_[a-z_.]+\b/g)) found.push(`the key ${key} is untranslated`)
  return found
}

/** Texts of the page itself, in the Latin script: three words or more in a row, outside of what people wrote and of names. */
function latin() {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  while (walk.nextNode()) {
    const node = walk.currentNode
    const box = node.parentElement
    if (!box.checkVisibility() || box.closest('bdi, kbd, [dir=auto], [dir=ltr], [lang=en], option, script, style, s, code')) continue
    // What the mock server says of calls that it does not have: a server's sentences are not the page's.
    if (/^\u2066?There is no such (map|page)\.\u2069?$/.test(node.data.trim())) continue
    if (/[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(node.data)) found.push(node.data.trim().slice(0, 60))
  }
  return found
}

test('every screen, dialog and card, in each theme and language: axe-clean, inside, translated', { timeout: 600_000 }, async () => {
  const it = await board()
  const { page, mock } = it
  await page.locator('#foot').click()
  mock.raise(mock.person(3))
  mock.setAlarms([{ id: 'uid_conflict:x', level: 'warn', text: 'EX-RGR-2: user3 holds it, user9 claims it', since: Date.now() }])
  await page.locator('.att.warn').first().waitFor()
  const wrong = []
  const look = async (where, tongue, wanted) => {
    for (const text of await page.evaluate(looks)) wrong.push(`${where}: ${text}`)
    if (tongue === 'ur') for (const text of await page.evaluate(latin)) wrong.push(`${where}: "${text}"`)
    const rules = tongue === 'ur' || wanted === 'dark' ? undefined : ['color-contrast']
    await axe(page, where, rules).catch((error) => wrong.push(`${where}: ${error.actual ?? error.message}`))
    await shot(page, `access-${where.replaceAll(' ', '-')}`)
  }
  // Colours are one in both languages, words and sides in all themes: each is looked at once.
  for (const [tongue, themes] of [['en', ['dark', 'light', 'red']], ['ur', ['light']]]) {
    await speak(page, tongue)
    for (const wanted of themes) {
      await theme(page, wanted)
      for (const name of Object.keys(SCREENS)) {
        await go(page, name)
        await look(`${name} ${wanted} ${tongue}`, tongue, wanted)
        if (name === 'floors') {
          await page.locator('[data-zone="B1/2/A"]').click()
          await page.locator('.zonecard').waitFor()
          await look(`zone ${wanted} ${tongue}`, tongue, wanted)
        }
        const tabs = await page.locator('#work [role=tab]').count()
        for (let i = 1; i < tabs; i++) {
          await page.locator('#work [role=tab]').nth(i).click()
          await look(`${name} tab${i} ${wanted} ${tongue}`, tongue, wanted)
        }
      }
      await go(page, 'map')
      for (const [name, key] of Object.entries(DIALOGS)) {
        await page.keyboard.press(key)
        await page.locator('dialog[open]').waitFor()
        await look(`dialog ${name} ${wanted} ${tongue}`, tongue, wanted)
        await page.keyboard.press('Escape')
        await page.locator('dialog[open]').waitFor({ state: 'detached' })
      }
      await page.evaluate((uid) => { location.hash = `#s=map&sel=${uid}` }, mock.person(3).uid)
      await page.locator('#card').waitFor()
      await look(`card ${wanted} ${tongue}`, tongue, wanted)
      await page.locator('#card .square').first().click()
      await page.locator('#card').waitFor({ state: 'detached' })
    }
  }
  assert.deepEqual([...new Set(wrong)], [])
  // The mock has none of the calls of Admin's parts; web_admin looks at them before the real server.
  const of_admin = /404 .*\/(api\/admin\/|api\/clients\/inputs|api\/incidents\/[^/]+\/sharing|Marti\/api\/video)/
  it.wrong.splice(0, Infinity, ...it.wrong.filter((text) => !of_admin.test(text)))
  await it.close()
})

test('the main path by keyboard alone, with an Urdu layout on the keys', async () => {
  const it = await open({ logged_in: false, incident: exercise(), history: 3 })
  const { page, mock } = it
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className || '')
  await page.locator('#name').waitFor()
  assert.equal(await focused(), 'name')
  await page.keyboard.type('Duty officer')
  await page.keyboard.press('Tab')
  await page.keyboard.type('practice only')
  await page.keyboard.press('Enter')
  await shown(page)
  const key = (code, letter) => page.evaluate(([code, letter]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { code, key: letter, bubbles: true, cancelable: true })), [code, letter])

  // Acknowledge what is on top.
  mock.raise(mock.person(3))
  await page.locator('.att.crit').waitFor()
  await key('KeyA', 'م')
  await page.locator('.att.calm').getByText('Acknowledged by Duty officer').waitFor()

  // A line for all.
  await page.keyboard.press('n')
  await page.keyboard.type('EX all units hold')
  await page.keyboard.press('Enter')
  await page.locator('#sidelog').getByText('EX all units hold').waitFor()
  await page.keyboard.press('Escape')

  // A roll call is answered, a zone looked at, an entry begun: each place is reached by Tab.
  const tabTo = async (selector) => {
    for (let i = 0; i < 150; i++) {
      if (await page.evaluate((it) => document.activeElement?.matches(it), selector)) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`${selector} is not reached by Tab`)
  }
  const sent = (kind) => mock.state.commands.filter((command) => command.kind === kind).length
  await key('KeyP', '\u067e')
  await page.locator('[data-unit="EX-RGR-3"]').waitFor()
  await tabTo('[data-unit="EX-RGR-3"] .acts button')
  await page.keyboard.press('Enter')
  while (sent('par.acked') === 0) await page.waitForTimeout(50)
  await key('Digit2', '۲')
  await page.locator('[data-zone="B1/3/A"]').waitFor()
  await tabTo('[data-zone][tabindex="0"]') // one stop for all zones: arrows go on from there
  await page.keyboard.press('Enter')
  await page.locator('.zonecard').waitFor()
  await page.keyboard.press('/')
  await page.locator('#kinds').waitFor()
  await page.keyboard.type('no-go')
  await page.keyboard.press('Enter')
  await page.locator('#entry-title').waitFor()
  await page.keyboard.press('Escape')
  await key('Digit7', '۷')
  await page.waitForFunction(() => location.hash.startsWith('#s=statements'))
  await it.close()
})

test('the focus can be seen on whatever has it, and is not lost when the list changes', async () => {
  const it = await board()
  const { page, mock } = it
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    const seen = await page.evaluate(() => {
      const it = document.activeElement
      if (!it || it === document.body) return 'nothing has the focus'
      const style = getComputedStyle(it)
      const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
      return ring || style.boxShadow !== 'none' ? '' : `${it.tagName} ${it.id} ${it.className} has no ring`
    })
    assert.equal(seen, '')
  }
  mock.raise(mock.person(3))
  await page.locator('.att.crit .what button').first().focus()
  mock.raise(mock.person(7))
  await page.locator('.att.crit').nth(1).waitFor()
  assert.ok(await page.evaluate(() => document.activeElement.closest('.att')))
  await it.close()
})

test('at 200 % nothing is lost and no screen scrolls both ways', async () => {
  for (const tongue of ['en', 'ur']) {
    const it = await board({}, `?lang=${tongue}`)
    const { page } = it
    await page.setViewportSize({ width: 640, height: 400 })
    for (const name of Object.keys(SCREENS)) {
      await page.evaluate((wanted) => { location.hash = '#s=' + wanted }, name)
      await page.waitForFunction(() => !document.querySelector('#work .stage'))
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(wide <= 0, `${name} in ${tongue} is ${wide} px too wide`)
      const work = await page.evaluate(() => document.querySelector('#work').getBoundingClientRect().height)
      assert.ok(work >= 120, `${name} in ${tongue}: ${work} px are left to work in`)
      await shot(page, `zoom200-${name}-${tongue}`)
    }
    await page.setViewportSize({ width: 1600, height: 900 })
    await it.close()
  }
})

test('forced colours and no motion: the states are still told apart', async () => {
  const it = await board()
  const { page } = it
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  await go(page, 'floors')
  const moving = await page.evaluate(() => document.getAnimations().filter((it) => it.effect.getTiming().duration > 0).length)
  assert.equal(moving, 0)
  // A state is said in words or by a glyph, so that it survives grey.
  const states = await page.evaluate(() => [...document.querySelectorAll('[data-zone]')].map((it) => [it.className, it.getAttribute('aria-label') ?? it.textContent]))
  const words = new Map()
  for (const [look, text] of states) {
    const said = text.replace(/[0-9:]/g, '').replace(/^\s*\S+\s*/, '')
    words.set(look, (words.get(look) ?? new Set()).add(said))
  }
  assert.ok(words.size > 1, 'the exercise shows several states')
  for (const [look, texts] of words) assert.ok([...texts].every((text) => text.trim().length > 0), `${look} says nothing`)
  await shot(page, 'forced-colors-floors')
  await page.emulateMedia({ forcedColors: 'none', reducedMotion: null })
  await it.close()
})

test('Urdu holds at each size', async () => {
  const it = await board({}, '?lang=ur')
  const { page, mock } = it
  const wrong = []
  for (const [width, height, query] of [[1366, 768, ''], [1600, 900, ''], [1920, 1080, ''], [820, 1180, ''], [3840, 2160, '&scale=1.6']]) {
    await page.setViewportSize({ width, height })
    await page.goto('about:blank')
    await page.goto(`${mock.url}?lang=ur${query}`)
    await shown(page)
    for (const name of Object.keys(SCREENS)) {
      await page.evaluate((wanted) => { location.hash = '#s=' + wanted }, name)
      await page.waitForFunction(() => !document.querySelector('#work .stage'))
      for (const text of await page.evaluate(looks)) wrong.push(`${name} at ${width} x ${height}: ${text}`)
      if (width !== 1600) await shot(page, `size-${width}-${name}-ur`)
    }
  }
  assert.deepEqual([...new Set(wrong)], [])
  await page.setViewportSize({ width: 1600, height: 900 })
  await it.close()
})
