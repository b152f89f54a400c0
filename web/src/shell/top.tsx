import { ageText, counterText, clockText } from '../base/format'
import { sayNotCome } from '../base/code'
import { lang, languageName, languages, setLanguage, T, t } from '../base/i18n'
import { live_now, now, pace, skew_ms } from '../state/clock'
import { reload_loses } from '../state/offline'
import { link, link_state, lost_since, picture_at, retry_at } from '../state/live'
import { nextTheme, theme } from '../state/prefs'
import { past_at } from '../state/moment'
import { session } from '../state/session'
import { phones, text_changed } from '../state/tracks'
import { dialog } from '../state/view'
import { Icon } from '../ui/icon'
import { strip } from '../state/incident'
import { Button, Clock } from '../ui/parts'
import { Command, sinceStart } from './strip'

/** Offers the next language by its own name, as a word that its speakers know. */
export function LanguageSwitch() {
  const next = languages[(languages.indexOf(lang.value) + 1) % languages.length]!
  return (
    <button type="button" class="cell" lang={next} onClick={() => void setLanguage(next).then((came) => { if (!came) sayNotCome() })} aria-label={languageName(next)}>
      {next === 'en' ? 'EN' : languageName(next)}
    </button>
  )
}

export function ThemeSwitch() {
  return (
    <button
      type="button"
      class="cell"
      onClick={nextTheme}
      aria-label={`${t('theme')}: ${t(`theme.${theme.value}`)}`}
      title={theme.value === 'red' ? t('theme.red_hint') : `${t('theme')}: ${t(`theme.${theme.value}`)} (T)`}
    >
      <Icon name="half" />
    </button>
  )
}

function Lost() {
  // Reading the clock here keeps the counters going.
  void live_now.value
  const lost_ms = lost_since.value ? Date.now() - lost_since.value : 0
  const wait_s = Math.max(0, Math.ceil((retry_at.value - Date.now()) / 1000))
  return (
    <div class="lostbar" role="status">
      <b><T k="link.lost" p={{ age: counterText(lost_ms) }} /></b>
      <span><T k="link.picture_of" p={{ time: clockText(picture_at.value) }} /></span>
      <span class="wide">{t(reload_loses.value ? `link.reload_loses_${reload_loses.value}` : 'link.still_works')}</span>
      <span class="gap" />
      <span class="wide">{wait_s > 0 ? <T k="link.retry_in" p={{ n: wait_s }} /> : t('link.trying')}</span>
      <Button onClick={() => link.retryNow()}>{t('link.try_now')}</Button>
    </div>
  )
}

function Standing() {
  const age = (live_now.value - picture_at.value) / pace.value / 1000
  if (link_state.value === 'connecting') return <span>{t('link.connecting')}</span>
  return <bdi>{Math.max(0, age).toFixed(age < 10 ? 1 : 0)} s</bdi>
}

export function Top() {
  void text_changed.value
  const { online, known } = phones()
  const lost = link_state.value === 'lost' || lost_since.value !== 0
  const lost_ms = lost && live_now.value ? Date.now() - lost_since.value : 0
  const exercise = strip.value?.exercise === true || session.value?.server.exercise === true
  const skewed = Math.abs(skew_ms.value) > 5_000
  return (
    <header id="top" class={`${past_at.value === null ? '' : 'replay '}${lost ? (lost_ms > 60_000 ? 'lost long' : 'lost') : ''}`}>
      <button
        type="button" class="cell place" onClick={() => { dialog.value = 'incident' }}
        aria-label={t('incident.choose', { name: strip.value?.name ?? t('incident.none') })}
      >
        <b><bdi>{strip.value?.name ?? session.value?.server.name ?? 'Cordon'}</bdi></b>
        <small>{strip.value ? <bdi>{strip.value.id}</bdi> : t('incident.none')}</small>
      </button>
      <div class="clock">
        <Clock at={now.value} seconds />
        <span class="since"><bdi>{sinceStart(strip.value, now.value)}</bdi></span>
        {past_at.value !== null && <small class="wide"><T k="past.now_is" p={{ time: clockText(live_now.value, false) }} /></small>}
        {exercise && pace.value > 1 && past_at.value === null && <small><T k="clock.pace" p={{ n: pace.value }} /></small>}
        {skewed && !exercise && <small class="warn"><T k="clock.skew" p={{ age: ageText(Math.abs(skew_ms.value)) }} /></small>}
      </div>
      {past_at.value !== null && <b class="replaystamp" role="status">{t('past.stamp')}</b>}
      {exercise && <b class="stamp">{t('incident.exercise')}</b>}
      {lost ? <Lost /> : <><Command /><div class="gap" /></>}
      <div class="pair" title={t('phones.hint')}>
        <span class="name">{t('phones')}</span>
        <span><bdi>{online} / {known}</bdi></span>
      </div>
      {!lost && (
        <div class="pair narrow-hide" role="status">
          <span class="name">{t('server')}</span>
          <Standing />
        </div>
      )}
      <button type="button" class="cell narrow-hide" onClick={() => { dialog.value = 'account' }} aria-label={t('account')}>
        <bdi>{session.value?.operator?.name}</bdi>
      </button>
      <LanguageSwitch />
      <ThemeSwitch />
    </header>
  )
}
