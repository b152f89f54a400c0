// Whether the server has another page, by the files that its page names.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { askPage, filesNamed, other_page } from '../src/state/build'

const pageOf = (...names: string[]) => `<!doctype html><html><head><link rel="icon" href="/assets/icon-a1.svg">
  <script type="module" crossorigin src="/assets/${names[0]}"></script><link rel="stylesheet" crossorigin href="/assets/${names[1]}"></head>
  <body><a href="/healthz">x</a></body></html>`

/** This page's own files, as the document has them. */
const here = ['/assets/icon-a1.svg', '/assets/index-b2.js', '/assets/style-c3.css']

function answered(give: () => Response | Promise<never>): void {
  mock.method(globalThis, 'fetch', async () => give())
}

Object.assign(globalThis, { document: { querySelector: (selector: string) => here.find((path) => selector.includes(`"${path}"`)) ?? null } })

test('the files that a page names are its assets alone', () => {
  assert.deepEqual(filesNamed(pageOf('index-b2.js', 'style-c3.css')), here)
  assert.deepEqual(filesNamed('<script type="module" src="/src/main.tsx"></script>'), [])
})

test('the same page is no other one; another script or another sheet is', async () => {
  for (const [names, is_other] of [[['index-b2.js', 'style-c3.css'], false], [['index-d4.js', 'style-c3.css'], true], [['index-b2.js', 'style-e5.css'], true]] as const) {
    answered(() => new Response(pageOf(...names)))
    await askPage()
    assert.equal(other_page.value, is_other, names.join(' '))
  }
  // The upgrade was taken back.
  answered(() => new Response(pageOf('index-b2.js', 'style-c3.css')))
  await askPage()
  assert.equal(other_page.value, false)
})

test('who does not answer, refuses, or gives something else tells nothing', async () => {
  for (const known of [false, true]) {
    other_page.value = known
    for (const give of [() => Promise.reject(new TypeError('gone')), () => new Response(pageOf('index-d4.js', 'x.css'), { status: 503 }), () => new Response('<h1>Log in to the hotel</h1>')]) {
      answered(give)
      await askPage()
      assert.equal(other_page.value, known)
    }
  }
})
