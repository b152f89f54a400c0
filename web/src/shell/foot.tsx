import { latLonText, mgrsText } from '../base/geo'
import { t } from '../base/i18n'
import { pointer } from '../map/commands'
import { lost_since } from '../state/live'
import { outbox } from '../state/outbox'
import { screen } from '../state/view'
import { Kbd } from '../ui/parts'
import { T } from '../base/i18n'

function Place() {
  const at = pointer.value
  if (!at || screen.value !== 'map') return null
  return (
    <>
      <bdi class="coord">{latLonText(at.lat, at.lon)}</bdi>
      <bdi class="coord">{mgrsText(at.lat, at.lon)}</bdi>
    </>
  )
}

export function Foot() {
  const waiting = outbox.value.length
  return (
    <footer id="foot">
      <b class={lost_since.value ? 'warn' : 'live'}>{lost_since.value ? t('foot.lost') : t('foot.live')}</b>
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
