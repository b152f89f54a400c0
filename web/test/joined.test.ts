import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dir, joined } from '../src/base/i18n'

test('a list is plain text where the page runs from left to right', () => {
  assert.equal(joined(['Main block', '', 3], ', '), 'Main block, 3')
})

test('on a page from right to left each part has its own direction, and the list that of the page', () => {
  dir.value = 'rtl'
  assert.equal(joined(['EX-1', '', 3], '، '), '\u2067\u2068EX-1\u2069، \u20683\u2069\u2069')
  assert.equal(joined(['EX-1', ''], '، '), '\u2068EX-1\u2069')
  assert.equal(joined([], '، '), '')
})
