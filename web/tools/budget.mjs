// Fails when the first load in English is over its budget, or what Urdu adds is, counted as the server sends it (gzip).
// Also fails when WebGL code got into the bundle. `--first en|ur` only tells the files of a first load, for the test
// that compares them with what a browser fetches.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD_MAX = 450_000
const URDU_ADDS_MAX = 100_000
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

/** A font is fetched when a letter of it is shown; the switch of languages shows Urdu's own name, so that Naskh is there
 * from the first screen on. Nastaliq comes with what is set in it. */
const font = /\.woff2$/
const used = /noto-sans-latin-wght|noto-naskh-arabic-arabic-wght/
const first = new Set(['index.html', manifest['style.css'].file])
/** What an entry brings at once, and the map, which each operator sees. */
function add(name) {
  const chunk = manifest[name]
  for (const file of [chunk.file, ...(chunk.assets ?? [])]) {
    if (!font.test(file) || used.test(file)) first.add(file)
  }
  for (const other of chunk.imports ?? []) add(other)
}
add('index.html')
add('src/screens/map.tsx')
const urdu = [...Object.keys(manifest)].filter((name) => /^src\/i18n\/((said|written)\.)?ur\.json$/.test(name)).map((name) => manifest[name].file)

const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
if (process.argv[2] === '--first') {
  for (const file of [...first, ...(process.argv[3] === 'ur' ? urdu : [])]) console.log(`${size(file)} ${file}`)
  process.exit(0)
}
let total = 0
for (const file of [...first].sort()) {
  const bytes = size(file)
  total += bytes
  console.log(`${String(bytes).padStart(8)}  ${file}`)
}
const later = readdirSync(join(dist, 'assets')).map((file) => 'assets/' + file).filter((file) => !first.has(file))
for (const file of later) console.log(`${String(size(file)).padStart(8)}  ${file} (later)`)
console.log(`${String(total).padStart(8)}  first load of ${FIRST_LOAD_MAX} bytes`)

let failed = false
if (total > FIRST_LOAD_MAX) {
  console.error(`web/tools/budget.mjs: the first load is ${total} bytes, ${total - FIRST_LOAD_MAX} over its budget`)
  failed = true
}
const added = urdu.reduce((sum, file) => sum + size(file), 0)
console.log(`${String(added).padStart(8)}  more in Urdu, of ${URDU_ADDS_MAX} bytes`)
if (added > URDU_ADDS_MAX) {
  console.error(`web/tools/budget.mjs: Urdu adds ${added} bytes, ${added - URDU_ADDS_MAX} over its budget`)
  failed = true
}
for (const file of [...first, ...later].filter((name) => name.endsWith('.js'))) {
  const found = /getContext\(\s*["'`](experimental-)?webgl2?/.exec(readFileSync(join(dist, file), 'utf8'))
  if (!found) continue
  console.error(`web/tools/budget.mjs: ${file} asks for WebGL; the page must not need it`)
  failed = true
}
process.exit(failed ? 1 : 0)
