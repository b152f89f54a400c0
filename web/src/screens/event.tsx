// One line of the log, whole: its three times, who wrote it and how it came, what it rests on, and what
// corrected it. A correction is a new entry; nothing here changes an old one.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { joined, T, t, tMaybe } from '../base/i18n'
import { clockText, dateText } from '../base/format'
import { fieldText, kindText, valueText, wordText } from '../base/values'
import { eventText } from '../base/written'
import { schema } from '../entry/schema'
import { call } from '../net/api'
import type { Fields, Value } from '../net/incident'
import type { RecordEvent } from '../net/protocol'
import { now } from '../state/clock'
import { incident_id, timeOf } from '../state/incident'
import { asQuery } from '../state/moment'
import { correctedBy, events, events_changed } from '../state/record'
import { shown_event, write } from '../state/view'
import { pins, togglePin } from '../state/pins'
import { asTyped, describeLine } from '../shell/lines'
import { chainOf } from './event_chain'
import type { Link as ChainLink } from './event_chain'
import { Button, Empty } from '../ui/parts'
import { Icon } from '../ui/icon'

const header = new Set([
  'incident', 'observed_at', 'unc_s', 'reported_at', 'recorded_at', 'actor', 'role', 'actor_agency', 'actor_unit', 'on_behalf_of', 'via', 'source', 'grade',
  'class', 'supersedes', 'exercise', 'cause',
])

function Link(props: { seq: number }) {
  return <button type="button" class="link" onClick={() => { shown_event.value = props.seq }}><bdi>#{props.seq}</bdi></button>
}

function time(at: number): string {
  return Number.isNaN(at) ? '' : `${dateText(at)} ${clockText(at)}`
}

function Times(props: { event: RecordEvent; fields: Fields }) {
  const { event, fields } = props
  const about = typeof fields['unc_s'] === 'number' ? `± ${t('age.minutes', { n: Math.round(fields['unc_s'] / 60) })}` : ''
  const row = (name: string, value: string) => (
    <><dt>{fieldText(name)}</dt><dd>{value ? <bdi>{value}</bdi> : <span class="dimmed">{t('entry.not_said')}</span>}</dd></>
  )
  return (
    <>
      {row('observed_at', joined([time(timeOf(fields['observed_at'])), about], ' '))}
      {row('reported_at', time(timeOf(fields['reported_at'])))}
      {row('recorded_at', time(timeOf(fields['recorded_at']) || event.at))}
    </>
  )
}

function Author(props: { fields: Fields }) {
  const { fields } = props
  const word = (name: string) => (fields[name] === undefined ? '' : wordText(String(fields[name]), name))
  const rows: [string, string][] = [
    ['actor', joined([String(fields['actor'] ?? ''), word('role')], t('comma'))],
    ['on_behalf_of', String(fields['on_behalf_of'] ?? '')],
    ['via', word('via')],
    ['source', String(fields['source'] ?? '')],
    ['class', word('class')],
  ]
  const grade = String(fields['grade'] ?? '')
  return (
    <>
      {rows.map(([name, value]) => value && <><dt>{fieldText(name)}</dt><dd><bdi>{value}</bdi></dd></>)}
      {grade && (
        <><dt>{fieldText('grade')}</dt><dd><bdi>{grade}</bdi> <small>{tMaybe('grade.' + grade[0], '')}; {tMaybe('grade.' + grade[1], '')}</small></dd></>
      )}
    </>
  )
}

/** What the page does not have any more is asked of the server. */
function useEvent(seq: number): RecordEvent | null | undefined {
  void events_changed.value
  const fetched = useSignal<RecordEvent | null | undefined>(undefined)
  const here = events.find((event) => event.seq === seq)
  useEffect(() => {
    fetched.value = undefined
    if (here) return
    const path = `/api/incidents/${encodeURIComponent(incident_id.peek())}/events?after=${seq - 1}&limit=1${asQuery()}`
    void call<{ events: RecordEvent[] }>('GET', path).then((answer) => {
      fetched.value = answer.ok ? answer.data.events.find((event) => event.seq === seq) ?? null : null
    })
  }, [seq])
  return here ?? fetched.value
}

