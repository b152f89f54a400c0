// From what is typed into a form to the fields of a command. Pure.
import { parsePlace, parseShape, shapeText } from '../base/place'
import { ABOUT_S } from './line'
import { parseWhen } from './when'
import { schema } from './schema'
import type { Raw } from './forms'

export type Wrong = 'needed' | 'whole' | 'number' | 'time' | 'place' | 'shape'
export type Converted = { fields: Record<string, unknown> } | { field: string; wrong: Wrong }

/** A new source or agency is registered before the entry that names it. */
export interface Fresh {
  name: string
  word: string
}

export function isFresh(value: unknown): value is Fresh {
  return typeof value === 'object' && value !== null && 'word' in value && 'name' in value
}

/** "a; b" and lines are several. */
export function several(text: string): string[] {
  return [...new Set(text.split(/[;\n]/).map((part) => part.trim()).filter(Boolean))]
}

function pairs(value: unknown): Record<string, number> | Wrong | undefined {
  const given = Object.entries((value ?? {}) as Record<string, unknown>).map(([word, n]) => [word, String(n).trim()] as const).filter(([, n]) => n !== '')
  if (given.some(([, n]) => !/^\d+$/.test(n))) return 'whole'
  return given.length > 0 ? Object.fromEntries(given.map(([word, n]) => [word, Number(n)])) : undefined
}

/** One value, undefined when there is none, or what is wrong with it as { wrong }. */
function value(name: string, raw: unknown, now: number): unknown {
  const { type, many } = schema.fields[name]!
  if (type === 'BOOL') return raw === true ? true : undefined
  if (type === 'PAIR') {
    const it = pairs(raw)
    return typeof it === 'string' ? { wrong: it } : it
  }
  if (isFresh(raw)) return raw.name.trim() || undefined
  if (Array.isArray(raw)) return raw.length > 0 ? raw : undefined
  const text = String(raw ?? '').trim()
  if (text === '') return undefined
  if (name === 'shape') {
    const places = parseShape(text)
    return places && places.length > 1 ? shapeText(places) : { wrong: 'shape' }
  }
  if (many) return several(text)
  if (type === 'INT') return /^\d+$/.test(text) ? Number(text) : { wrong: 'whole' }
  if (type === 'NUMBER') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : { wrong: 'number' }
  if (type !== 'TIME') return text
  const at = parseWhen(text, now)
  return Number.isNaN(at) ? { wrong: 'time' } : new Date(at).toISOString()
}

/** A form asks for a place in one line, under the name of the latitude. */
function position(raw: unknown): { lat: number; lon: number } | 'none' | 'wrong' {
  const text = String(raw ?? '').trim()
  if (text === '') return 'none'
  const place = parsePlace(text)
  return place ? { lat: Number(place.lat.toFixed(6)), lon: Number(place.lon.toFixed(6)) } : 'wrong'
}

/** What a form begins with: latitude and longitude of an entry in one line. */
export function joinPosition(raw: Raw): Raw {
  const { lat, lon, ...rest } = raw
  if (lat === undefined) return rest
  return { ...rest, lat: lon === undefined || String(lat).includes(',') ? lat : `${String(lat)}, ${String(lon)}` }
}

/** The fields of a command, or the first field that does not do. `about`: the observed time is uncertain. */
export function toFields(kind: string, raw: Raw, key: string, now: number): Converted {
  const fields: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(raw)) {
    if (!schema.fields[name] || name === 'lon') continue
    if (name === 'lat') {
      const it = position(given)
      if (it === 'wrong') return { field: name, wrong: 'place' }
      if (it !== 'none') Object.assign(fields, it)
      continue
    }
    const it = value(name, given, now)
    if (it === undefined) continue
    if (typeof it === 'object' && it !== null && 'wrong' in it) return { field: name, wrong: (it as { wrong: Wrong }).wrong }
    fields[name] = it
  }
  if (raw['about'] === true && fields['observed_at'] !== undefined) fields['unc_s'] = ABOUT_S
  const needed = schema.kinds[kind]!.fields.filter((field) => field.need).map((field) => field.name)
  for (const name of [...(key ? [key] : []), ...needed]) if (fields[name] === undefined) return { field: name, wrong: 'needed' }
  return { fields }
}
