// Fails when the first load in English is over its budget, counted as the server sends it (gzip; fonts
// are compressed already). Also fails when WebGL code got into the bundle.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD_MAX = 450_000
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

const first = new Set(['index.html'])
/** What an entry brings at once, and the map, which each operator sees. */
function add(name) {
  const chunk = manifest[name]
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) {
    if (!/naskh|nastaliq/.test(file)) first.add(file)
  }
  for (const other of chunk.imports ?? []) add(other)
}
add('index.html')
add('src/screens/map.tsx')

const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
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
for (const file of [...first, ...later].filter((name) => name.endsWith('.js'))) {
  const found = /getContext\(\s*["'`](experimental-)?webgl2?/.exec(readFileSync(join(dist, file), 'utf8'))
  if (!found) continue
  console.error(`web/tools/budget.mjs: ${file} asks for WebGL; the page must not need it`)
  failed = true
}
process.exit(failed ? 1 : 0)
