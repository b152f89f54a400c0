// Whom the line in the composer is for: as it was shown when its first letter was typed. What the page shows can become
// another thing while somebody types: the server is lost and its incidents with it, or another incident is shown. A line
// that was begun for the log then goes neither to every phone nor into another log before its writer was told.
import { computed, effect, signal } from '@preact/signals'
import { t } from '../base/i18n'
import { incident_awaited, incident_id, strip } from './incident'
import { mayDo } from './rights'
import { draft, recipient } from './view'

/** What a line to the log is. */
export const NOTE = 'report.received'

export interface Addressee {
  /** 'all', 'log' or a unit's uid. */
  to: string
  /** Whose log was shown; '': none was there. */
  incident: string
}

/** Is there a log to write to, or will there be when the server has told of its incidents? And may this operator? */
export const has_log = computed(() => mayDo(NOTE) && (incident_id.value !== '' || incident_awaited.value))

/** Whom a line would be for that is begun now. Where there is no log, it is for all. */
const shown = computed<Addressee>(() => ({ to: recipient.value === 'log' && !has_log.value ? 'all' : recipient.value, incident: incident_id.value }))
const begun = signal<Addressee | null>(null)
const typing = computed(() => draft.value !== '')

/** Whom the line is for, also the one that is to be begun. */
export const addressee = computed(() => begun.value ?? shown.value)

effect(() => {
  void recipient.value
  begun.value = typing.value ? shown.peek() : null
})

/** The operator chooses whom the line is for, the half written one too. */
export function addressTo(to: string): void {
  recipient.value = to
  if (typing.peek()) begun.value = shown.peek()
}

/** A line that comes back stands there for whom it was. */
export function giveBack(line: string, whom: Addressee): void {
  draft.value = line
  begun.value = whom
}

/** Why the line is not sent, in a sentence; '' when it may go. Said once: then it is for whom is shown by now. */
export function whyHeld(): string {
  const was = addressee.peek()
  const is = shown.peek()
  if (was.to !== 'log' || (is.to === 'log' && is.incident !== '' && is.incident === was.incident)) return ''
  // Whose log it was is known still when the incidents are there again.
  if (is.to === 'log' && is.incident === '') return t('chat.log_awaited')
  begun.value = is
  return is.to === 'log' ? t('chat.log_other', { incident: strip.peek()?.name ?? is.incident }) : t('chat.log_gone')
}
