// Chat and log (3): the whole record, by kind and by words; older lines come as one scrolls.
import { useSignal } from '@preact/signals'
import { families } from '../base/describe'
import type { Family } from '../base/describe'
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { asQuery } from '../state/moment'
import { events, reached_start, takeOlder } from '../state/record'
import { Button, Empty } from '../ui/parts'
import { printPage, printing } from '../ui/print'
import { WindowedList } from '../ui/window'
import { LogPaper } from './log_paper'
import { lazy } from '../base/lazy'
import { shown_event } from '../state/view'
import { describeLine, lines, LogRow, waitingText } from '../shell/lines'
import type { LogLine } from '../shell/lines'

const FETCH = 300
let fetching = false

async function fetchOlder(): Promise<void> {
  const first = events[0]
  if (!first || reached_start.peek() || fetching) return
  fetching = true
  const answer = await call<{ events: RecordEvent[] }>('GET', `/api/events?before=${first.seq}&limit=${FETCH}${asQuery()}`)
  fetching = false
  if (answer.ok) takeOlder(answer.data.events)
}

export const EventCard = lazy(() => import('./event'))

function holds(line: LogLine, words: string): boolean {
  if (!words) return true
  const it = line.event ? describeLine(line.event) : null
  const text = it ? it.source + ' ' + it.text : waitingText(line.waiting!)
  return text.toLowerCase().includes(words)
}

export function LogScreen() {
  const family = useSignal<Family | null>(null)
  const words = useSignal('')
  const wanted = words.value.trim().toLowerCase()
  const shown = lines.value.filter((line) => (!family.value || line.family === family.value) && holds(line, wanted))
  return (
    <section class="screen" aria-labelledby="log-title">
      <div class="bar">
        <h1 id="log-title">{t('nav.log')}</h1>
        <div class="chips" role="group" aria-label={t('log.kinds')}>
          <Button pressed={!family.value} onClick={() => { family.value = null }}>{t('log.everything')}</Button>
          {families.map((it) => (
            <Button key={it} pressed={family.value === it} onClick={() => { family.value = it }}>{t(`log.${it}`)}</Button>
          ))}
        </div>
        <span class="gap" />
        <input
          type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto"
          value={words.value} onInput={(event) => { words.value = event.currentTarget.value }}
        />
        <Button keys="Ctrl P" onClick={() => void printPage(t('log.title'))}>{t('print.print')}</Button>
      </div>
      <div class={shown_event.value === null ? 'logbody' : 'logbody beside'}>
      {shown.length === 0
        ? <Empty>{lines.value.length === 0 ? t('log.empty') : t('log.none')}</Empty>
        : printing.value ? <LogPaper lines={shown} /> : (
          <WindowedList
            id="biglog" label={t('log.title')} items={shown} row_rem={3.4} keyOf={(line) => line.key}
            row={(line) => <LogRow line={line} seconds />} onEnd={() => void fetchOlder()}
          />
        )}
      {shown_event.value !== null && <EventCard until={null} />}
      </div>
    </section>
  )
}

