// Makes src/data/incident.json, the page's knowledge of incident events, from the lists that the server
// is built from (src/core/incident*.def), so that the two cannot drift. Runs before each build and test.
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const core = (name) => fileURLToPath(new URL(`../../src/core/${name}.def`, import.meta.url))
const target = fileURLToPath(new URL('../src/data/incident.json', import.meta.url))

/** The arguments of each MACRO(...) in a .def file; strings side by side are one, comments are gone. */
function rows(file, macro) {
  const text = readFileSync(core(file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const found = []
  for (const start of text.matchAll(new RegExp(`^${macro}\\(`, 'gm'))) {
    const list = ['']
    let depth = 1
    let quoted = false
    for (let i = start.index + start[0].length; depth > 0; i++) {
      const c = text[i]
      if (c === undefined) throw new Error(`${file}.def: ${macro}( is not closed`)
      if (c === '"') quoted = !quoted
      if (!quoted && c === '(') depth++
      if (!quoted && c === ')') depth--
      if (depth === 0) break
      if (!quoted && depth === 1 && c === ',') list.push('')
      else list[list.length - 1] += c
    }
    found.push(list.map((it) => it.trim()))
  }
  if (found.length === 0) throw new Error(`${file}.def has no ${macro}`)
  return found
}

const string = (text) => [...text.matchAll(/"([^"]*)"/g)].map((part) => part[1]).join('')
const words = (text) => string(text).split(',').filter(Boolean)
const small = (id) => id.replace(/^(ENT|IN)_/, '').toLowerCase()

function ofField(type, of) {
  if (type === 'WORD' || type === 'PAIR') return of.replace(/^WORDS_/, '')
  if (type === 'REF') return small(of)
  return /^\d+$/.test(of) ? Number(of) : null
}

const field_rows = rows('incident_field', 'FIELD')
const name_of = new Map(field_rows.map(([id, , name]) => [id, string(name)]))
const nameOf = (id) => {
  if (!name_of.has(id)) throw new Error(`no field ${id}`)
  return name_of.get(id)
}
const fields = Object.fromEntries(field_rows.map(([, , name, type, of, many]) =>
  [string(name), { type, of: ofField(type, of), many: many === '1' }]))
const entities = Object.fromEntries(rows('incident_entity', 'ENTITY').map(([id, title, key]) =>
  [small(id), { title: string(title), key: nameOf(key.replace(/^IN_/, '')) }]))
const kinds = Object.fromEntries(rows('incident', 'EVENT').map(([, , tag, entity, mode, roles, from, to, , , ...list]) => [string(tag), {
  entity: entity === 'NONE' ? null : small(entity), mode, roles: words(roles), from: words(from), to: string(to),
  fields: list.map((it) => {
    const [, use, id] = /^(NEED|MAY|ADD|ARG|SAID)\((\w+)\)$/.exec(it) ?? [null, '', it]
    return { name: nameOf(id), need: use !== 'MAY' && use !== 'SAID' }
  }),
}]))
const lists = Object.fromEntries(rows('incident_words', 'WORDS').map(([id, list]) => [id, words(list)]))

const text = JSON.stringify({ kinds, fields, entities, words: lists })
mkdirSync(dirname(target), { recursive: true })
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
