// What the hands of an operator do on a page, whichever server is behind it.

/** Chooses a kind of entry by keyboard; nothing that is typed into may have the focus. */
export async function slash(page, word) {
  await page.keyboard.press('/')
  await page.locator('#kinds').waitFor()
  await page.keyboard.type(word)
  await page.keyboard.press('Enter')
  await page.locator('#entry-title').waitFor()
}

/** Another language by its button, with its letters. */
export async function speak(page, lang) {
  if ((await page.evaluate(() => document.documentElement.lang)) === lang) return
  await page.locator(`#top [lang=${lang}]`).click()
  await page.waitForFunction((it) => document.documentElement.lang === it, lang)
  await page.evaluate(() => document.fonts.ready)
}
