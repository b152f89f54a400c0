// The zone of the clock times on the page: the incident's own, so that who looks from elsewhere reads the times
// that the people at the scene say; this computer's when the incident names none.
import { signal } from '@preact/signals'

/** An IANA name or an offset such as +05:00; '' is this computer's. */
export const time_zone = signal('')

const QUARTER_MS = 15 * 60_000
const KNOWN_MAX = 2_000
const known = new Map<number, number>()
let known_zone = ''
let format: Intl.DateTimeFormat | null = null

function formatOf(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
    })
  } catch {
    // Somebody entered a zone that this browser does not know.
    return null
  }
}

/** How far the zone's clock is ahead of UTC at a moment. */
export function offsetMs(at: number): number {
  const zone = time_zone.value
  const [, sign, h, m] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? []
  if (sign) return (sign === '-' ? -1 : 1) * (Number(h) * 60 + Number(m)) * 60_000
  if (zone !== known_zone) {
    known.clear()
    known_zone = zone
    format = zone ? formatOf(zone) : null
  }
  if (!format) return -new Date(at).getTimezoneOffset() * 60_000
  const quarter = Math.floor(at / QUARTER_MS)
  const found = known.get(quarter)
  if (found !== undefined) return found
  const part = Object.fromEntries(format.formatToParts(quarter * QUARTER_MS).map(({ type, value }) => [type, Number(value)])) as Record<string, number>
  const there = Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'])
  if (known.size > KNOWN_MAX) known.clear()
  known.set(quarter, there - quarter * QUARTER_MS)
  return there - quarter * QUARTER_MS
}

/** A date whose UTC parts are what a clock in the zone shows at that moment. */
export function wallTime(at: number): Date {
  return new Date(at + offsetMs(at))
}

/** The moment at which a clock in the zone shows these parts. */
export function momentOf(wall: Date): number {
  const guess = wall.getTime() - offsetMs(wall.getTime())
  return wall.getTime() - offsetMs(guess)
}
