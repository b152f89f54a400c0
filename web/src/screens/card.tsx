// The selected unit: where, how old, how well it is, who, and what can be done now.
import { ageText, clockText, counterText, metresText } from '../base/format'
import { emergencyName } from '../base/describe'
import { wordText } from '../base/values'
import { T, joined, t } from '../base/i18n'
import { now } from '../state/clock'
import { emergencies } from '../state/record'
import { incident_id, textOf, timeOf } from '../state/incident'
import { placeName } from '../state/names'
import { acknowledge, can_promote, isAcknowledging } from '../state/outbox'
import { isOwnObject } from '../state/places'
import { hasFix, moved, silence, text_changed, units_by_uid } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { screen, select, selected, stack, write } from '../state/view'
import { map_commands } from '../map/commands'
import { attention } from '../state/attention'
import { Coordinate } from '../ui/coordinate'
import { Icon } from '../ui/icon'
import { mayDo } from '../state/rights'
import { Button, Team } from '../ui/parts'
import { Symbol } from './symbol'
import { parOf, tasksOf, unitOf, unitVerbs } from './verbs'

function Where(props: { unit: Unit }) {
  const { unit } = props
  if (!hasFix(unit)) return <dd>{t('unit.no_fix')}</dd>
  return (
    <dd>
      {!Number.isNaN(unit.floor) && <b><bdi>F{unit.floor}</bdi> </b>}
      <Coordinate kind="mgrs" lat={unit.lat} lon={unit.lon} />
      <Coordinate kind="degrees" lat={unit.lat} lon={unit.lon} />
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
      {!Number.isNaN(unit.ce) && <>{t('comma')}<bdi>±{metresText(unit.ce)}</bdi></>}
      {unit.speed > 0.3 && <>{t('comma')}<bdi>{(unit.speed * 3.6).toFixed(0)} km/h</bdi></>}
    </dd>
  )
}

/** Where the record has it, how its roll call stands, and what it is to do. */
function OnRecord(props: { unit: Unit }) {
  const it = unitOf(props.unit)
  if (!it) return null
  const roll = parOf(it)
  const due = roll?.due ? timeOf(roll.due) : NaN
  const tasks = tasksOf(props.unit)
  const zone = roll?.zone ?? textOf(it, 'zone')
  return (
    <>
      {zone && <><dt>{t('unit.inside')}</dt><dd><bdi>{placeName('zone', zone)}</bdi></dd></>}
      {roll && (
        <>
          <dt>{t('unit.par')}</dt>
          <dd>
            <bdi class={roll.state === 'missed' ? 'bad' : roll.state === 'due' ? 'warn' : ''}>{t(`unit.par_${roll.state}`)}</bdi>
            {!Number.isNaN(due) && <> <bdi>{due < now.value ? '+' : '−'}{counterText(Math.abs(due - now.value))}</bdi></>}
          </dd>
        </>
      )}
      {textOf(it, 'status') && <><dt>{t('unit.status')}</dt><dd><bdi>{wordText(textOf(it, 'status'), 'status')}</bdi></dd></>}
      {tasks.length > 0 && <><dt>{t('unit.tasks')}</dt><dd dir="auto">{tasks.map((task) => textOf(task, 'text')).join(' · ')}</dd></>}
    </>
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
      <OnRecord unit={unit} />
      {line(t('col.user'), joined([unit.user, unit.agency], t('comma')))}
      {line(t('col.groups'), joined(unit.groups, t('comma')))}
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
  if (incident_id.value === '' || !can_promote.value || !mayDo('writes') || isOwnObject(unit.uid)) return null
  const named = { 'closure.set': 'road', 'point.set': 'place', 'hazard.reported': 'text' } as Record<string, string>
  return (
    <div class="stack">
      <small>{t('promote.title')}</small>
      <div class="chips">
        {promotable.map((kind) => (
          <Button writes={kind} key={kind} class="small" onClick={() => write(kind, { [named[kind] ?? 'name']: unit.callsign }, undefined, unit.uid)}>{t(`promote.${kind}`)}</Button>
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
        <Symbol type={unit.type} />
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
        {call && waits && <Button writes="writes" kind="critical" keys={is_top ? 'A' : undefined} onClick={() => acknowledge(call.uid)}>{t('acknowledge')}</Button>}
        {unitVerbs(unit).filter((verb) => verb.id !== 'follow' || screen.value === 'map').map((verb) => (
          <Button key={verb.id} class="small" keys={verb.keys} {...(verb.writes ? { writes: verb.writes } : {})} {...(verb.pressed === undefined ? {} : { pressed: verb.pressed })} onClick={verb.run}>{verb.name}</Button>
        ))}
        {screen.value !== 'map' && (
          <Button
            class="small"
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
