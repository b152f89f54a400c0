// Makes dist/sw.js, the service worker, after the page was built: it must know the name of each file, and a
// worker of other files must be another worker.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const files = ['/', ...readdirSync(join(dist, 'assets')).sort().map((name) => '/assets/' + name)]
const hash = createHash('sha256').update(readFileSync(join(dist, 'index.html')))
for (const name of files) hash.update(name)

await build({
  entryPoints: [join(root, 'src/sw.ts')], outfile: join(dist, 'sw.js'), bundle: true, minify: true, format: 'iife', target: 'es2022', logLevel: 'warning',
  define: { FILES: JSON.stringify(files), BUILD: JSON.stringify(hash.digest('hex').slice(0, 16)) },
})
