// The card of what stands on the map: what it is, who set it and when, and what can be done about it.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { ageText, clockText, metresText, squareText } from '../base/format'
import { joined, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { areaOf, pathLength } from '../base/measure'
import { isClosed } from '../base/place'
import type { Place } from '../base/place'
import { fieldText, kindText, timeText, valueText, wordText } from '../base/values'
import { entityWritten } from '../base/written'
import { map_commands } from '../map/commands'
import type { Entity } from '../net/incident'
import { now } from '../state/clock'
import { entity, textOf, timeOf } from '../state/incident'
import { whyNot } from '../state/rights'
import { placed } from '../state/places'
import { events, events_changed } from '../state/record'
import { screen, selectEntity, selected_entity, shown_event } from '../state/view'
import { HoldButton } from '../ui/hold'
import { Coordinate } from '../ui/coordinate'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { keyOf } from '../entry/schema'
import { canShape, editShape, endPlace } from './shaping'

/** What ends each kind, and what moves it. */
const ends: Record<string, string> = {
  cordon: 'cordon.lifted', closure: 'closure.lifted', tactical: 'tactical.lifted', point: 'point.closed', hazard: 'hazard.controlled',
}
const HISTORY_MAX = 5
const told = [
  'cordon_kind', 'tactical_kind', 'point_kind', 'hazard_kind', 'severity', 'place', 'area', 'aliases', 'emergency_lane', 'closed_from', 'closed_to', 'traffic',
  'diversion', 'published', 'start_at', 'end_at', 'units', 'control_points', 'rules', 'sector', 'announced_to', 'text', 'controls', 'reason', 'note', 'state',
]

function Row(props: { it: Entity; name: string }) {
  const value = props.it.fields[props.name]
  if (value === undefined) return null
  return <><dt>{fieldText(props.name)}</dt><dd><bdi>{value === true ? t('yes') : entityWritten(props.it, props.name) ?? valueText(props.name, value, now.value)}</bdi></dd></>
}

function Where(props: { it: Entity }) {
  const { lat, lon } = props.it.fields
  if (typeof lat !== 'number' || typeof lon !== 'number') return null
  return <><dt>{t('col.where')}</dt><dd><Coordinate kind="mgrs" lat={lat} lon={lon} /><Coordinate kind="degrees" lat={lat} lon={lon} /></dd></>
}

function titleOf(it: Entity): string {
  return placed.value.find((one) => one.entity === it)?.name || textOf(it, 'name') || textOf(it, 'road') || textOf(it, 'place') || it.id
}

/** How long and how large it is on the ground. */
function Size(props: { places: readonly Place[] }) {
  const { places } = props
  if (places.length < 2) return null
  const text = [t('measure.length', { n: metresText(pathLength(places)) }), isClosed(places) ? t('measure.area', { n: squareText(areaOf(places.slice(0, -1))) }) : '']
  return <><dt>{t('place.size')}</dt><dd>{joined(text, t('comma'))}</dd></>
}

/** What the record says of it, newest first: each a step to the entry itself. */
function History(props: { it: Entity }) {
  void events_changed.value
  const { it } = props
  const key = keyOf(ends[it.kind] ?? '')
  const own = events.filter((event) => event.fields?.[key] === it.id && event.kind.startsWith(it.kind)).slice(-HISTORY_MAX).reverse()
  if (own.length < 2) return null
  return (
    <ul class="history" aria-label={t('place.history')}>
      {own.map((event) => (
        <li key={event.seq}>
          <button
            type="button"
            onClick={() => {
              shown_event.value = event.seq
              screen.value = 'log'
            }}
          >
            <bdi>{clockText(event.at, false)}</bdi> <span>{kindText(event.kind)}</span> <bdi>{textOf({ ...it, fields: event.fields! }, 'actor')}</bdi>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** It ends by a button that is held; the reason stands there already and may be another. */
function End(props: { it: Entity; kind: string }) {
  const reason = useSignal(t('place.reason_over'))
  return (
    <div class="end">
      <label>
        <span>{fieldText('reason')}</span>
        <input type="text" dir="auto" autocomplete="off" value={reason.value} onInput={(event) => { reason.value = event.currentTarget.value }} />
      </label>
      <HoldButton writes={props.kind} class="small" disabled={reason.value.trim() === ''} onDone={() => void endPlace(props.it, reason.value.trim())}>{wordText(props.kind, 'end')}</HoldButton>
    </div>
  )
}

export default function PlaceCard() {
  const [kind = '', ...rest] = (selected_entity.value ?? '').split('/')
  const id = rest.join('/')
  const it = entity(kind, id)
  // What was ended in the meantime has no card any more.
  useEffect(() => {
    if (it && ['lifted', 'closed', 'controlled', 'replaced'].includes(textOf(it, 'state'))) selectEntity(null)
  }, [it])
  if (!it) return null
  const set = timeOf(it.fields['made_at'])
  const changed = timeOf(it.fields['recorded_at'])
  const who = textOf(it, 'by') || textOf(it, 'actor') || textOf(it, 'source')
  const shape = placed.value.find((one) => one.entity === it)?.places ?? []
  const ended = ends[kind] && whyNot(ends[kind]) === '' ? ends[kind] : undefined
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
        <Size places={shape} />
      </dl>
      <History it={it} />
      <div class="acts">
        {canShape(it) && <Button class="small" keys="E" onClick={() => editShape(it)}>{t('place.shape')}</Button>}
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
      {ended && <End key={it.id} it={it} kind={ended} />}
    </section>
  )
}
