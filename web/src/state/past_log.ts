// The record up to a row: a stretch of events without a gap, fetched as it is needed, and what of the phones' side was
// open by then (emergencies, drawings), for which every event of a few kinds is kept.
import { call } from '../net/api'
import type { Emergency, RecordEvent } from '../net/protocol'
import { asQuery, as_role } from './moment'
import { afterEvent, lastSeq, liveEvents, remember } from './record'
import type { PastRecord } from './record'

const PAGE = 300
const PAGE_MAX = 1000
/** Of the phones' side: more than that are not followed. */
const RIVER_PAGES = 20
/** Further ahead than that, the newest are fetched instead of all between. */
const AHEAD_MAX = 3000
const RIVER_KINDS = 'emergency.raised,emergency.cancelled,emergency.acknowledged,object.put,object.deleted'

export interface Drawn {
  uid: string
  type: string
  callsign: string
  lat: number
  lon: number
  at: number
}

async function ask(query: string): Promise<RecordEvent[] | null> {
  const answer = await call<{ events: RecordEvent[] }>('GET', `/api/events?${query}${asQuery()}`)
  if (!answer.ok) return null
  answer.data.events.forEach(remember)
  return answer.data.events
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

export class PastLog {
  /** In order, without a gap; all that there is after list[0].prev up to `known_to`. */
  private list: RecordEvent[] = []
  private known_to = 0
  private river: RecordEvent[] = []
  private river_to = -1

  constructor(private readonly changed: () => void) {
    if (as_role.peek() === '') {
      this.list = [...liveEvents()]
      this.known_to = lastSeq() ?? 0
    }
  }

  /** False: the server could not be asked. */
  async go(row: number): Promise<boolean> {
    return (await this.reach(row)) && (await this.followRiver(row))
  }

  private async reach(row: number): Promise<boolean> {
    const begin = this.list[0]?.prev ?? Infinity
    if (begin <= row && row <= this.known_to) return true
    if (begin <= row && row - this.known_to <= AHEAD_MAX) {
      while (this.known_to < row) {
        const more = await ask(`after=${this.list.at(-1)!.seq}&limit=${PAGE_MAX}`)
        if (!more) return false
        this.list.push(...more)
        this.known_to = more.length < PAGE_MAX ? Math.max(row, more.at(-1)?.seq ?? 0) : more.at(-1)!.seq
      }
      return true
    }
    const last = await ask(`before=${row + 1}&limit=${PAGE}`)
    if (!last) return false
    this.list = last
    this.known_to = row
    return true
  }

  private async followRiver(row: number): Promise<boolean> {
    for (let page = 0; this.river_to < row && page < RIVER_PAGES; page++) {
      const more = await ask(`after=${Math.max(0, this.river_to)}&limit=${PAGE_MAX}&kinds=${RIVER_KINDS}`)
      if (!more) return false
      this.river.push(...more)
      this.river_to = more.length < PAGE_MAX ? Math.max(row, more.at(-1)?.seq ?? 0) : more.at(-1)!.seq
    }
    return true
  }

  /** The record as it stood after a row that go() has reached. */
  at(row: number): PastRecord {
    const events = this.list.filter((event) => event.seq <= row)
    let open: readonly Emergency[] = []
    for (const event of this.river) if (event.seq <= row) open = afterEvent(open, event)
    return {
      row, events, emergencies: open, reached_start: events.length === 0 || events[0]!.prev === 0,
      takeOlder: (older) => this.takeOlder(older),
    }
  }

  /** What phones had drawn by then. */
  drawnAt(row: number): readonly Drawn[] {
    const drawn = new Map<string, Drawn>()
    for (const event of this.river) {
      if (event.seq > row) break
      const uid = text(event.data?.['uid'])
      const { lat, lon } = event.data ?? {}
      if (event.kind === 'object.deleted') drawn.delete(uid)
      if (event.kind !== 'object.put' || typeof lat !== 'number' || typeof lon !== 'number') continue
      drawn.set(uid, { uid, type: text(event.data?.['type']), callsign: text(event.data?.['callsign']), lat, lon, at: event.at })
    }
    return [...drawn.values()]
  }

  private takeOlder(older: readonly RecordEvent[]): void {
    const first = this.list[0]?.seq ?? Infinity
    this.list.unshift(...older.filter((event) => event.seq < first))
    older.forEach(remember)
    this.changed()
  }
}
