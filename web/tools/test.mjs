// Runs test/*.test.ts under node:test, bundled with the esbuild that Vite brings (Node 18 reads no TypeScript).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'cordon-web-'))
try {
  const tests = readdirSync(join(root, 'test')).filter((name) => name.endsWith('.test.ts'))
  await build({
    entryPoints: tests.map((name) => join(root, 'test', name)), outdir: out, bundle: true, format: 'esm', platform: 'node',
    outExtension: { '.js': '.mjs' }, logLevel: 'warning',
    // Vite finds the languages; here there is English alone, which is built in.
    define: { 'import.meta.glob': 'no_files' }, banner: { js: 'const no_files = () => ({})' },
  })
  const run = spawnSync(process.execPath, ['--test', ...tests.map((name) => join(out, name.replace(/ts$/, 'mjs')))], { stdio: 'inherit' })
  process.exitCode = run.status ?? 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
