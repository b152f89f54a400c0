// One thing entered by one press: the fields that are known, with the role in which this operator may enter it.
import { toFields } from '../entry/convert'
import { specOf, startOf } from '../entry/forms'
import { keyOf, schema } from '../entry/schema'
import { serverNow } from './clock'
import { nextId } from './incident'
import { submit } from './outbox'
import type { Entry, Outcome } from './outbox'

/** The entry of a kind; an id that the page makes up is made up here. */
export function entryOf(kind: string, fields: Record<string, unknown>): Entry {
  const spec = specOf(kind)
  const key = keyOf(kind)
  const made = spec.numbered !== undefined && fields[key] === undefined
  const numbered = made ? { entity: schema.kinds[kind]!.entity!, field: key, prefix: spec.numbered! } : undefined
  const role = startOf({ kind, slash: '', first: [] }, {})
  const raw = { ...role, ...fields, ...(numbered ? { [key]: nextId(numbered.entity, numbered.prefix) } : {}) }
  const converted = toFields(kind, raw, key, serverNow())
  // What is missing is for the server to say: its sentence stands where the button was pressed.
  return { kind, fields: 'fields' in converted ? converted.fields : raw, ...(numbered ? { numbered } : {}) }
}

/** '' when it is on the record or waits for the server; else why not, in a sentence. */
export async function act(kind: string, fields: Record<string, unknown>): Promise<string> {
  return refusalOf(await submit(entryOf(kind, fields)))
}

export function refusalOf(outcome: Outcome): string {
  return outcome.is === 'refused' ? outcome.detail : ''
}
