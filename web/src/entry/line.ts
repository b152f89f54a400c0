// What a log keeper types into one line, taken apart. Pure.
//
//   [21:43] or [~21:43]   when it was seen; ~ about
//   @NAME                 whom it is about
//   #ZONE                 where
import { parseWhen } from './when'

/** How uncertain "about" is, in seconds: a quarter of an hour (the reference exercise's own figure). */
export const ABOUT_S = 900

export interface LogWords {
  text: string
  /** As it was typed: "21:43"; '' when none was. */
  at: string
  about: boolean
  unit: string
  zone: string
}

export function parseLogLine(line: string, units: readonly string[], zones: readonly string[]): LogWords {
  const [, about, at, rest] = /^\[\s*([~≈]?)\s*([0-9:+-]{2,16})\s*\]\s*(.*)$/s.exec(line.trim()) ?? []
  const text = rest ?? line.trim()
  const named = (mark: string, names: readonly string[]) => {
    const found = names.filter((name) => text.toLowerCase().includes(mark + name.toLowerCase())).sort((a, b) => b.length - a.length)
    return found[0] ?? ''
  }
  return { text, at: at ?? '', about: Boolean(about), unit: named('@', units), zone: named('#', zones) }
}

/** The line as its writer's own note: fields of report.received. Null: the time in it cannot be read. */
export function noteFields(it: LogWords, now: number): Record<string, unknown> | null {
  const at = it.at === '' ? NaN : parseWhen(it.at, now)
  if (it.at !== '' && Number.isNaN(at)) return null
  return {
    predicate: 'note', text: it.text,
    ...(it.at === '' ? {} : { observed_at: new Date(at).toISOString() }),
    ...(it.at !== '' && it.about ? { unc_s: ABOUT_S } : {}),
    ...(it.unit ? { subject: it.unit } : {}),
    ...(it.zone ? { zone: it.zone } : {}),
  }
}

export interface Completion {
  /** Where in the line the name begins, behind its mark. */
  from: number
  mark: '@' | '#'
  typed: string
}

/** The name that is being typed at the end of a line. */
export function completionOf(line: string): Completion | null {
  const found = /(?:^|\s)([@#])(\S*)$/.exec(line)
  if (!found) return null
  return { from: line.length - found[2]!.length, mark: found[1] as '@' | '#', typed: found[2]! }
}

export const complete = (line: string, it: Completion, name: string) => `${line.slice(0, it.from)}${name} `
