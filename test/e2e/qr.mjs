// QR codes of the page, read back as a phone's camera would.
import { createRequire } from 'node:module'

const jsQR = createRequire(new URL('../../web/package.json', import.meta.url))('jsqr')

/** What the code in an image of the page says. Its dots come as one text: a list of a million numbers takes half a minute. */
export async function read(page, selector) {
  const side = 400
  const dots = await page.locator(selector).evaluate(async (image, side) => {
    await image.decode()
    const context = Object.assign(document.createElement('canvas'), { width: side, height: side }).getContext('2d')
    context.drawImage(image, 0, 0, side, side)
    const { data } = context.getImageData(0, 0, side, side)
    let text = ''
    for (let i = 0; i < data.length; i += 4) text += data[i] < 128 ? '1' : '0'
    return text
  }, side)
  const pixels = new Uint8ClampedArray(side * side * 4)
  for (let i = 0; i < dots.length; i++) pixels.fill(dots[i] === '1' ? 0 : 255, i * 4, i * 4 + 3).fill(255, i * 4 + 3, i * 4 + 4)
  return jsQR(pixels, side, side)?.data
}
