// An alarm of the incident: this operator has seen it.
import { answered, enter } from './outbox'
import { session } from './session'

export function acknowledgeDuty(id: string): void {
  if (!answered.peek().has(id)) enter({ kind: 'alarm.acked', fields: { alarm: id, by: session.peek()?.operator?.name ?? '' } })
}
