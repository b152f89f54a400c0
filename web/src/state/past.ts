// A past moment of the incident on the screen, read only: the server computes what stood then. The live picture
// goes on behind it; map, log and what needs a decision keep showing that.
//
//   now --R--> asking --time--> fetching --all answered--> past --Escape, "Now"--> now
import { computed, signal } from '@preact/signals'
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { Entity, IncidentMessage, Views } from '../net/incident'
import { serverNow } from './clock'
import { incident_id, past_book, toBook } from './incident'

const names = ['strip', 'counters', 'findings', 'par', 'floors', 'gaps', 'release'] as const

/** The bar is open, though nothing may be shown yet. */
export const asking = signal(false)
export const past_error = signal('')
export const fetching = signal(false)
export const past_at = computed(() => past_book.value?.at ?? null)
let turn = 0

export function askPast(): void {
  asking.value = true
}

export function backToNow(): void {
  turn++
  asking.value = fetching.value = false
  past_error.value = ''
  past_book.value = null
}

interface State {
  seq: number
  entities: Entity[]
}

/** Fetches all of a moment, and shows it when all of it is there: nothing of two moments stands side by side. */
export async function showPast(at: number): Promise<void> {
  const id = incident_id.peek()
  const mine = ++turn
  if (at > serverNow()) {
    past_error.value = t('past.future')
    return
  }
  fetching.value = true
  past_error.value = ''
  const base = `/api/incidents/${encodeURIComponent(id)}`
  const query = `?at=${encodeURIComponent(new Date(at).toISOString())}`
  const [state, ...views] = await Promise.all([
    call<State>('GET', `${base}/state${query}`), ...names.map((name) => call<unknown>('GET', `${base}/views/${name}${query}`)),
  ])
  if (mine !== turn) return
  fetching.value = false
  const failed = [state, ...views].find((answer) => !answer.ok)
  if (failed && !failed.ok) {
    past_error.value = failed.detail || t(failed.status === 0 ? 'error.unreachable' : 'past.nothing')
    return
  }
  if (!state.ok || !views[0]?.ok || !views[0].data) return
  const given = Object.fromEntries(names.map((name, i) => [name, (views[i] as { data: unknown }).data])) as unknown as Partial<Views>
  const message: IncidentMessage = { type: 'incident', id, seq: state.data.seq, whole: true, entities: state.data.entities, views: given }
  past_book.value = { ...toBook(message), at }
}
