// A task as one says it: "@QRF open east gate by 21:55 !". Pure.
//
//   @NAME          who does it; the longest name that is known, else the word
//   by 21:55, +20  until when; also "21:55 تک", "by -5"
//   ! or !!        urgent, critical
import { parseWhen } from './when'

export interface TaskLine {
  owner: string
  text: string
  /** NaN: no time was said. */
  due: number
  priority: '' | 'urgent' | 'critical'
}

const TIME = String.raw`\+\d{1,4}|\d{1,2}:\d\d|\d{4}`
const due_forms = [new RegExp(String.raw`(?:^|\s)(?:by|until|before)\s+(${TIME})(?=\s|$)`, 'i'), new RegExp(String.raw`(?:^|\s)(${TIME})\s+تک(?=\s|$)`), /(?:^|\s)(\+\d{1,4})(?=\s|$)/]

/** The name after an @, and the line without it. */
function takeOwner(line: string, names: readonly string[]): { owner: string; rest: string } {
  const at = line.search(/(^|\s)@\S/)
  if (at < 0) return { owner: '', rest: line }
  const from = line.indexOf('@', at) + 1
  const after = line.slice(from)
  const known = names
    .filter((name) => after.toLowerCase().startsWith(name.toLowerCase()) && /^(\s|$|[:,])/.test(after.slice(name.length)))
    .sort((a, b) => b.length - a.length)[0]
  const word = known ?? /^[^\s:,]+/.exec(after)?.[0] ?? ''
  // "@QRF" names the only unit that begins so.
  const meant = known ?? (names.filter((name) => name.toLowerCase().startsWith(word.toLowerCase())).length === 1
    ? names.find((name) => name.toLowerCase().startsWith(word.toLowerCase()))! : word)
  return { owner: meant, rest: `${line.slice(0, from - 1)} ${after.slice(word.length).replace(/^[:,]/, '')}` }
}

export function parseTaskLine(line: string, now: number, names: readonly string[]): TaskLine {
  const { owner, rest } = takeOwner(line, names)
  let text = rest
  let due = NaN
  for (const form of due_forms) {
    const found = form.exec(text)
    if (!found) continue
    due = parseWhen(found[1]!, now)
    if (Number.isNaN(due)) continue
    text = text.replace(found[0], ' ')
    break
  }
  const marks = /(?:^|\s)(!{1,2})(?=\s|$)/.exec(text)
  if (marks) text = text.replace(marks[0], ' ')
  return { owner, text: text.replace(/\s+/g, ' ').trim(), due, priority: marks ? (marks[1] === '!!' ? 'critical' : 'urgent') : '' }
}
