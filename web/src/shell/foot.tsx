import { T, t } from '../base/i18n'
import { pointer } from '../map/commands'
import { lost_since } from '../state/live'
import { past_at } from '../state/moment'
import { outbox } from '../state/outbox'
import { coordinates } from '../state/prefs'
import { screen } from '../state/view'
import { Coordinate } from '../ui/coordinate'
import { Kbd } from '../ui/parts'

/** The two ways in which the place is written go round by their button. */
const pairs = { degrees: ['degrees', 'mgrs'], minutes: ['minutes', 'utm'] } as const

function Place() {
  const at = pointer.value
  if (!at || screen.value !== 'map') return null
  return (
    <span class="coords">
      {pairs[coordinates.value].map((kind) => <Coordinate key={kind} kind={kind} lat={at.lat} lon={at.lon} />)}
      <button
        type="button" class="other" aria-label={t('coord.turn')} title={t('coord.turn')}
        onClick={() => { coordinates.value = coordinates.value === 'degrees' ? 'minutes' : 'degrees' }}
      >
        ⇄
      </button>
    </span>
  )
}

export function Foot() {
  const waiting = outbox.value.length
  return (
    <footer id="foot">
      <b class={lost_since.value ? 'warn' : 'live'}>{lost_since.value ? t('foot.lost') : t(past_at.value === null ? 'foot.live' : 'past.stamp')}</b>
      {waiting > 0 && <span class="warn"><T k="foot.waiting" n={waiting} /></span>}
      <Place />
      <span class="gap" />
      <span><Kbd>1</Kbd>–<Kbd>9</Kbd> {t('foot.screens')}</span>
      <span><Kbd>A</Kbd> {t('acknowledge')}</span>
      <span><Kbd>N</Kbd> {t('act.write')}</span>
      <span><Kbd>Ctrl K</Kbd> {t('act.find')}</span>
      <span><Kbd>?</Kbd> {t('act.keys')}</span>
    </footer>
  )
}
