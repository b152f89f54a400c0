// "As of": the bar that asks for a past moment, and says loudly that one is being shown.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ageText, clockText } from '../base/format'
import { T, t } from '../base/i18n'
import { timeText } from '../base/values'
import { parseWhen } from '../entry/when'
import { now, serverNow } from '../state/clock'
import { asking, backToNow, fetching, past_at, past_error, showPast } from '../state/past'
import { Button } from '../ui/parts'

const STEP_MS = 5 * 60_000

function Ask() {
  const text = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => input.current?.focus(), [])
  const send = (event: Event) => {
    event.preventDefault()
    const at = parseWhen(text.value, serverNow())
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
        id="past-time" ref={input} type="text" dir="ltr" autocomplete="off" placeholder="21:14, -30" size={10} value={text.value}
        aria-invalid={past_error.value ? 'true' : undefined} onInput={(event) => { text.value = event.currentTarget.value }}
      />
      <Button class="small" type="submit" keys="↵" disabled={fetching.value}>{t('show')}</Button>
    </form>
  )
}

export function PastBar() {
  const at = past_at.value
  if (!asking.value && at === null) return null
  return (
    <div id="pastbar" class={at === null ? '' : 'loud'} role="region" aria-label={t('past.title')}>
      {at !== null && (
        <b role="status">
          <T k="past.you_see" p={{ time: timeText(at, now.value), age: ageText(now.value - at), now: clockText(now.value, false) }} />
        </b>
      )}
      {at !== null && <Button class="small" onClick={() => void showPast(at - STEP_MS)}>{t('past.earlier')}</Button>}
      {at !== null && <Button class="small" onClick={() => void showPast(Math.min(serverNow(), at + STEP_MS))}>{t('past.later')}</Button>}
      <Ask />
      {past_error.value && <span role="alert">{past_error.value}</span>}
      {at !== null && <span class="wide">{t('past.live_parts')}</span>}
      <span class="gap" />
      <Button class="small" keys="Esc" onClick={backToNow}>{at === null ? t('entry.cancel') : t('past.now')}</Button>
    </div>
  )
}