/** What a correction does not take over. */
const not_kept = new Set(['incident', 'recorded_at', 'actor', 'exercise', 'supersedes', 'unc_s'])

function correct(event: RecordEvent, fields: Fields): void {
  const own = Object.fromEntries(Object.entries(fields).filter(([name]) => !not_kept.has(name)))
  write(event.kind, asTyped(own), event.seq)
}

function Chain(props: { title: string; links: readonly ChainLink[] }) {
  if (props.links.length === 0) return null
  return (
    <section class="chain" aria-label={props.title}>
      <h3>{props.title}</h3>
      <ul>
        {props.links.map(({ seq, depth, event }) => (
          <li key={seq} class={'depth' + depth}><Link seq={seq} /> <span dir="auto">{event ? describeLine(event).text : t('entry.not_here')}</span></li>
        ))}
      </ul>
    </section>
  )
}

/** What a phone or the server said, as it came. */
function Data(props: { data: Readonly<Record<string, unknown>> }) {
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return (
    <dl>
      {Object.entries(props.data).filter(([, value]) => value !== null && value !== '').map(([name, value]) => (
        <div key={name} class="pairrow"><dt><bdi>{name}</bdi></dt><dd dir="auto">{text(value)}</dd></div>
      ))}
    </dl>
  )
}

/** What the server wrote itself is said in the page's language; what stands in the record is shown below it. */
function Field(props: { event: RecordEvent; name: string; value: Value }) {
  const { event, name, value } = props
  const said = eventText(event.kind, event.fields ?? {}, name, value)
  return (
    <div class="pairrow">
      <dt>{fieldText(name)}</dt>
      <dd dir="auto">
        {said ?? (value === true ? t('yes') : valueText(name, value, now.value))}
        {said !== null && <small class="recorded"><span>{t('entry.as_recorded')}</span> <bdi lang="en" dir="ltr">{String(value)}</bdi></small>}
      </dd>
    </div>
  )
}

function Body(props: { event: RecordEvent }) {
  const { event } = props
  const fields = event.fields ?? {}
  const corrected = correctedBy(event.seq)
  void events_changed.value
  const chain = chainOf(event)
  const supersedes = fields['supersedes']
  return (
    <>
      {corrected && <p class="warn"><T k="entry.corrected_by" p={{ seq: <Link seq={corrected} /> }} /></p>}
      {typeof supersedes === 'number' && <p><T k="entry.corrects" p={{ seq: <Link seq={supersedes} /> }} /></p>}
      <dl class={corrected ? 'struck' : ''}>
        {Object.entries(fields).filter(([name]) => !header.has(name)).map(([name, value]) => <Field key={name} event={event} name={name} value={value as Value} />)}
      </dl>
      {!event.fields && <><p dir="auto">{describeLine(event).text}</p><Data data={event.data ?? {}} /></>}
      <dl><Times event={event} fields={fields} /><Author fields={fields} /></dl>
      <Chain title={t('entry.rests_on')} links={chain.rests_on} />
      <Chain title={t('entry.carries')} links={chain.carries} />
      <div class="acts">
        <Button pressed={pins.value.includes(event.seq)} onClick={() => togglePin(event.seq)}>{t('log.pin')}</Button>
        {!corrected && schema.kinds[event.kind] && <Button writes={event.kind} onClick={() => correct(event, fields)}>{t('entry.correct')}</Button>}
      </div>
    </>
  )
}

export default function EventCard() {
  const event = useEvent(shown_event.value ?? 0)
  return (
    <section class="card eventcard" aria-label={t('entry.card')}>
      <div class="sechead">
        <h2><bdi>#{shown_event.value}</bdi> {event && kindText(event.kind)}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={() => { shown_event.value = null }}><Icon name="close" /></button>
      </div>
      {event === undefined && <Empty>{t('entry.fetching')}</Empty>}
      {event === null && <Empty>{t('entry.missing')}</Empty>}
      {event && <Body event={event} />}
    </section>
  )
}
