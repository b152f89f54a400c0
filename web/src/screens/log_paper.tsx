// The log on paper: the lines that the screen shows, oldest first, as one reads a log.
import { T, t } from '../base/i18n'
import { clockText, dateText } from '../base/format'
import { wordText } from '../base/values'
import { correctedBy } from '../state/record'
import { describeLine, waitingText } from '../shell/lines'
import type { LogLine } from '../shell/lines'

/** More than anybody carries away; a browser lays no more out in the time that one waits for a dialog. */
export const LINES_MAX = 5_000

function Row(props: { line: LogLine }) {
  const { event, at, waiting } = props.line
  const it = event ? describeLine(event) : null
  const corrected = event ? correctedBy(event.seq) : undefined
  const word = (name: string) => (typeof event?.fields?.[name] === 'string' ? String(event.fields[name]) : '')
  return (
    <tr class={it?.level ?? ''}>
      <td><bdi>{event ? '#' + event.seq : '–'}</bdi></td>
      <td class="nobreak"><bdi>{clockText(at)}</bdi></td>
      <td dir="auto">{it?.source}</td>
      <td dir="auto">
        {corrected ? <s>{it!.text}</s> : it?.text ?? waitingText(waiting!)}
        {corrected && <b> {t('entry.corrected', { seq: corrected })}</b>}
        {waiting && <b> ({t('print.not_sent')})</b>}
      </td>
      <td><bdi>{word('grade')}</bdi></td>
      <td>{word('class') && wordText(word('class'), 'class')}</td>
    </tr>
  )
}

export function LogPaper(props: { lines: readonly LogLine[] }) {
  const lines = props.lines.slice(0, LINES_MAX).reverse()
  return (
    <>
      {props.lines.length > LINES_MAX && <p><T k="print.newest_n" p={{ n: LINES_MAX, total: props.lines.length }} /></p>}
      <table class="paper">
        <caption class="hidden">{t('log.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('count.entry')}</th><th scope="col">{t('print.time')}</th><th scope="col">{t('count.source')}</th>
            <th scope="col">{t('print.line')}</th><th scope="col">{t('count.grade')}</th><th scope="col">{t('print.class')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, i) => {
            const day = dateText(line.at)
            const begins = i === 0 || dateText(lines[i - 1]!.at) !== day
            return [begins && <tr key={day} class="day"><th colSpan={6} scope="rowgroup"><bdi>{day}</bdi></th></tr>, <Row key={line.key} line={line} />]
          })}
        </tbody>
      </table>
    </>
  )
}
