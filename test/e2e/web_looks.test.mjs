// How the page looks: pictures of every screen of the reference evening in each theme and language (pictures.mjs), no
// text upon another, and no colour that says nothing.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { SCREENS, look, pictures, startEvening } from './pictures.mjs'
import { visit } from './real.mjs'

let scene

before(async () => { scene = await startEvening('looks') })

for (const theme of ['dark', 'light', 'red']) {
  for (const lang of ['en', 'ur']) {
    test(`pictures of every screen, ${theme}, ${lang}`, () => pictures(scene, `${theme}-${lang}`, `?theme=${theme}&lang=${lang}`))
  }
}
/** The tokens that may have a hue, as they stand in the page. */
const tokens = () => {
  const probe = document.createElement('i')
  document.body.append(probe)
  const rgb = (name) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number)
  }
  const found = ['crit', 'warn', 'sel', 'work', 'crit-bg', 'warn-bg'].map(rgb)
  probe.remove()
  return found
}

/** What phones say of their team is data, and masked by who calls. Counts the pixels of a picture that have a colour, and those whose hue is none of the tokens'. */
async function colours(page, image, allowed) {
  return page.evaluate(async ([data, wanted]) => {
    // Grey of this design leans to blue by up to 38 of 255 (a unit's frame); what is meant as a colour is beyond that.
    const CHROMA = 48
    const NEAR = 16
    const hueOf = (r, g, b) => {
      const max = Math.max(r, g, b)
      const chroma = max - Math.min(r, g, b)
      if (chroma === 0) return 0
      const sixth = max === r ? ((g - b) / chroma + 6) % 6 : max === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4
      return sixth * 60
    }
    const hues = wanted.map((rgb) => hueOf(...rgb))
    const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + data)).blob())
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    const context = canvas.getContext('2d')
    context.drawImage(bitmap, 0, 0)
    const { data: pixels } = context.getImageData(0, 0, bitmap.width, bitmap.height)
    let coloured = 0
    const foreign = new Map()
    for (let i = 0; i < pixels.length; i += 4) {
      const [r, g, b] = [pixels[i], pixels[i + 1], pixels[i + 2]]
      if (Math.max(r, g, b) - Math.min(r, g, b) < CHROMA) continue
      coloured++
      const hue = hueOf(r, g, b)
      if (hues.some((it) => Math.min(Math.abs(it - hue), 360 - Math.abs(it - hue)) <= NEAR)) continue
      const at = `${Math.round(hue / 10) * 10} degrees`
      foreign.set(at, (foreign.get(at) ?? 0) + 1)
    }
    return { share: coloured / (pixels.length / 4), foreign: [...foreign] }
  }, [image.toString('base64'), allowed])
}

/** With six things that need a decision on the screen it is 0.6 % at most: the eye finds red only where it is rare. */
const SHARE_MAX = 0.015
/** Edges of letters mix a colour with what is under it. */
const FOREIGN_MAX = 60

for (const theme of ['dark', 'light']) {
  test(`only what is critical, late, chosen or being searched has a colour, ${theme}`, async () => {
    const it = await visit(scene.evening, `?theme=${theme}&lang=en`, { storageState: scene.session })
    const { page } = it
    await page.locator('#strip .cell').first().waitFor()
    await page.waitForFunction(() => window.cordon_map?.draws() > 0)
    const allowed = await page.evaluate(tokens)
    const counter = await page.context().newPage()
    const wrong = []
    for (const screen of SCREENS) {
      await look(page, screen)
      const { share, foreign } = await colours(counter, await page.screenshot({ mask: [page.locator('.team i')], maskColor: '#000' }), allowed)
      if (share > SHARE_MAX) wrong.push(`${screen}: ${(share * 100).toFixed(2)} % of the pixels have a colour`)
      for (const [hue, count] of foreign) if (count > FOREIGN_MAX) wrong.push(`${screen}: ${count} pixels have the hue ${hue}`)
    }
    assert.deepEqual(wrong, [])
    await it.close()
  })
}
