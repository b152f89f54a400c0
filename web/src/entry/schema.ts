// What kinds of events there are, with their fields and words: made by tools/defs.mjs from the server's lists.
import raw from '../data/incident.json'

export type FieldType = 'LINE' | 'TEXT' | 'INT' | 'NUMBER' | 'TIME' | 'BOOL' | 'ID' | 'GRADE' | 'WORD' | 'REF' | 'PAIR'

export interface FieldInfo {
  type: FieldType
  /** WORD and PAIR: the list of words; REF: the kind of entity; numbers: the most. */
  of: string | number | null
  many: boolean
}

export interface KindInfo {
  entity: string | null
  mode: 'MAKE' | 'CHANGE' | 'EITHER' | 'ALONE'
  roles: readonly string[]
  from: readonly string[]
  to: string
  fields: readonly { name: string; need: boolean }[]
}

interface Schema {
  kinds: Readonly<Record<string, KindInfo>>
  fields: Readonly<Record<string, FieldInfo>>
  entities: Readonly<Record<string, { title: string; key: string }>>
  words: Readonly<Record<string, readonly string[]>>
}

export const schema: Schema = raw as unknown as Schema

export function keyOf(kind: string): string {
  const entity = schema.kinds[kind]?.entity
  return entity ? schema.entities[entity]!.key : ''
}

export function wordsOf(field: string): readonly string[] {
  const of = schema.fields[field]?.of
  return typeof of === 'string' ? schema.words[of] ?? [] : []
}
