// The persons by tag as a table, and the hospitals with how many were sent to each.
import { ageText, clockText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { wordsOf } from '../entry/schema'
import { hospitals, sourceName } from '../state/casualties'
import { entity, textOf, timeOf } from '../state/incident'
import { entityName, levelName, placeName } from '../state/names'
import { hasRole } from '../state/session'
import type { Column } from '../ui/table'

/** Where a casualty is: zone, point, or the place as it was said. */
export function placeOf(it: Entity): string {
  const zone = entity('zone', textOf(it, 'zone'))
  if (zone) return joined([levelName(textOf(zone, 'level')), entityName(zone)], t('comma'))
  const point = entity('point', textOf(it, 'point'))
  return point ? placeName('point', point.id) : textOf(it, 'place') || textOf(it, 'as_spoken')
}

const word = (it: Entity, name: string) => wordText(textOf(it, name), name)
const changed = (it: Entity) => timeOf(it.fields['recorded_at'])
const toWhere = (it: Entity) => [textOf(it, 'vehicle'), textOf(it, 'destination')].filter(Boolean).join(' → ')
const said = (it: Entity) => (textOf(it, 'source') ? sourceName(textOf(it, 'source')) : textOf(it, 'by') || textOf(it, 'actor'))

/** Who sees sealed things also sees whether the family knows. */
export const seesKin = () => hasRole('family-liaison', 'casualty-officer')

export function columns(at: number): Column<Entity>[] {
  const all: (Column<Entity> | false)[] = [
    { id: 'tag', title: t('col.tag'), by: (it) => it.id, cell: (it) => <bdi>{it.id}</bdi> },
    {
      id: 'triage', title: t('col.triage'), by: (it) => wordsOf('triage').indexOf(textOf(it, 'triage')),
      cell: (it) => <span class={'triage ' + textOf(it, 'triage')}>{word(it, 'triage') || t('count.no_triage')}{textOf(it, 'triage_scheme') && <small> {word(it, 'triage_scheme')}</small>}</span>,
    },
    { id: 'state', title: t('col.state'), by: (it) => textOf(it, 'state'), cell: (it) => wordText(textOf(it, 'state'), 'casualty_status') },
    { id: 'category', title: t('col.category'), by: (it) => textOf(it, 'category'), cell: (it) => word(it, 'category') },
    { id: 'where', title: t('col.where'), by: placeOf, cell: (it) => <bdi>{placeOf(it) || <span class="dimmed">{t('count.no_place')}</span>}</bdi> },
    { id: 'to', title: t('col.transport'), by: toWhere, cell: (it) => <bdi>{toWhere(it)}</bdi> },
    { id: 'said', title: t('casualty.who_said'), by: said, cell: (it) => <bdi>{said(it)}</bdi> },
    seesKin() && { id: 'kin', title: t('casualty.kin'), by: (it) => textOf(it, 'nok'), cell: (it) => word(it, 'nok') || <span class="dimmed">{t('count.nobody')}</span> },
    { id: 'verified', title: t('col.verified'), by: (it) => textOf(it, 'verified'), cell: (it) => (textOf(it, 'verified') ? '✓ ' + t('yes') : '') },
    { id: 'changed', title: t('col.changed'), by: (it) => -changed(it), end: true, cell: (it) => <bdi>{clockText(changed(it), false)} ({ageText(at - changed(it))})</bdi> },
  ]
  return all.filter((column) => column !== false)
}

export function Hospitals(props: { casualties: readonly Entity[] }) {
  const rows = hospitals(props.casualties)
  if (rows.length === 0) return null
  return (
    <section class="card hospitals" aria-labelledby="hospitals-title">
      <div class="sechead"><h2 id="hospitals-title">{t('casualty.hospitals')}</h2></div>
      <ul>
        {rows.map((row) => (
          <li key={row.name} data-hospital={row.name}>
            <b><bdi>{row.name}</bdi></b>
            <span><T k="casualty.sent_arrived" p={{ sent: row.sent, arrived: row.arrived }} /></span>
            <small>{joined([...row.triage].map(([triage, n]) => `${wordText(triage, 'triage')} ${n}`), t('comma'))}</small>
          </li>
        ))}
      </ul>
    </section>
  )
}
