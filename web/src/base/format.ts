// Numbers, times and ages as text. Clock times are 24 h; digits stay Latin for radio traffic.
import { t, lang } from './i18n'
import { wallTime } from './zone'

const two = (n: number) => (n < 10 ? '0' + n : String(n))

export function clockText(at: number, seconds = true): string {
  if (Number.isNaN(at)) return ''
  const date = wallTime(at)
  const text = two(date.getUTCHours()) + ':' + two(date.getUTCMinutes())
  return seconds ? text + ':' + two(date.getUTCSeconds()) : text
}

export function dateText(at: number): string {
  const format = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' } as const
  return new Intl.DateTimeFormat(lang.value + '-u-nu-latn', format).format(wallTime(at))
}

/** Up to here a counter counts seconds. */
const COUNTED_S = 100 * 3600

/** 02:04 up to an hour, then 1:02:04. For items that wait for somebody. */
export function counterText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s >= COUNTED_S) return ageText(ms) // no column is wide enough for more
  const rest = two(Math.floor(s / 60) % 60) + ':' + two(s % 60)
  return s < 3600 ? rest : Math.floor(s / 3600) + ':' + rest
}

/** 8 s, 12 min, 3 h, 2 d: for tables and labels. */
export function ageText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return t('age.seconds', { n: s })
  if (s < 3600) return t('age.minutes', { n: Math.floor(s / 60) })
  if (s < 86400) return t('age.hours', { n: Math.floor(s / 3600) })
  return t('age.days', { n: Math.floor(s / 86400) })
}

export function bytesText(n: number): string {
  if (n < 1000) return n + ' B'
  if (n < 1e6) return (n / 1e3).toFixed(n < 1e4 ? 1 : 0) + ' kB'
  if (n < 1e9) return (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + ' MB'
  return (n / 1e9).toFixed(1) + ' GB'
}

export function metresText(m: number): string {
  if (m < 10 && !Number.isInteger(m)) return m.toFixed(1) + ' m'
  return m < 1000 ? Math.round(m) + ' m' : (m / 1000).toFixed(1) + ' km'
}

export function squareText(m2: number): string {
  if (m2 < 10_000) return Math.round(m2) + ' m²'
  return m2 < 1_000_000 ? (m2 / 10_000).toFixed(1) + ' ha' : (m2 / 1_000_000).toFixed(2) + ' km²'
}

/** As it is typed into a form: 2026-02-17 21:44:05. */
export function typedTime(at: number): string {
  return `${wallTime(at).toISOString().slice(0, 10)} ${clockText(at)}`
}
