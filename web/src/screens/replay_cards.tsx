// Beside the timeline: its events in words, two moments compared, and what came later.
import { useSignal } from '@preact/signals'
import { ageText, clockText } from '../base/format'
import { T, t } from '../base/i18n'
import { countTo, isStep, lateAt } from '../base/timeline'
import type { Happened, Timeline } from '../base/timeline'
import { kindText, timeText } from '../base/values'
import { now } from '../state/clock'
import { past_at, scrubTo } from '../state/past'
import { texts, texts_loading } from '../state/texts'
import { describeLine } from '../shell/lines'
import { Empty } from '../ui/parts'
import { Compare } from './replay_compare'

/** Rows that are in the document at once. */
const SHOWN = 60

function words(event: Happened): { text: string; source: string; level: string } {
  const known = texts.value.get(event.seq)
  const line = known ? describeLine(known) : null
  return { text: line?.text ?? kindText(event.kind), source: line?.source ?? '', level: line?.level ?? '' }
}

function Row(props: { event: Happened; at: boolean; clock: 'recorded' | 'observed'; later?: boolean }) {
  const { event, later } = props
  const { text, source, level } = words(event)
  const when = props.clock === 'observed' && event.observed ? event.observed : event.at
  return (
    <li class={props.at ? 'at' : ''} data-seq={event.seq}>
      <button type="button" onClick={() => scrubTo(event.at)}>
        <time dateTime={new Date(when).toISOString()}><bdi>{clockText(when)}</bdi></time>
        <span>
          <span class={level} dir="auto">{text}</span>
          <small>
            {source && <bdi>{source}</bdi>}
            {later && <> <T k="replay.later_line" p={{ time: timeText(event.at, now.value), age: ageText(event.at - event.observed) }} /></>}
          </small>
        </span>
      </button>
    </li>
  )
}

/** What is found in the whole incident; without words, what happened up to the moment, the newest first. */
function Events(props: { it: Timeline; clock: 'recorded' | 'observed' }) {
  const typed = useSignal('')
  const wanted = typed.value.trim().toLowerCase()
  const { events } = props.it
  const until = countTo(events, now.value)
  const list: Happened[] = []
  let found = 0
  for (let i = wanted ? 0 : until - 1; wanted ? i < events.length : i >= 0 && list.length < SHOWN; i += wanted ? 1 : -1) {
    const event = events[i]!
    if (!isStep(event)) continue
    const { text, source } = wanted ? words(event) : { text: '', source: '' }
    if (wanted && !`${text} ${source} ${event.kind} #${event.seq}`.toLowerCase().includes(wanted)) continue
    found++
    if (list.length < SHOWN) list.push(event)
  }
  return (
    <section class="card" aria-labelledby="happened-title">
      <div class="sechead">
        <h2 id="happened-title">{wanted ? t('replay.found', { n: found }) : t('replay.until')}</h2>
        <input
          type="search" aria-label={t('replay.find')} placeholder={t('replay.find')} dir="auto" value={typed.value}
          onInput={(event) => { typed.value = event.currentTarget.value }}
        />
      </div>
      {wanted && texts_loading.value && <p class="hint">{t('replay.loading')}</p>}
      {list.length === 0 ? <Empty>{wanted ? t('replay.none') : t('replay.nothing_yet')}</Empty> : (
        <ul class="happened" tabIndex={0} aria-label={t('replay.until')}>
          {list.map((event, i) => <Row key={event.seq} event={event} clock={props.clock} at={!wanted && i === 0} />)}
        </ul>
      )}
    </section>
  )
}

/** Two clocks: seen by this moment, and on the record only after it. */
function Later(props: { it: Timeline }) {
  const at = past_at.value
  const list = at === null ? [] : lateAt(props.it.events, at).filter(isStep)
  return (
    <section class="card" aria-labelledby="later-title">
      <div class="sechead"><h2 id="later-title">{t('replay.later')}</h2><span class="count">{list.length}</span></div>
      <p class="hint">{t('replay.later_hint')}</p>
      {list.length > 0 && (
        <ul class="happened" tabIndex={0} aria-label={t('replay.later')}>
          {list.slice(0, SHOWN).map((event) => <Row key={event.seq} event={event} clock="observed" at={false} later />)}
        </ul>
      )}
    </section>
  )
}

export function ReplayCards(props: { it: Timeline; clock: 'recorded' | 'observed' }) {
  return (
    <div class="replaycards no-print">
      <Events it={props.it} clock={props.clock} />
      <div><Compare /><Later it={props.it} /></div>
    </div>
  )
}
