// The selected unit: where, how old, how well it is, who, and what can be done now.
import { ageText, clockText, metresText } from '../base/format'
import { latLonText, mgrsText } from '../base/geo'
import { emergencyName } from '../base/describe'
import { T, t } from '../base/i18n'
import { now } from '../state/clock'
import { emergencies } from '../state/record'
import { incident_id } from '../state/incident'
import { acknowledge, can_promote, isAcknowledging } from '../state/outbox'
import { isOwnObject } from '../state/places'
import { hasFix, moved, silence, text_changed, units_by_uid } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { following, screen, select, selected, stack, write } from '../state/view'
import { map_commands } from '../map/commands'
import { writeTo } from '../shell/actions'
import { attention } from '../state/attention'
import { Icon } from '../ui/icon'
import { Button, Team } from '../ui/parts'

function Where(props: { unit: Unit }) {
  const { unit } = props
  if (!hasFix(unit)) return <dd>{t('unit.no_fix')}</dd>
  const floor = Number.isNaN(unit.floor) ? '' : `F${unit.floor} `
  return (
    <dd>
      <bdi>{floor}{mgrsText(unit.lat, unit.lon)}</bdi>
      <small><bdi>{latLonText(unit.lat, unit.lon)}</bdi></small>
    </dd>
  )
}

function Fix(props: { unit: Unit }) {
  const { unit } = props
  const silent = silence(unit, now.value)
  const age = ageText(now.value - unit.heard)
  return (
    <dd>
      <bdi class={silent === 2 ? 'bad' : silent ? 'warn' : ''}><T k="unit.old" p={{ age }} /></bdi>
      {!Number.isNaN(unit.ce) && <>, <bdi>±{metresText(unit.ce)}</bdi></>}
      {unit.speed > 0.3 && <>, <bdi>{(unit.speed * 3.6).toFixed(0)} km/h</bdi></>}
    </dd>
  )
}

function Facts(props: { unit: Unit }) {
  const { unit } = props
  const line = (name: string, value: string) => value && <><dt>{name}</dt><dd><bdi>{value}</bdi></dd></>
  return (
    <dl>
      <dt>{t('col.where')}</dt><Where unit={unit} />
      <dt>{unit.presence ? t('unit.gps') : t('col.heard')}</dt><Fix unit={unit} />
      {(unit.team || unit.role) && <><dt>{t('col.team')}</dt><dd><Team team={unit.team} /> <bdi>{unit.role}</bdi></dd></>}
      {unit.battery !== null && <><dt>{t('col.battery')}</dt><dd><bdi class={unit.battery <= 15 ? 'warn' : ''}>{unit.battery}%</bdi></dd></>}
      {line(t('col.user'), [unit.user, unit.agency].filter(Boolean).join(', '))}
      {line(t('col.groups'), unit.groups.join(', '))}
      {line(t('col.device'), unit.device)}
      {line(t('unit.type'), unit.presence ? '' : unit.type)}
      {unit.remarks && <><dt>{t('unit.remarks')}</dt><dd dir="auto">{unit.remarks}</dd></>}
    </dl>
  )
}

function Stack() {
  if (stack.value.length === 0) return null
  return (
    <div class="stack">
      <small><T k="unit.stack" n={stack.value.length} /></small>
      <div class="chips">
        {stack.value.slice(0, 12).map((uid) => (
          <Button
            key={uid} class="small"
            onClick={() => select(uid, [selected.value!, ...stack.value.filter((other) => other !== uid)])}
          >
            <bdi>{units_by_uid.get(uid)?.callsign ?? uid}</bdi>
          </Button>
        ))}
      </div>
    </div>
  )
}

const promotable = ['cordon.set', 'closure.set', 'tactical.set', 'hazard.reported', 'point.set'] as const

/** A marker or drawing of a phone becomes part of the record, because a person says so. */
function Promote(props: { unit: Unit }) {
  const { unit } = props
  if (incident_id.value === '' || !can_promote.value || isOwnObject(unit.uid)) return null
  const named = { 'closure.set': 'road', 'point.set': 'place', 'hazard.reported': 'text' } as Record<string, string>
  return (
    <div class="stack">
      <small>{t('promote.title')}</small>
      <div class="chips">
        {promotable.map((kind) => (
          <Button key={kind} class="small" onClick={() => write(kind, { [named[kind] ?? 'name']: unit.callsign }, undefined, unit.uid)}>{t(`promote.${kind}`)}</Button>
        ))}
      </div>
    </div>
  )
}

function standing(unit: Unit, call: { type: string } | undefined): { word: string; style: string } {
  if (call) return { word: emergencyName(call.type), style: 'bad' }
  if (silence(unit, now.value)) return { word: t('state.silent'), style: 'warn' }
  return { word: unit.presence && !unit.online ? t('state.offline') : '', style: 'dimmed' }
}

export function Card() {
  void text_changed.value
  void moved.value
  const uid = selected.value
  const unit = uid ? units_by_uid.get(uid) : undefined
  if (!uid || !unit) return null
  const call = emergencies.value.find((it) => it.unit_uid === uid)
  const waits = call && !call.acknowledged_by && !isAcknowledging(call.uid)
  const is_top = attention.value.find((item) => item.level !== 'calm')?.emergency?.uid === call?.uid
  const { word, style } = standing(unit, call)
  return (
    <section id="card" class="card" aria-label={t('unit.selected')}>
      <h3>
        <bdi>{unit.callsign}</bdi>
        <span class={style}>{word}</span>
        <button type="button" class="square" aria-label={t('close')} onClick={() => select(null)}><Icon name="close" /></button>
      </h3>
      {call?.acknowledged_by && (
        <p class="bad"><T k="att.acknowledged_by" p={{ who: call.acknowledged_by }} /> <bdi>{clockText(call.acknowledged ?? 0)}</bdi></p>
      )}
      <Facts unit={unit} />
      <Stack />
      {!unit.presence && <Promote unit={unit} />}
      <div class="acts">
        {call && waits && <Button kind="critical" keys={is_top ? 'A' : undefined} onClick={() => acknowledge(call.uid)}>{t('acknowledge')}</Button>}
        {unit.presence && <Button keys="C" onClick={() => writeTo(unit.uid)}>{t('act.call_short')}</Button>}
        {screen.value === 'map'
          ? <Button keys="F" pressed={following.value} onClick={() => { following.value = !following.value }}>{t('act.follow_short')}</Button>
          : (
            <Button
              onClick={() => {
                screen.value = 'map'
                map_commands.value?.showUnit(unit.uid)
              }}
            >
              {t('unit.on_map')}
            </Button>
          )}
      </div>
    </section>
  )
}
