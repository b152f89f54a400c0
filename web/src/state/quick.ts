// One tap, one entry: what happens often needs no form. What became of it is said under the log; what can be taken
// back is offered for ten seconds, as an entry that says the opposite.
import { t } from '../base/i18n'
import { nextId } from './incident'
import { submit } from './outbox'
import type { Entry } from './outbox'
import { whyNot } from './rights'
import { offerUndo } from './undo'
import { said } from './view'

/** Enters it. `told`: what was done, in words; `back` enters the opposite. False when it was refused. */
export async function quick(entry: Entry, told: string, back?: () => void): Promise<boolean> {
  const why = whyNot(entry.kind)
  if (why !== '') {
    said.value = { text: why, level: 'warn' }
    return false
  }
  said.value = null
  const outcome = await submit(entry)
  if (outcome.is === 'refused') {
    said.value = { text: `${told}: ${outcome.detail}`, level: 'warn' }
    return false
  }
  said.value = outcome.is === 'done' ? { text: t('quick.done', { what: told, n: outcome.seq }), level: '' } : { text: t('entry.waits'), level: 'warn' }
  if (back) offerUndo(told, back)
  return true
}

/** An entry that makes something with a number of its own: TK-12. */
export function numbered(kind: string, entity: string, prefix: string, fields: Record<string, unknown>): Entry {
  return { kind, fields: { [entity]: nextId(entity, prefix), ...fields }, numbered: { entity, field: entity, prefix } }
}
