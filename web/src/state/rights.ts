// What this account may write, and whether anything may be written now: whatever offers a control that writes asks here,
// so that nothing is offered that the server refuses. The server tells it with the session and asks again by itself.
import { t } from '../base/i18n'
import { may_write } from './moment'
import { session } from './session'

/** A right that the server tells of by its name. */
export type Right = 'picture' | 'writes' | 'welcomes' | 'leads' | 'shares' | 'exports' | 'seals' | 'administers'
/** What a control writes: an entry of the record, by its kind ("par.called"), or what takes a right. */
export type Writes = Right | (string & {})

/** A server that tells no rights refuses by itself. */
export function hasRight(right: Right): boolean {
  const own = session.value?.operator?.rights
  return own === undefined || own.includes(right)
}

const isRight = (what: Writes): what is Right => !what.includes('.')

/** Whether this account may enter a kind at all, or has a right. */
export function mayDo(what: Writes): boolean {
  if (isRight(what)) return hasRight(what)
  return !session.value?.operator?.may_not?.includes(what)
}

/** Why it cannot be written now, in a sentence; '' when it can. */
export function whyNot(what: Writes): string {
  if (!mayDo(what)) return t('rights.role')
  return may_write.value ? '' : t('past.read_only')
}

/** For a field that writes by itself: closed, with the reason, when it may not. */
export function writable(what: Writes): { disabled?: true; title?: string } {
  const why = whyNot(what)
  return why === '' ? {} : { disabled: true, title: why }
}
