// Every phone and object (People, 4): the same facts as the map, as a table; the way in for those who cannot see it.
import { useSignal } from '@preact/signals'
import { ageText, metresText } from '../base/format'
import { mgrsText } from '../base/geo'
import { T, t } from '../base/i18n'
import { now } from '../state/clock'
import { unacknowledged } from '../state/attention'
import { hasFix, moved, silence, text_changed, units } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { select, selected } from '../state/view'
import { Button, Empty, Team } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

type Kind = 'people' | 'objects'
type State = 'emergency' | 'silent2' | 'silent' | 'live' | 'offline'

function stateOf(unit: Unit, at: number, calling: ReadonlySet<string>): State {
  if (calling.has(unit.uid)) return 'emergency'
  const silent = silence(unit, at)
  if (silent === 2) return 'silent2'
  if (silent === 1) return 'silent'
  return unit.online || !unit.presence ? 'live' : 'offline'
}

const rank: Record<State, number> = { emergency: 0, silent2: 1, silent: 2, offline: 3, live: 4 }

function columns(at: number, calling: ReadonlySet<string>): Column<Unit>[] {
  const state = (unit: Unit) => stateOf(unit, at, calling)
  return [
    { id: 'callsign', title: t('col.callsign'), by: (unit) => unit.callsign, cell: (unit) => <bdi>{unit.callsign}</bdi> },
    { id: 'agency', title: t('col.agency'), by: (unit) => unit.code, cell: (unit) => <bdi>{unit.code}</bdi> },
    { id: 'team', title: t('col.team'), by: (unit) => unit.team, cell: (unit) => <Team team={unit.team} /> },
    { id: 'role', title: t('col.role'), by: (unit) => unit.role, cell: (unit) => <bdi>{unit.role}</bdi> },
    { id: 'state', title: t('col.state'), by: (unit) => rank[state(unit)], cell: (unit) => <span class={'state ' + state(unit)}>{t(`state.${state(unit)}`)}</span> },
    { id: 'heard', title: t('col.heard'), by: (unit) => -unit.heard, end: true, cell: (unit) => <bdi>{ageText(at - unit.heard)}</bdi> },
    { id: 'where', title: t('col.where'), cell: (unit) => (hasFix(unit) ? <bdi>{mgrsText(unit.lat, unit.lon)}</bdi> : <span class="dimmed">{t('unit.no_fix')}</span>) },
    { id: 'ce', title: t('col.accuracy'), by: (unit) => unit.ce, end: true, cell: (unit) => (Number.isNaN(unit.ce) ? '' : <bdi>±{metresText(unit.ce)}</bdi>) },
    {
      id: 'battery', title: t('col.battery'), by: (unit) => unit.battery ?? NaN, end: true,
      cell: (unit) => (unit.battery === null ? '' : <bdi class={unit.battery <= 15 ? 'warn' : ''}>{unit.battery}%</bdi>),
    },
    { id: 'user', title: t('col.user'), by: (unit) => unit.user, cell: (unit) => <bdi>{unit.user}</bdi> },
    { id: 'device', title: t('col.device'), by: (unit) => unit.device, cell: (unit) => <bdi>{unit.device}</bdi> },
    { id: 'groups', title: t('col.groups'), cell: (unit) => <bdi>{unit.groups.join(', ')}</bdi> },
  ]
}

export function PhoneTable() {
  void text_changed.value
  void moved.value
  const words = useSignal('')
  const kind = useSignal<Kind>('people')
  const wanted = words.value.trim().toLowerCase()
  const rows: Unit[] = []
  for (const unit of units.values()) {
    if (unit.presence !== (kind.value === 'people')) continue
    const text = `${unit.callsign} ${unit.code} ${unit.team} ${unit.role} ${unit.user} ${unit.device} ${unit.uid} ${unit.groups.join(' ')}`
    if (!wanted || text.toLowerCase().includes(wanted)) rows.push(unit)
  }
  const calling = new Set(unacknowledged.value.map((it) => it.unit_uid))
  return (
    <>
      <div class="bar">
        <div class="chips" role="group" aria-label={t('people.kinds')}>
          <Button pressed={kind.value === 'people'} onClick={() => { kind.value = 'people' }}>{t('people.people')}</Button>
          <Button pressed={kind.value === 'objects'} onClick={() => { kind.value = 'objects' }}>{t('people.objects')}</Button>
        </div>
        <span class="dimmed"><T k="people.count" n={rows.length} /></span>
        <span class="gap" />
        <input
          type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto"
          value={words.value} onInput={(event) => { words.value = event.currentTarget.value }}
        />
      </div>
      {rows.length === 0
        ? <Empty>{wanted ? t('people.none') : kind.value === 'people' ? t('people.empty') : t('people.no_objects')}</Empty>
        : (
          <Table
            id="unittable" caption={t('nav.people')} columns={columns(now.value, calling)} rows={rows} sort="callsign"
            keyOf={(unit) => unit.n} chosen={(unit) => unit.uid === selected.value} onRow={(unit) => select(unit.uid)}
            rowClass={(unit) => (calling.has(unit.uid) ? 'crit' : '')}
          />
        )}
    </>
  )
}
