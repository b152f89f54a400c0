// The column that never goes away: what needs a decision, the log, and the line to write.
import { lazy } from '../base/lazy'
import { t } from '../base/i18n'
import { events_changed } from '../state/record'
import { text_changed } from '../state/tracks'
import { whyNot } from '../state/rights'
import { said, slash, writing } from '../state/view'
import { undo, undoable } from '../state/undo'
import { Button, Empty } from '../ui/parts'
import { LongList } from '../ui/long_list'
import { Chips, Composer } from './composer'
import { Decide } from './decide'
import { LogRow, makeFeed, minor, waiting_lines, WaitingLines } from './lines'

const feed = makeFeed((line) => !minor.has(line.event!.kind))

function Log() {
  void events_changed.value
  void text_changed.value
  const rows = feed()
  const waiting = waiting_lines.value
  if (rows.length + waiting.length === 0) return <div class="windowed"><Empty>{t('log.empty')}</Empty></div>
  return (
    <div class="sidebox">
      <WaitingLines lines={waiting} />
      <LongList id="sidelog" label={t('log.title')} rows={rows} list="side" estimate_rem={5} keyOf={(line) => line.key} row={(line) => <LogRow line={line} />} />
    </div>
  )
}

export const EntryPanel = lazy(() => import('../entry/panel'))

/** What became of the last entry; for a screen reader too. */
function Said() {
  // A form that was asked for waits until now is shown again.
  const it = writing.value && whyNot('writes') !== '' ? { text: whyNot('writes'), level: 'warn' } : said.value
  return <p class={it ? 'outcome ' + it.level : 'hidden'} role="status">{it?.text}</p>
}

function Undo() {
  const it = undoable.value
  if (!it) return null
  return <p class="outcome undo" role="status"><span>{it.text}</span> <Button writes="writes" class="small" keys="Z" onClick={undo}>{t('undo')}</Button></p>
}

export function Side() {
  return (
    <aside id="side" aria-label={t('side')}>
      <Decide />
      {(writing.value || slash.value !== null) && whyNot('writes') === '' ? <EntryPanel until={<div id="entry" />} /> : <Log />}
      <div>
        <Chips />
        <Undo />
        <Said />
        <Composer />
      </div>
    </aside>
  )
}

