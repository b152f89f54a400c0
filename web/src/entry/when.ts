// Times as people type them. Pure.
import { momentOf, wallTime } from '../base/zone'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * "21:44" or "2144" is the one nearest to now, "-5" is five minutes ago, "+20" in twenty minutes,
 * "2026-02-17 21:44" is that. NaN when it is none of them. Hours are the incident's.
 */
export function parseWhen(text: string, now: number): number {
  const typed = text.trim()
  const relative = /^([+-])(\d{1,4})$/.exec(typed)
  if (relative) return now + (relative[1] === '-' ? -1 : 1) * Number(relative[2]) * MINUTE_MS
  const [, date, h, m, s] = /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):?(\d\d)(?::(\d\d))?$/.exec(typed) ?? []
  if (h === undefined || Number(h) > 23 || Number(m) > 59 || Number(s ?? 0) > 59) return NaN
  const day = date ? new Date(date + 'T00:00:00Z') : wallTime(now)
  day.setUTCHours(Number(h), Number(m), Number(s ?? 0), 0)
  const at = momentOf(day)
  if (date) return at
  if (at - now > DAY_MS / 2) return at - DAY_MS
  return now - at > DAY_MS / 2 ? at + DAY_MS : at
}
