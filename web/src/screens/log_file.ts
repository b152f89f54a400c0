// The lines of the log as files: what is shown, as it is shown (CSV) or as the record has it (NDJSON).
import { typedTime } from '../base/format'
import { wordText } from '../base/values'
import { correctedBy } from '../state/record'
import { describeLine } from '../shell/lines'
import type { LogLine } from '../shell/lines'

const cell = (value: unknown) => {
  const text = String(value ?? '')
  // What a spreadsheet would take for a formula is made text.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replace(/"/g, '""')}"`
}

export function csvOf(lines: readonly LogLine[]): string {
  const head = ['number', 'recorded', 'observed', 'kind', 'source', 'entry', 'grade', 'class', 'corrected_by', 'unit']
  const rows = lines.filter((line) => line.event).map((line) => {
    const event = line.event!
    const { source, text, unit } = describeLine(event)
    const observed = event.observed === null ? '' : typedTime(event.observed)
    const { grade, class: of_class } = event.fields ?? {}
    return [event.seq, typedTime(event.at), observed, event.kind, source, text, grade, of_class && wordText(String(of_class), 'class'), correctedBy(event.seq), unit]
  })
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** With a mark of its encoding, without which a spreadsheet spoils Urdu. */
export function saveCsv(name: string, lines: readonly LogLine[]): void {
  save(`${name}.csv`, 'text/csv;charset=utf-8', '\ufeff' + csvOf(lines))
}

export function saveLines(name: string, lines: readonly LogLine[]): void {
  save(`${name}.ndjson`, 'application/x-ndjson', lines.filter((line) => line.event).map((line) => JSON.stringify(line.event) + '\n').join(''))
}
