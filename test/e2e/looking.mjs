// What a machine sees of a page: functions that run in the page, for the tests of how it looks, and what the tests of
// floors read there.

/** Texts that stand on one another, each as far as it can be seen. */
export function overlaps() {
  const hidden = (style) => style.visibility === 'hidden' || style.opacity === '0'
  /** The part of a box that no ancestor cuts off. */
  function seen(box, element) {
    let { left, top, right, bottom } = box
    for (let it = element; it && it !== document.documentElement; it = it.parentElement) {
      const style = getComputedStyle(it)
      if (hidden(style)) return null
      if (style.overflow !== 'visible' || style.clipPath !== 'none') {
        const cut = it.getBoundingClientRect()
        left = Math.max(left, cut.left)
        top = Math.max(top, cut.top)
        right = Math.min(right, cut.right)
        bottom = Math.min(bottom, cut.bottom)
      }
    }
    left = Math.max(left, 0)
    top = Math.max(top, 0)
    right = Math.min(right, innerWidth)
    bottom = Math.min(bottom, innerHeight)
    return right - left > 2 && bottom - top > 2 ? { left, top, right, bottom } : null
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const parts = []
  while (walk.nextNode()) {
    const node = walk.currentNode
    const element = node.parentElement
    if (node.data.trim() === '' || !element.checkVisibility() || element.closest('.hidden, option, script, style, canvas')) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const rect of range.getClientRects()) {
      const box = seen(rect, element)
      // A line that is cut through by the edge of what scrolls is not read there.
      if (!box || box.bottom - box.top < 0.7 * rect.height) continue
      // What another part covers on purpose (a card over a list, a bar that stays while rows run under it) is not read.
      const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2)
      if (top && !top.contains(element) && !element.contains(top)) continue
      parts.push({ ...box, node, text: node.data.trim().slice(0, 24) })
    }
  }
  const found = []
  for (let i = 0; i < parts.length; i++) {
    for (let k = i + 1; k < parts.length; k++) {
      const [a, b] = [parts[i], parts[k]]
      if (a.node === b.node) continue
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      // Lines of one paragraph may touch by their ascenders' room; letters on letters are more than that.
      if (wide > 3 && high > 0.45 * Math.min(a.bottom - a.top, b.bottom - b.top)) found.push(`"${a.text}" and "${b.text}"`)
    }
  }
  return [...new Set(found)]
}

/** Texts with plain letters in a page whose own words are all accented, outside of what people and machines are called. */
export function bare() {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  while (walk.nextNode()) {
    const node = walk.currentNode
    const box = node.parentElement
    if (!box.checkVisibility() || box.closest('body :is(bdi, kbd, code, [dir=auto], [dir=ltr], [lang], script, style)')) continue
    // What the mock server says of calls that it does not have: a server's sentences are not the page's.
    if (/^\u2066?There is no such (map|page)\.\u2069?$/.test(node.data.trim())) continue
    // Names that joined() put between words of the page stand in one text with them.
    if (/[A-Za-z]{2,}/.test(node.data) && !node.data.includes('⟦')) found.push(node.data.trim().slice(0, 60))
  }
  return [...new Set(found)]
}

/** Buttons, labels, headings and keys whose text is wider than they are, each with where it stands. */
export function cut() {
  const found = []
  for (const box of document.querySelectorAll('button, label, summary, legend, h1, h2, h3, dt, thead th, [role=tab], .btn, .name')) {
    // Names of the incident and of who commands give way in the strip; the dialogs behind them have them whole.
    if (!box.checkVisibility() || box.closest('.hidden, .windowed, #top .place, #top .command') || box.textContent.trim() === '') continue
    const range = document.createRange()
    range.selectNodeContents(box)
    const text = range.getBoundingClientRect()
    const own = box.getBoundingClientRect()
    const hides = [box, ...box.querySelectorAll('*')].some((it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).overflowX !== 'visible' && it.clientWidth > 0)
    if (!hides && text.right <= own.right + 1 && text.left >= own.left - 1) continue
    const path = []
    for (let it = box; it && it !== document.body; it = it.parentElement) path.unshift(it.id ? '#' + it.id : `${it.tagName.toLowerCase()}:${[...it.parentElement.children].indexOf(it)}`)
    found.push({ at: path.slice(path.findLastIndex((part) => part.startsWith('#'))).join(' > '), text: box.textContent.trim().slice(0, 40) })
  }
  return found
}

const CLEAR = ['complete', 'confirmed', 'held']

/** What the server says of an incident's floors: zones and clear ones by floor. */
export async function counted(page, kind, structure) {
  return page.evaluate(async ({ kind, structure, clear }) => {
    const { incidents } = await (await fetch('/api/incidents')).json()
    const { structures } = await (await fetch(`/api/incidents/${encodeURIComponent(incidents[0].id)}/views/floors`)).json()
    return structures.find((it) => it.id === structure).levels.map((level) => ({
      id: level.id, total: level.zones.length, clear: level.zones.filter((zone) => clear.includes(zone.clearance[kind]?.state)).length,
    }))
  }, { kind, structure, clear: CLEAR })
}

/** The same as the page shows it. */
export const shownLevels = (page) => page.locator('.level').evaluateAll((levels, clear) => levels.map((level) => {
  const zones = [...level.querySelectorAll('.zones:not(.folded) .zone')]
  return { id: level.querySelector('[data-floor]').dataset.floor, total: zones.length, clear: zones.filter((zone) => clear.some((state) => zone.classList.contains(state))).length }
}), CLEAR)

/** A canvas that has something on it: more than one colour. */
export const isDrawn = (page, selector) => page.waitForFunction((it) => {
  const canvas = document.querySelector(it)
  if (!canvas?.width) return false
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const colours = new Set()
  for (let i = 0; i < data.length; i += 4 * 97) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2])
  return colours.size > 3
}, selector)
