// Log (3): everything that is on the record, newest on top; filtered, pinned, printed, taken along; older lines come
// as one scrolls. Nothing here changes a line: a correction is a new one that strikes the old.
import { useComputed, useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import '../css/log.css'
import { families } from '../base/describe'
import { clockText, dateText } from '../base/format'
import { lang, T, t } from '../base/i18n'
import { kindText } from '../base/values'
import { parseWhen } from '../entry/when'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { shown_now, entitiesOf, incident_id, textOf } from '../state/incident'
import { entityName, levelName, placeName } from '../state/names'
import { asQuery } from '../state/moment'
import { pins } from '../state/pins'
import { correctedBy, events, events_changed, reached_start, takeOlder } from '../state/record'
import { mayDo } from '../state/rights'
import { shown_event } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { LongList } from '../ui/long_list'
import { printPage, printing } from '../ui/print'
import { lazy } from '../base/lazy'
import { describeLine, lineOf, LogRow, makeFeed, waiting_lines, WaitingLines } from '../shell/lines'
import type { LogLine } from '../shell/lines'
import { saveCsv, saveLines } from './log_file'
import { countOf, fitsLine, no_filter } from './log_filter'
import type { LogFilter } from './log_filter'
import { LINES_MAX, LogPaper } from './log_paper'

const FETCH = 1000
/** As many as one jump goes back for. */
const FETCHES_MAX = 60
let fetching = false

/** False when nothing older came. */
async function fetchOlder(): Promise<boolean> {
  const first = events[0]
  if (!first || reached_start.peek() || fetching) return false
  fetching = true
  const answer = await call<{ events: RecordEvent[] }>('GET', `/api/events?before=${first.seq}&limit=${FETCH}${asQuery()}`)
  fetching = false
  if (answer.ok) takeOlder(answer.data.events)
  return answer.ok && answer.data.events.length > 0
}

/** What the paper would hold is here before the browser's own menu prints, which waits for nobody. */
async function fetchForPaper(): Promise<void> {
  while (events.length < LINES_MAX && (await fetchOlder()));
}

export const EventCard = lazy(() => import('./event'))

/** Kept while another screen is looked at. */
const filter_of: { current: LogFilter } = { current: no_filter }

function makeKnown() {
  const by_level = new Map<string, Set<string>>()
  for (const zone of entitiesOf('zone')) by_level.set(textOf(zone, 'level'), (by_level.get(textOf(zone, 'level')) ?? new Set()).add(zone.id))
  const none: ReadonlySet<string> = new Set()
  return { zonesOf: (level: string) => by_level.get(level) ?? none, corrected: (seq: number) => correctedBy(seq) !== undefined }
}

function useFeed(filter: LogFilter) {
  const feed = useRef<{ filter: LogFilter; lang: string; get: () => readonly LogLine[]; name: string }>(null)
  if (feed.current?.filter !== filter || feed.current.lang !== lang.value) {
    const known = makeKnown()
    const get = makeFeed((line) => fitsLine(filter, line.event!, line.family, line.at, () => describeLine(line.event!), known))
    feed.current = { filter, lang: lang.value, get, name: JSON.stringify(filter) + lang.value }
  }
  void events_changed.value
  return { rows: feed.current.get(), name: feed.current.name }
}

/** What there is to choose from: the kinds and sources of the lines that are here. */
function choices() {
  const kinds = new Set<string>()
  const sources = new Set<string>()
  for (const event of events) {
    kinds.add(event.kind)
    sources.add(describeLine(event).source)
  }
  return { kinds: [...kinds].sort((a, b) => kindText(a).localeCompare(kindText(b))), sources: [...sources].filter(Boolean).sort() }
}

function Select(props: { label: string; value: string; onChange: (value: string) => void; options: readonly [string, string][] }) {
  return (
    <label class="pick">
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="">{t('log.any')}</option>
        {props.options.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </select>
    </label>
  )
}

function Moment(props: { label: string; at: number; onChange: (at: number) => void }) {
  const text = useSignal(Number.isNaN(props.at) ? '' : clockText(props.at, false))
  const wrong = text.value.trim() !== '' && Number.isNaN(parseWhen(text.value, shown_now.value))
  const done = () => props.onChange(text.value.trim() === '' ? NaN : parseWhen(text.value, shown_now.peek()))
  return (
    <label class="pick">
      <span>{props.label}</span>
      <input
        type="text" dir="ltr" size={8} placeholder="21:14" autocomplete="off" aria-invalid={wrong ? 'true' : undefined} value={text.value}
        onInput={(event) => { text.value = event.currentTarget.value }} onBlur={done} onKeyDown={(event) => { if (event.key === 'Enter') done() }}
      />
    </label>
  )
}

function Conditions(props: { filter: Signal<LogFilter> }) {
  const it = props.filter.value
  const set = (more: Partial<LogFilter>) => { props.filter.value = { ...it, ...more } }
  // Not while lines stream in: a list that is open would change under the pointer.
  const known = useRef<ReturnType<typeof choices>>(null)
  known.current ??= choices()
  const named = (kind: string, name: (id: string) => string) => entitiesOf(kind).map((one): [string, string] => [`${kind}/${one.id}`, name(one.id)])
  const about: [string, string][] = [
    ...named('unit', (id) => id), ...entitiesOf('person').map((one): [string, string] => [`person/${one.id}`, entityName(one)]),
    ...named('level', levelName), ...named('zone', (id) => placeName('zone', id)),
  ]
  return (
    <div class="bar conditions" role="group" aria-label={t('log.filters')}>
      <Select label={t('log.kind')} value={it.kind} onChange={(kind) => set({ kind })} options={known.current.kinds.map((kind) => [kind, kindText(kind)])} />
      <Select label={t('count.source')} value={it.source} onChange={(source) => set({ source })} options={known.current.sources.map((source) => [source, source])} />
      <Select label={t('log.about')} value={it.about} onChange={(one) => set({ about: one })} options={about} />
      <Select
        label={t('log.level')} value={it.level} onChange={(level) => set({ level: level as LogFilter['level'] })}
        options={[['warn', t('log.level_warn')], ['crit', t('log.level_crit')], ['corrected', t('log.level_corrected')]]}
      />
      <Moment key={'from' + it.from} label={t('log.from')} at={it.from} onChange={(from) => set({ from })} />
      <Moment key={'to' + it.to} label={t('log.to')} at={it.to} onChange={(to) => set({ to })} />
      <Button onClick={() => { props.filter.value = { ...no_filter, words: it.words } }}>{t('log.no_filter')}</Button>
    </div>
  )
}

/** A time to which the list is moved; older lines are fetched until it is there. */
function Jump(props: { onJump: (at: number) => void }) {
  const text = useSignal('')
  const busy = useSignal(false)
  const go = async (event: Event) => {
    event.preventDefault()
    const at = parseWhen(text.value, shown_now.peek())
    if (Number.isNaN(at) || busy.value) return
    busy.value = true
    for (let i = 0; i < FETCHES_MAX && events.length > 0 && events[0]!.at > at; i++) if (!(await fetchOlder())) break
    busy.value = false
    props.onJump(at)
  }
  return (
    <form class="jump" onSubmit={(event) => void go(event)}>
      <label class="hidden" for="log-jump">{t('log.jump')}</label>
      <input
        id="log-jump" type="text" dir="ltr" size={6} placeholder={t('log.jump')} autocomplete="off" value={text.value}
        onInput={(event) => { text.value = event.currentTarget.value }}
      />
      <Button type="submit" disabled={busy.value}>{t('log.go')}</Button>
    </form>
  )
}

function Files(props: { rows: readonly LogLine[] }) {
  const name = `${incident_id.value || 'cordon'}-log`
  const whole = `/api/incidents/${encodeURIComponent(incident_id.value)}/export`
  return (
    <details class="files">
      <summary class="btn">{t('log.files')}</summary>
      {/* It lies over the filters: what was chosen closes it. */}
      <div class="card" onClick={(event) => event.currentTarget.closest('details')?.removeAttribute('open')}>
        <Button onClick={() => saveCsv(name, props.rows)}>{t('log.csv')}</Button>
        <Button onClick={() => saveLines(name, props.rows)}>{t('log.ndjson')}</Button>
        {incident_id.value && mayDo('exports') && (
          <a class="btn" href={whole} download={`${incident_id.value}.ndjson`}>{t('log.whole')}</a>
        )}
      </div>
    </details>
  )
}

function Pinned() {
  void events_changed.value
  const lines = pins.value.map((seq) => events.find((event) => event.seq === seq)).filter((event) => event !== undefined).map(lineOf)
  if (lines.length === 0) return null
  return (
    <section class="pinned" aria-label={t('log.pinned')} data-walk>
      {lines.map((line) => <LogRow key={line.key} line={line} seconds whole />)}
    </section>
  )
}

/** The row of a list, oldest first, that was there at a moment. */
function rowAt(rows: readonly LogLine[], at: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

export function LogScreen() {
  const filter = useSignal<LogFilter>(filter_of.current)
  const open = useSignal(countOf(filter_of.current) > 0)
  const goto = useSignal<{ row: number } | null>(null)
  const count = useComputed(() => countOf(filter.value))
  filter_of.current = filter.value
  const { rows, name } = useFeed(filter.value)
  useEffect(() => void fetchForPaper(), [])
  // A filter that lets little through wants more lines than are here.
  useEffect(() => {
    if (rows.length < 40) void fetchOlder()
  }, [name, rows.length < 40, events_changed.value])
  const set = (more: Partial<LogFilter>) => { filter.value = { ...filter.value, ...more } }
  const { family, words } = filter.value
  const waiting = waiting_lines.value
  if (printing.value) return <section class="screen"><LogPaper lines={[...waiting, ...[...rows].reverse()]} /></section>
  return (
    <section class="screen" aria-labelledby="log-title">
      <div class="bar">
        <h1 id="log-title">{t('nav.log')}</h1>
        <div class="chips" role="group" aria-label={t('log.kinds')}>
          <Button pressed={!family} onClick={() => set({ family: '' })}>{t('log.everything')}</Button>
          {families.map((it) => <Button key={it} pressed={family === it} onClick={() => set({ family: it })}>{t(`log.${it}`)}</Button>)}
        </div>
        <div class="logtools">
          <input
            type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto" value={words}
            onInput={(event) => set({ words: event.currentTarget.value.trimStart().toLowerCase() })}
          />
          <Button pressed={open.value} onClick={() => { open.value = !open.value }}>{count.value > 0 ? t('log.filters_n', { n: count.value }) : t('log.filters')}</Button>
          <Jump onJump={(at) => { goto.value = { row: rowAt(rows, at) } }} />
          <Files rows={rows} />
          <Button keys="Ctrl P" onClick={() => void printPage(t('log.title'))}>{t('print.print')}</Button>
        </div>
      </div>
      {open.value && <Conditions filter={filter} />}
      <WaitingLines lines={waiting} />
      <Pinned />
      <div class={shown_event.value === null ? 'logbody' : 'logbody beside'}>
        {rows.length === 0
          ? <Empty>{events.length === 0 ? t('log.empty') : t('log.none')}</Empty>
          : (
            <LongList
              id="biglog" label={t('log.title')} rows={rows} list={name} estimate_rem={3.4} keyOf={(line) => line.key} goto={goto.value}
              row={(line) => <LogRow line={line} seconds whole />} onEnd={() => void fetchOlder()}
            />
          )}
        {shown_event.value !== null && <EventCard until={null} />}
      </div>
      <p class="logfoot">
        <T k="log.shown_n" n={rows.length} />
        {events.length > 0 && <> · <T k="log.since" p={{ time: `${dateText(events[0]!.at)} ${clockText(events[0]!.at, false)}` }} /></>}
        {!reached_start.value && <> · {t('log.older')}</>}
      </p>
    </section>
  )
}
