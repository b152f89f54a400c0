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

const listOf = (name) => JSON.parse(readFileSync(new URL(`../../web/src/i18n/${name}.json`, import.meta.url), 'utf8'))

/** A sentence with places as it stands on the page: each value isolated by marks, by elements or not at all. */
const pattern = (text, values) => text.split(/(\{\w+(?::\w+)?\})/).map((part) => {
  const name = /^\{(\w+)(?::\w+)?\}$/.exec(part)?.[1]
  if (!name) return escaped(part)
  if (values[name] === undefined) return '.+?'
  // Numbers within a value may be isolated by themselves.
  return `\u2068?${escaped(String(values[name])).replace(/\d+/g, '\u2068?$&\u2069?')}\u2069?`
}).join('')

/** Of one language: `say(key, values)` is the sentence as a person reads it; `say.like(key, values)` finds it on the page,
 * its values isolated by marks or by elements, and those that are not given whatever they are; `say.exactly()` is like
 * it, with nothing before or behind. What the server says is English and the page puts it into its own language:
 * `say.said(sentence, ...values)` finds that by the sentence's pattern in the sources, with what stands in its places.
 * `say.server()` is for a piece of such a sentence: that something is said is all that another language shares with it. */
export function wordsOf(lang) {
  const catalogue = listOf(lang)
  const sentences = lang === 'en' ? null : listOf(`said.${lang}`)
  const rules = new Intl.PluralRules(lang)
  const say = (key, values = {}) => pick(catalogue, rules, key, values).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
  say.like = (key, values = {}) => new RegExp(pattern(pick(catalogue, rules, key, values), values), 's')
  say.exactly = (key, values = {}) => new RegExp(`^[\\s\u2067\u2068]*${pattern(pick(catalogue, rules, key, values), values)}[\\s\u2069]*$`, 's')
  say.said = (sentence, ...values) => {
    const text = sentences ? sentences[sentence] : sentence
    if (text === undefined) throw new Error(`the server's sentences lack ${sentence}`)
    return new RegExp(pattern(text, values), 's')
  }
  say.server = (sentence) => (lang === 'en' ? sentence : /\S/)
  return say
}
