// The card of what stands on the map: what it is, who set it and when, and what can be done about it.
import { ageText, clockText } from '../base/format'
import { latLonText, mgrsText } from '../base/geo'
import { joined, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { shapeText } from '../base/place'
import { fieldText, timeText, valueText, wordText } from '../base/values'
import { map_commands } from '../map/commands'
import type { Entity } from '../net/incident'
import { now } from '../state/clock'
import { entity, textOf, timeOf } from '../state/incident'
import { placed } from '../state/places'
import { screen, selectEntity, selected_entity, shown_event, write } from '../state/view'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'

/** What ends each kind, and what moves it. */
const ends: Record<string, string> = {
  cordon: 'cordon.lifted', closure: 'closure.lifted', tactical: 'tactical.lifted', point: 'point.closed', hazard: 'hazard.controlled',
}
const moves: Record<string, string> = { cordon: 'cordon.moved', closure: 'closure.changed' }
const told = [
  'cordon_kind', 'tactical_kind', 'point_kind', 'hazard_kind', 'severity', 'place', 'area', 'aliases', 'emergency_lane', 'units', 'sector', 'text', 'reason',
  'state',
]

function Row(props: { it: Entity; name: string }) {
  const value = props.it.fields[props.name]
  if (value === undefined) return null
  return <><dt>{fieldText(props.name)}</dt><dd dir="auto">{value === true ? t('yes') : valueText(props.name, value, now.value)}</dd></>
}

function Where(props: { it: Entity }) {
  const { lat, lon } = props.it.fields
  if (typeof lat !== 'number' || typeof lon !== 'number') return null
  return <><dt>{t('col.where')}</dt><dd><bdi>{mgrsText(lat, lon)}</bdi> <small><bdi>{latLonText(lat, lon)}</bdi></small></dd></>
}

function titleOf(it: Entity): string {
  return placed.value.find((one) => one.entity === it)?.name || textOf(it, 'name') || textOf(it, 'road') || textOf(it, 'place') || it.id
}

export default function PlaceCard() {
  const [kind = '', ...rest] = (selected_entity.value ?? '').split('/')
  const id = rest.join('/')
  const it = entity(kind, id)
  if (!it) return null
  const set = timeOf(it.fields['made_at'])
  const changed = timeOf(it.fields['recorded_at'])
  const who = textOf(it, 'by') || textOf(it, 'actor') || textOf(it, 'source')
  const shape = placed.value.find((one) => one.entity === it)?.places ?? []
  const ended = ends[kind]
  const moved = moves[kind]
  const preset = { [kind]: id, ...(shape.length > 1 ? { shape: shapeText(shape) } : {}) }
  return (
    <section id="card" class="card" aria-label={t('place.card')}>
      <h3>
        <bdi>{titleOf(it)}</bdi>
        <span class="dimmed">{t(`place.${kind}` as Key)}</span>
        <button type="button" class="square" aria-label={t('close')} onClick={() => selectEntity(null)}><Icon name="close" /></button>
      </h3>
      <dl>
        <dt>{t('place.set')}</dt>
        <dd><bdi>{joined([who, timeText(set, now.value), t('unit.old', { age: ageText(now.value - set) })], t('comma'))}</bdi></dd>
        {changed > set && it.changed !== it.made && <><dt>{t('col.changed')}</dt><dd><bdi>{clockText(changed, false)}</bdi></dd></>}
        {told.map((name) => <Row key={name} it={it} name={name} />)}
        <Where it={it} />
      </dl>
      <div class="acts">
        {moved && <Button class="small" onClick={() => write(moved, preset)}>{t('place.move')}</Button>}
        {ended && <Button class="small" onClick={() => write(ended, { [kind]: id })}>{wordText(ended, 'end')}</Button>}
        <Button
          class="small"
          onClick={() => {
            shown_event.value = it.made
            screen.value = 'log'
          }}
        >
          {t('place.entry', { seq: it.made })}
        </Button>
        {screen.value === 'map' && <Button class="small" onClick={() => map_commands.value?.showEntity(`${kind}/${id}`)}>{t('place.show')}</Button>}
      </div>
    </section>
  )
}
