import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import en from '../src/i18n/en.json'
import { schema } from '../src/entry/schema'
import { past_at } from '../src/state/moment'
import { hasRight, mayDo, whyNot, writable } from '../src/state/rights'
import { session } from '../src/state/session'

const RIGHTS = ['picture', 'writes', 'welcomes', 'leads', 'shares', 'exports', 'seals', 'administers']

function logIn(more: object): void {
  session.value = { needs_setup: false, server: { name: 'EX', version: '0', exercise: true, now: 0 }, operator: { name: 'EX', role: 'loggist', ...more }, csrf: '' }
}

test('what the server does not give is not offered; one that tells nothing refuses by itself', () => {
  logIn({ rights: ['picture', 'writes'], may_not: ['statement.released'] })
  assert.ok(mayDo('writes') && mayDo('report.received') && !mayDo('statement.released') && !mayDo('administers'))
  assert.ok(whyNot('statement.released') !== '')
  assert.equal(whyNot('report.received'), '')
  logIn({})
  assert.ok(mayDo('administers') && mayDo('statement.released') && hasRight('leads'))
})

test('nothing of the past is written, and the reason is said', () => {
  logIn({ rights: ['writes'], may_not: [] })
  assert.deepEqual(writable('task.created'), {})
  past_at.value = 1
  assert.deepEqual(writable('task.created'), { disabled: true, title: en['past.read_only'] })
  past_at.value = null
})

function* sources(folder: string): Iterable<string> {
  for (const path of readdirSync(folder, { recursive: true })) if (/\.tsx?$/.test(path)) yield `${folder}/${path}`
}

test('what a control says it writes is a kind of the record or a right', () => {
  let n = 0
  for (const path of sources('src')) {
    const text = readFileSync(path, 'utf8')
    for (const [, named] of text.matchAll(/(?:writes=|writes: |writes=\{|(?:writable|whyNot|mayDo)\()["']([a-z_.]+)["']/g)) {
      n++
      assert.ok(RIGHTS.includes(named!) || schema.kinds[named!], `${path}: "${named}"`)
    }
  }
  assert.ok(n > 100, `${n} are found`)
})
