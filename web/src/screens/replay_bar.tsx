// The bar of a replay, on every screen: where one is, how it moves, as whose screen, and the way back.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ageText, clockText } from '../base/format'
import { T, t } from '../base/i18n'
import { SPEEDS, countTo, lateAt } from '../base/timeline'
import { timeText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import { parseWhen } from '../entry/when'
import { live_now, now } from '../state/clock'
import {
  as_role, as_whole, asking, backToNow, fetching, lookAs, past_at, past_error, playOrPause, playing, showPast, speed, stepEvent,
} from '../state/past'
import { span } from '../state/span'
import { timeline, timeline_error } from '../state/timeline'
import { screen } from '../state/view'
import { Icon } from '../ui/icon'
import { Button, Kbd } from '../ui/parts'
import { Scrubber } from '../ui/scrubber'
import { TickLine } from '../ui/ticks'
import '../css/replay.css'

/** The server itself has no screen. */
const roles = wordsOf('role').filter((role) => role !== 'system')

function Ask() {
  const text = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  // Who pressed R types next; who came by a link or the slider does not.
  useLayoutEffect(() => {
    if (past_at.peek() === null && screen.peek() !== 'replay') input.current?.focus()
  }, [])
  const send = (event: Event) => {
    event.preventDefault()
    const at = parseWhen(text.value, now.peek())
    if (Number.isNaN(at)) {
      past_error.value = t('entry.wrong_time')
      return
    }
    void showPast(at).then(() => { text.value = '' })
  }
  return (
    <form onSubmit={send}>
      <label for="past-time">{t('past.ask')}</label>
      <input
        ref={input} id="past-time" type="text" dir="ltr" autocomplete="off" placeholder="21:14, -30" size={10} value={text.value}
        aria-invalid={past_error.value ? 'true' : undefined} onInput={(event) => { text.value = event.currentTarget.value }}
      />
      <Button class="small" type="submit" keys="↵">{t('show')}</Button>
    </form>
  )
}

function Transport() {
  return (
    <div class="transport" dir="ltr" role="group" aria-label={t('past.transport')}>
      <Button label={t('past.event_before')} keys="," onClick={() => stepEvent(-1)}><Icon name="before" /></Button>
      <Button kind="primary" label={t('past.play')} keys="Space" pressed={playing.value} onClick={playOrPause}>
        <Icon name={playing.value ? 'pause' : 'play'} />
      </Button>
      <Button label={t('past.event_next')} keys="." onClick={() => stepEvent(1)}><Icon name="next" /></Button>
      <div class="speeds" role="group" aria-label={t('past.speed')}>
        {SPEEDS.map((it) => <Button key={it} class="small" pressed={speed.value === it} onClick={() => { speed.value = it }}><bdi>{it}×</bdi></Button>)}
      </div>
    </div>
  )
}

function As() {
  return (
    <>
      <label for="past-as">{t('past.as')}</label>
      <select id="past-as" value={as_role.value} onChange={(event) => lookAs(event.currentTarget.value)}>
        <option value="">{t('past.as_own')}</option>
        {roles.map((role) => <option key={role} value={role}>{wordText(role, 'role')}</option>)}
      </select>
    </>
  )
}

/** What stands on the screen: of when, for whom, and what was not known yet. */
function Standing(props: { at: number }) {
  const { at } = props
  const events = timeline.value?.events ?? []
  const late = lateAt(events, at).length
  return (
    <p class="standing-at">
      <b role="status"><T k="past.you_see" p={{ time: timeText(at, live_now.value), age: ageText(live_now.value - at), now: clockText(live_now.value, false) }} /></b>
      {as_role.value && <b><T k="past.as_shown" p={{ role: wordText(as_role.value, 'role') }} /></b>}
      {as_role.value && !as_whole.value && <span>{t('past.as_part')}</span>}
      <span><T k="past.recorded_by" p={{ time: clockText(at, false), of: countTo(events, at) }} /></span>
      {late > 0 && <span><T k="past.late" n={late} /> <button type="button" class="link" onClick={() => { screen.value = 'replay' }}>{t('show')}</button></span>}
    </p>
  )
}

export default function ReplayBar() {
  const at = past_at.value
  const over = span.value
  const wrong = past_error.value || timeline_error.value
  return (
    <div id="pastbar" class={at === null ? '' : 'loud'} role="region" aria-label={t('past.title')} aria-busy={fetching.value}>
      <div class="pastline">
        <Transport />
        {over && screen.value !== 'replay' && (
          <Scrubber from={over.from} to={over.to} class="slim"><TickLine events={timeline.value?.events ?? []} from={over.from} to={over.to} /></Scrubber>
        )}
        {(!over || screen.value === 'replay') && <span class="gap" />}
        <Ask />
        <As />
        {(at !== null || screen.value !== 'replay') && (
          <Button class="small" keys="Esc" onClick={backToNow}>{at === null ? t('entry.cancel') : t('past.now')}</Button>
        )}
      </div>
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      {at !== null && <Standing at={at} />}
      {at === null && asking.value && <p class="standing-at"><span>{t('past.hint')}</span> <Kbd>Space</Kbd> <span>{t('past.play')}</span></p>}
    </div>
  )
}
