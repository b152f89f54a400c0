// Right behind the first Enter: the only hint on the map, and the phones that are no unit yet.
import { useSignal } from '@preact/signals'
import '../css/first.css'
import { T, t } from '../base/i18n'
import { shapeText } from '../base/place'
import { wordText } from '../base/values'
import { not_checked_in } from '../state/arrivals'
import type { Joined } from '../state/arrivals'
import { drawing, startDrawing } from '../state/drawing'
import { just_opened } from '../state/first'
import { entitiesOf, incident_id, nextId } from '../state/incident'
import { arrivalSteps } from '../state/opening'
import { enter } from '../state/outbox'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { AgencyOf } from './first_phones'

/** So many phones ask at once. */
const SHOWN_MAX = 3

function drawInner(): void {
  startDrawing('area', (places) => enter({
    kind: 'cordon.set', fields: { cordon: nextId('cordon', 'C'), cordon_kind: 'inner', shape: shapeText(places) },
    numbered: { entity: 'cordon', field: 'cordon', prefix: 'C' },
  }))
}

function checkIn(it: Joined): void {
  const known = new Set(entitiesOf('agency').map((agency) => agency.id))
  for (const { entry } of arrivalSteps([{ callsign: it.client.callsign, agency_kind: it.kind }], known, (kind) => wordText(kind, 'agency_kind'))) enter(entry)
}

export default function FirstHint() {
  const sent = useSignal<ReadonlySet<string>>(new Set())
  if (drawing.value || just_opened.value !== incident_id.value) return null
  const cordon = entitiesOf('cordon').length > 0
  const phones = not_checked_in.value
  if (cordon && phones.length === 0) return null
  const confirm = (it: Joined) => {
    sent.value = new Set(sent.value).add(it.client.uid)
    checkIn(it)
  }
  return (
    <div id="firsthint" class="over-map" role="region" aria-label={t('first.next')}>
      <div class="acts">
        {!cordon && <Button writes="cordon.set" kind="primary" onClick={drawInner}>{t('first.draw_inner')}</Button>}
        {phones.length > 0 && <b role="status"><T k="first.new_phones" n={phones.length} /></b>}
        <span class="gap" />
        <button type="button" class="square" aria-label={t('close')} onClick={() => { just_opened.value = '' }}><Icon name="close" /></button>
      </div>
      {phones.length > 0 && (
        <ul>
          {phones.slice(0, SHOWN_MAX).map((it) => (
            <li key={it.client.id}>
              <b><bdi>{it.client.callsign}</bdi></b>
              <AgencyOf it={it} done={sent.value.has(it.client.uid)} onConfirm={() => confirm(it)} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
