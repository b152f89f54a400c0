// Who is here: units by agency, with status and strength. Statuses are set for one or for several at once, in three
// taps at most: tick, status. Who came by himself is on top, to be accepted or sent to the staging area.
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { ageText, clockText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import { wordText } from '../base/values'
import { entityText } from '../base/written'
import type { Entity } from '../net/incident'
import { entitiesOf, entity, shown_now, textOf, timeOf } from '../state/incident'
import { placeName } from '../state/names'
import { quick } from '../state/quick'
import { offerUndo } from '../state/undo'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

/** What a post says most: a status alone, or with what it is about. */
const statuses: { status: string; secondary?: string }[] = [
  { status: 'available', secondary: 'staging' }, { status: 'assigned', secondary: 'enroute' }, { status: 'assigned', secondary: 'on-scene' },
  { status: 'available' }, { status: 'out-of-service', secondary: 'rehab' }, { status: 'out-of-service' },
]
const statusText = (it: { status: string; secondary?: string }) => wordText(it.secondary ?? it.status, it.secondary ? 'secondary' : 'status')

const statusOf = (it: Entity) => {
  const status = textOf(it, 'status')
  return joined([wordText(status, 'status'), textOf(it, 'secondary') && wordText(textOf(it, 'secondary'), 'secondary')], t('comma'))
}

async function setStatus(units: readonly Entity[], to: { status: string; secondary?: string }): Promise<void> {
  const told = t('unit.set_status', { n: units.length, what: statusText(to) })
  let done = true
  for (const it of units) done = (await quick({ kind: 'unit.status_set', fields: { unit: it.id, ...to } }, joined([it.id, statusText(to)], ': '))) && done
  const before = units.filter((it) => textOf(it, 'status') !== '')
  if (!done || before.length === 0) return
  offerUndo(told, () => {
    for (const it of before) {
      const secondary = textOf(it, 'secondary')
      void quick({ kind: 'unit.status_set', fields: { unit: it.id, status: textOf(it, 'status'), ...(secondary ? { secondary } : {}) } }, it.id)
    }
  })
}

/** It is checked in, goes to the staging area when there is one, and stands there to be called. */
async function stage(it: Entity): Promise<void> {
  const agency = textOf(it, 'agency')
  if (!agency) return write('unit.checked_in', { unit: it.id })
  const place = entitiesOf('point').find((point) => textOf(point, 'point_kind') === 'staging' && textOf(point, 'state') === 'current')
  if (!(await quick({ kind: 'unit.checked_in', fields: { unit: it.id, agency } }, t('unit.accepted', { who: it.id })))) return
  await setStatus([it], { status: 'available', secondary: 'staging' })
  if (place) await quick({ kind: 'unit.routed', fields: { unit: it.id, routed_to: place.id } }, t('unit.sent_to', { who: it.id, place: placeName('point', place.id) }))
}

function accept(it: Entity): void {
  const agency = textOf(it, 'agency')
  if (!agency) return write('unit.checked_in', { unit: it.id })
  void quick({ kind: 'unit.checked_in', fields: { unit: it.id, agency } }, t('unit.accepted', { who: it.id }))
}

function Strangers(props: { list: readonly Entity[] }) {
  if (props.list.length === 0) return null
  return (
    <ul class="standing strangers">
      {props.list.map((it) => (
        <li key={it.id}>
          <b><bdi>{it.id}</bdi></b> <bdi>{textOf(it, 'agency')}</bdi>
          <small><T k="unit.came" p={{ time: clockText(timeOf(it.fields['recorded_at']), false) }} /> <bdi>{entityText(it, 'reason')}</bdi></small>
          <span class="gap" />
          <Button writes="unit.checked_in" kind="primary" onClick={() => accept(it)}>{t('unit.accept')}</Button>
          <Button writes="unit.checked_in" onClick={() => void stage(it)}>{t('unit.stage')}</Button>
        </li>
      ))}
    </ul>
  )
}

function columns(at: number, ticked: Signal<ReadonlySet<string>>): Column<Entity>[] {
  const toggle = (id: string) => {
    const next = new Set(ticked.value)
    if (!next.delete(id)) next.add(id)
    ticked.value = next
  }
  const changed = (it: Entity) => timeOf(it.fields['recorded_at'])
  return [
    {
      id: 'unit', title: t('col.unit'), by: (it) => it.id,
      cell: (it) => (
        <label class="check tick">
          <input type="checkbox" checked={ticked.value.has(it.id)} onChange={() => toggle(it.id)} />
          <bdi>{it.id}</bdi> <small><bdi>{textOf(it, 'leader')}</bdi></small>
        </label>
      ),
    },
    { id: 'agency', title: t('col.agency'), by: (it) => textOf(it, 'agency'), cell: (it) => <bdi>{textOf(entity('agency', textOf(it, 'agency')), 'name') || textOf(it, 'agency')}</bdi> },
    { id: 'category', title: t('unit.category'), by: (it) => textOf(it, 'unit_category'), cell: (it) => wordText(textOf(it, 'unit_category'), 'unit_category') },
    { id: 'status', title: t('col.state'), by: statusOf, cell: (it) => statusOf(it) || <span class="dimmed">{t('unit.no_status')}</span> },
    {
      id: 'strength', title: t('unit.strength'), by: (it) => Number(textOf(it, 'strength') || NaN), end: true,
      cell: (it) => (textOf(it, 'strength') ? <bdi>{textOf(it, 'strength')}</bdi> : <span class="dimmed">{t('par.unknown')}</span>),
    },
    { id: 'zone', title: t('col.where'), by: (it) => textOf(it, 'zone'), cell: (it) => <bdi>{textOf(it, 'zone') ? placeName('zone', textOf(it, 'zone')) : textOf(it, 'routed_to') && '→ ' + placeName('point', textOf(it, 'routed_to'))}</bdi> },
    { id: 'changed', title: t('col.changed'), by: (it) => -changed(it), end: true, cell: (it) => <bdi>{ageText(at - changed(it))}</bdi> },
  ]
}

/** Each agency in a line: how many units, how many people; unknown strengths are said, never counted as none. */
function Sums(props: { list: readonly Entity[]; chosen: string; onChoose: (agency: string) => void }) {
  const by_agency = new Map<string, Entity[]>()
  for (const it of props.list) by_agency.set(textOf(it, 'agency'), [...(by_agency.get(textOf(it, 'agency')) ?? []), it])
  return (
    <div class="chips sums" role="group" aria-label={t('col.agency')}>
      {[...by_agency].sort(([a], [b]) => a.localeCompare(b)).map(([agency, units]) => {
        const people = units.reduce((sum, it) => sum + Number(textOf(it, 'strength') || 0), 0)
        const unknown = units.filter((it) => !textOf(it, 'strength')).length
        return (
          <Button key={agency} pressed={props.chosen === agency} onClick={() => props.onChoose(props.chosen === agency ? '' : agency)}>
            <bdi>{textOf(entity('agency', agency), 'name') || agency || t('unit.no_agency')}</bdi>
            <small><T k="unit.units_n" n={units.length} />{t('comma')}<T k="unit.people_n" n={people} />{unknown > 0 && <> <T k="unit.sum_unknown" n={unknown} /></>}</small>
          </Button>
        )
      })}
    </div>
  )
}

export function Agencies() {
  const ticked = useSignal<ReadonlySet<string>>(new Set())
  const agency = useSignal('')
  const words = useSignal('')
  const all = entitiesOf('unit').filter((it) => textOf(it, 'state') !== 'released')
  const here = all.filter((it) => textOf(it, 'state') !== 'self-deployed')
  const wanted = words.value.trim().toLowerCase()
  const rows = here.filter((it) => (!agency.value || textOf(it, 'agency') === agency.value) &&
    (!wanted || `${it.id} ${textOf(it, 'name')} ${textOf(it, 'agency')} ${statusOf(it)} ${textOf(it, 'leader')}`.toLowerCase().includes(wanted)))
  const chosen = here.filter((it) => ticked.value.has(it.id))
  return (
    <>
      <div class="bar">
        <Sums list={here} chosen={agency.value} onChoose={(it) => { agency.value = it }} />
        <span class="gap" />
        <input
          type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto" value={words.value}
          onInput={(event) => { words.value = event.currentTarget.value }}
        />
        <Button writes="unit.checked_in" kind="primary" onClick={() => write('unit.checked_in')}>{t('unit.check_in')}</Button>
        <Button writes="agency.joined" onClick={() => write('agency.joined')}>{t('unit.new_agency')}</Button>
      </div>
      <Strangers list={all.filter((it) => textOf(it, 'state') === 'self-deployed')} />
      <div class="bar statusbar">
        <b><T k="unit.ticked" n={chosen.length} /></b>
        <div class="chips" role="group" aria-label={t('col.state')}>
          {statuses.map((it) => (
            <Button
              writes="unit.status_set" key={it.status + (it.secondary ?? '')} disabled={chosen.length === 0}
              onClick={() => void setStatus(chosen, it).then(() => { ticked.value = new Set() })}
            >
              {statusText(it)}
            </Button>
          ))}
        </div>
        <span class="gap" />
        <Button disabled={rows.length === 0} onClick={() => { ticked.value = chosen.length > 0 ? new Set() : new Set(rows.map((it) => it.id)) }}>
          {chosen.length > 0 ? t('unit.tick_none') : t('unit.tick_all')}
        </Button>
        <Button writes="unit.released" disabled={chosen.length !== 1} onClick={() => write('unit.released', { unit: chosen[0]!.id })}>{t('unit.release')}</Button>
      </div>
      {rows.length === 0
        ? <Empty>{here.length === 0 ? t('unit.none_here') : t('people.none')}</Empty>
        : (
          <Table
            id="agencytable" caption={t('people.tab_agencies')} columns={columns(shown_now.value, ticked)} rows={rows} sort="agency" keyOf={(it) => it.id}
            chosen={(it) => ticked.value.has(it.id)}
          />
        )}
    </>
  )
}
