// Every kind of row that the server tells the page has words: the lists are read from the server's own tables.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { describe, familyOf, hasWords } from '../src/base/describe'
import en from '../src/i18n/en.json'
import ur from '../src/i18n/ur.json'
import type { RecordEvent } from '../src/net/protocol'

const source = (path: string) => readFileSync(`${process.env['CORDON_SOURCE'] ?? '..'}/src/${path}`, 'utf8')
const tags = new Map([...source('core/event.def').matchAll(/^EVENT\((\w+), \d+, "([^"]+)"/gm)].map((row) => [row[1]!, row[2]!]))
const shown = [...source('edge/web_event.c').matchAll(/^ {4}\{EV_(\w+),/gm)].map((row) => tags.get(row[1]!)!)
const changes = [...source('core/mission.c').matchAll(/^ {4}\[MISSION_\w+\] = \{"([^"]+)", MAY/gm)].map((row) => row[1]!)

test('each kind that the server shows has words', () => {
  assert.ok(shown.length > 35 && shown.every(Boolean), String(shown))
  assert.deepEqual(shown.filter((kind) => !hasWords(kind)), [])
})

test('no kind is shown by its bare tag, and each has a family', () => {
  for (const kind of shown) {
    const event = { seq: 1, prev: 0, kind, at: 0, observed: null, data: { name: 'EX', user: 'ex', from: 'EX-1', by: 'ex', uid: 'EX-1' } } as RecordEvent
    assert.ok(!describe(event).text.includes(kind), kind)
    assert.ok(familyOf(event), kind)
  }
})

test('each change of a mission has words in both languages', () => {
  assert.ok(changes.length > 25, String(changes))
  for (const catalogue of [en, ur] as Record<string, string>[]) {
    assert.deepEqual(changes.filter((change) => !catalogue[`mission.change.${change}`]), [])
  }
})
