// Words of the page. A language is one file in src/i18n: add ur.json and it is in the switch.
//
//   t('phones.count', {n: 3})   picks phones.count.one or .other by the language's own plural rule
//   <T k="ack.by" p={{who}} />  the same, each value in a <bdi> so that it keeps its own direction
//
// Inside t(), which makes plain text, values are wrapped in direction isolates when the page is RTL.
import { signal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import en from '../i18n/en.json'

type Plural<K> = K extends `${infer Stem}.other` ? Stem : K extends `${string}.one` ? never : K
export type Key = Plural<keyof typeof en>
export type Values = Record<string, string | number>

type Catalogue = Record<string, string>
const files: Record<string, () => Promise<{ default: Catalogue }>> = {
  ...import.meta.glob<{ default: Catalogue }>(['../i18n/*.json', '!../i18n/en.json', '!../i18n/said.*.json', '!../i18n/written.*.json']),
}
const said_files: Record<string, () => Promise<{ default: Catalogue }>> = {
  ...import.meta.glob<{ default: Catalogue }>(['../i18n/said.*.json', '../i18n/written.*.json']),
}
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1, -'.json'.length)

export const languages: readonly string[] = ['en', ...Object.keys(files).map(nameOf).sort()]
export const lang = signal('en')
export const dir = signal<'ltr' | 'rtl'>('ltr')
const words = signal<Catalogue>(en)
/** The server's sentences in the page's language (base/said.ts); none in English, which it speaks. */
export const sentences = signal<Catalogue>({})
/** Those that it writes into the record. */
export const written = signal<Catalogue>({})
let plural = new Intl.PluralRules('en')

/** The language's own name, from the browser. */
export function languageName(code: string): string {
  return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code
}

/** False when the words have not come: the language stays as it was. */
export async function setLanguage(code: string): Promise<boolean> {
  const path = Object.keys(files).find((file) => nameOf(file) === code)
  let catalogue: Catalogue = en
  let said: Catalogue = {}
  let wrote: Catalogue = {}
  if (path) {
    const more = async (name: string) => (await said_files[path.replace(nameOf(path), `${name}.${code}`)]?.())?.default ?? {}
    try {
      [catalogue, said, wrote] = await Promise.all([files[path]!().then((it) => it.default), more('said'), more('written')])
    } catch {
      return false
    }
  }
  plural = new Intl.PluralRules(code)
  words.value = catalogue
  sentences.value = said
  written.value = wrote
  lang.value = path ? code : 'en'
  dir.value = catalogue['_dir'] === 'rtl' ? 'rtl' : 'ltr'
  document.documentElement.lang = lang.value
  document.documentElement.dir = dir.value
  try {
    localStorage.setItem('cordon.lang', lang.value)
  } catch {
    // Storage switched off: the page forgets.
  }
  return true
}

function pick(list: Catalogue, rules: Intl.PluralRules, key: string, values?: Values): string {
  if (values && typeof values['n'] === 'number') {
    const form = list[`${key}.${rules.select(values['n'])}`] ?? list[`${key}.other`]
    if (form !== undefined) return form
  }
  return list[key] ?? (en as Catalogue)[key] ?? key
}

const find = (key: string, values?: Values) => pick(words.value, plural, key, values)

/** The words of a language whatever the page's own is: for what is written in both, as plain text. */
export async function wordsIn(code: string): Promise<(key: string, values?: Values) => string> {
  const path = Object.keys(files).find((file) => nameOf(file) === code)
  const list = path ? (await files[path]!()).default : en
  const rules = new Intl.PluralRules(code)
  return (key, values) => pick(list, rules, key, values).replace(/\{(\w+)\}/g, (whole, name: string) => String(values?.[name] ?? whole))
}

export function t(key: Key, values?: Values): string {
  const text = find(key, values)
  if (!values) return text
  const isolate = dir.value === 'rtl'
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return isolate ? `\u2068${value}\u2069` : String(value)
  })
}

/** Parts of a list, each in its own direction on a page that runs from right to left. The list runs as the page does:
 * within another text it has no letter of its own to say so, and "3, lift" would be read from its end. */
export function joined(parts: readonly (string | number)[], between: string): string {
  const told = parts.filter((part) => part !== '')
  if (dir.value !== 'rtl') return told.join(between)
  const list = told.map((part) => `\u2068${part}\u2069`).join(between)
  return told.length > 1 ? `\u2067${list}\u2069` : list
}

/** Our own words run in the page's direction, also where the first letter decides and theirs is of a name: a mark that
 * nobody sees goes before them. */
export function ours(text: string): string {
  return dir.value !== 'rtl' || /^[\u2067\u2068]*[\u0600-\u06ff]/.test(text) ? text : `\u200f${text}`
}

/** A key made at run time (an event's kind, an emergency's type): the fallback when there is no such word. */
export function tMaybe(key: string, fallback: string): string {
  return words.value[key] ?? (en as Catalogue)[key] ?? fallback
}

export function T(props: { k: Key; p?: Record<string, ComponentChildren>; n?: number }): JSX.Element {
  const text = find(props.k, props.n === undefined ? undefined : { n: props.n })
  const parts = text.split(/(\{\w+\})/)
  return (
    <>
      {parts.map((part) => {
        const name = /^\{(\w+)\}$/.exec(part)?.[1]
        if (!name) return part
        const value = name === 'n' && props.n !== undefined ? props.n : props.p?.[name]
        return value === undefined ? part : <bdi>{value}</bdi>
      })}
    </>
  )
}

export async function startLanguage(asked: string | null): Promise<void> {
  let stored: string | null = null
  try {
    stored = localStorage.getItem('cordon.lang')
  } catch {
    // English, then.
  }
  const wanted = asked ?? stored
  if (wanted && wanted !== 'en') await setLanguage(wanted)
}
