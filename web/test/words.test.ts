import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import en from '../src/i18n/en.json'
import ur from '../src/i18n/ur.json'

const catalogues: Record<string, Record<string, string>> = { en, ur }
const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((hole) => hole[0]).sort()

test('each language has all words and no other', () => {
  for (const [name, words] of Object.entries(catalogues)) {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(en).sort(), name)
    for (const [key, text] of Object.entries(words)) assert.ok(text.trim() !== '', `${name}: ${key}`)
  }
})

test('no key stands twice, of which the second would win', () => {
  for (const name of Object.keys(catalogues)) {
    const keys = [...readFileSync(`src/i18n/${name}.json`, 'utf8').matchAll(/^ {2}("[^"]+"):/gm)].map((line) => line[1]!)
    assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), [], name)
  }
})

test('each text has the holes that the English one has', () => {
  for (const [name, words] of Object.entries(catalogues)) {
    for (const [key, text] of Object.entries(en)) assert.deepEqual(holes(words[key]!), holes(text), `${name}: ${key}`)
  }
})

test('each plural form of a language is there', () => {
  for (const [name, words] of Object.entries(catalogues)) {
    const forms = new Intl.PluralRules(name).resolvedOptions().pluralCategories
    for (const key of Object.keys(en).filter((it) => it.endsWith('.other'))) {
      for (const form of forms) assert.ok(words[key.replace(/other$/, form)], `${name}: ${key} lacks ${form}`)
    }
  }
})
