// The texts of the incident's events, for whoever searches the replay: fetched page by page and kept while the screen is
// there. What came in live is in the record already and is not asked for.
import { signal } from '@preact/signals'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { live_id } from './incident'
import { asQuery } from './moment'
import { remember } from './record'

const PAGE = 1000
const PAGES_MAX = 25

/** By number. */
export const texts = signal<ReadonlyMap<number, RecordEvent>>(new Map())
export const texts_loading = signal(false)
let have = ''
let turn = 0

/** Fetches what is missing up to `head`. */
export async function askTexts(head: number): Promise<void> {
  const wanted = live_id.peek() + asQuery()
  if (have !== wanted) texts.value = new Map()
  have = wanted
  const mine = ++turn
  let last = Math.max(0, ...[...texts.peek().keys()].slice(-1))
  texts_loading.value = last < head
  for (let page = 0; last < head && page < PAGES_MAX; page++) {
    const answer = await call<{ events: RecordEvent[] }>('GET', `/api/incidents/${encodeURIComponent(live_id.peek())}/events?after=${last}&limit=${PAGE}${asQuery()}`)
    if (mine !== turn) return
    if (!answer.ok || answer.data.events.length === 0) break
    answer.data.events.forEach(remember)
    texts.value = new Map([...texts.peek(), ...answer.data.events.map((event) => [event.seq, event] as const)])
    last = answer.data.events.at(-1)!.seq
  }
  texts_loading.value = false
}
