// What the page says, out of its own catalogues: for tests that run in each language.
import { readFileSync } from 'node:fs'

export const LANGUAGES = ['en', 'ur']

const escaped = (text) => text.replace(/[.*+?^$(){}|[\]\\/]/g, '\\$&')

/** Without the marks that keep a value in its own direction: as a person reads it. */
export const plain = (text) => text.replace(/[\u2066-\u2069]/g, '')

function pick(catalogue, rules, key, values) {
  const text = (typeof values.n === 'number' ? catalogue[`${key}.${rules.select(values.n)}`] ?? catalogue[`${key}.other`] : undefined) ?? catalogue[key]
  // A word that is missing is a mistake of the test or of the page, and never to be looked for in English instead.
  if (text === undefined) throw new Error(`no catalogue has ${key}`)
  return text
}

/** Of one language: `say(key, values)` is the sentence as a person reads it; `say.like(key, values)` finds it on the page,
 * its values isolated by marks or by elements, and those that are not given whatever they are; `say.exactly()` is like
 * it, with nothing before or behind. `say.server()` is for what the server says, which is English: that it says something
 * is all that another language shares with it. */
export function wordsOf(lang) {
  const catalogue = JSON.parse(readFileSync(new URL(`../../web/src/i18n/${lang}.json`, import.meta.url), 'utf8'))
  const rules = new Intl.PluralRules(lang)
  const say = (key, values = {}) => pick(catalogue, rules, key, values).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
  const pattern = (key, values) => pick(catalogue, rules, key, values).split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (!name) return escaped(part)
    if (values[name] === undefined) return '.+?'
    // Numbers within a value may be isolated by themselves.
    return `\u2068?${escaped(String(values[name])).replace(/\d+/g, '\u2068?$&\u2069?')}\u2069?`
  }).join('')
  say.like = (key, values = {}) => new RegExp(pattern(key, values), 's')
  say.exactly = (key, values = {}) => new RegExp(`^[\\s\u2067\u2068]*${pattern(key, values)}[\\s\u2069]*$`, 's')
  say.server = (sentence) => (lang === 'en' ? sentence : /\S/)
  return say
}
