// What differs between two moments: entities that came, and fields that are not what they were. Pure.
import type { Entity, Value } from '../net/incident'
import type { Book } from './incident'

export interface Change {
  entity: Entity
  /** Not there at the first moment. */
  made: boolean
  fields: readonly { name: string; before: Value | null; after: Value | null }[]
}

/** Of the last event about it, not of the thing itself. */
const envelope = new Set([
  'incident', 'observed_at', 'unc_s', 'reported_at', 'recorded_at', 'made_at', 'actor', 'role', 'actor_agency', 'actor_unit', 'on_behalf_of', 'via', 'source',
  'grade', 'class', 'lang', 'cause', 'supersedes', 'exercise', 'at', 'by',
])
/** What one asks about first. */
const first = ['incident', 'command', 'mayday', 'evacuation', 'threat', 'detonation', 'casualty', 'counter', 'unit', 'clearance', 'cordon', 'tactical', 'task', 'decision', 'statement']
/** Found and raised by the server by itself, from what else differs. */
const derived = new Set(['alarm', 'finding', 'audit'])

const same = (a: Value | undefined, b: Value | undefined) => JSON.stringify(a) === JSON.stringify(b)

function fieldsOf(before: Entity | undefined, after: Entity): Change['fields'] {
  const names = new Set([...Object.keys(before?.fields ?? {}), ...Object.keys(after.fields)])
  return [...names]
    .filter((name) => !envelope.has(name) && !same(before?.fields[name], after.fields[name]))
    .map((name) => ({ name, before: before?.fields[name] ?? null, after: after.fields[name] ?? null }))
}

const rank = (kind: string) => (first.includes(kind) ? first.indexOf(kind) : first.length)

/** From the earlier to the later; what is there twice and the same is left out. */
export function differ(earlier: Pick<Book, 'entities'>, later: Pick<Book, 'entities'>): readonly Change[] {
  const changes: Change[] = []
  for (const [kind, list] of later.entities) {
    if (derived.has(kind)) continue
    for (const entity of list.values()) {
      const before = earlier.entities.get(kind)?.get(entity.id)
      if (before && before.changed === entity.changed) continue
      const fields = fieldsOf(before, entity)
      if (fields.length > 0) changes.push({ entity, made: !before, fields })
    }
  }
  return changes.sort((a, b) => rank(a.entity.kind) - rank(b.entity.kind) || a.entity.changed - b.entity.changed)
}
