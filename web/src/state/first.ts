// The first minute: whether its cards are shown, and what was just opened here.
import { computed, signal } from '@preact/signals'
import { call } from '../net/api'
import { unacknowledged } from './attention'
import { incidents } from './incident'
import { mayDo } from './rights'
import { screen } from './view'

/** No incident is open at the server, as far as this page knows; false until it was asked. */
const none_open = signal(false)
/** Asked for from the dialog of incidents, while one is open. */
export const first_asked = signal(false)
/** Put away by the operator for this window. */
const put_away = signal(isPutAway())
/** The incident that was opened on this page a moment ago: what comes next is shown for it. */
export const just_opened = signal('')

function isPutAway(): boolean {
  try {
    return sessionStorage.getItem('cordon.first') === 'away'
  } catch {
    return false
  }
}

export function putFirstAway(): void {
  first_asked.value = false
  put_away.value = true
  try {
    sessionStorage.setItem('cordon.first', 'away')
  } catch {
    // Storage switched off: they come again with the next load.
  }
}

/** Who may open an incident. */
const mayOpen = () => mayDo('incident.opened')

/** An emergency takes the page back to the column where it is answered. */
export const first_shown = computed(() => {
  if (screen.value !== 'map' || !mayOpen() || unacknowledged.value.length > 0) return false
  if (first_asked.value) return true
  return none_open.value && !put_away.value && incidents.value.every((it) => it.strip?.state === 'closed')
})

export async function askFirst(): Promise<void> {
  const answer = await call<{ incidents: { state: string }[] }>('GET', '/api/incidents')
  none_open.value = answer.ok && answer.data.incidents.every((it) => it.state === 'closed')
}
