// A clip to take away: the moment that is shown as a report on paper, and the entries between two moments as a file.
import { clockText } from '../base/format'
import { joined, T, t, tMaybe } from '../base/i18n'
import { counterText, serverText, timeText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import { now } from '../state/clock'
import { counters, duties, entitiesOf, floors, gaps, live_id, par, strip, textOf, timeOf } from '../state/incident'
import { floorText, levelName } from '../state/names'
import { as_role, past_at } from '../state/past'
import { events } from '../state/record'
import { span } from '../state/span'
import { describeLine, minor } from '../shell/lines'
import { compared } from './replay_compare'
import { Button } from '../ui/parts'
import { printPage } from '../ui/print'

const LINES = 40

function clip(): { from: number; to: number } | null {
  const [a, b] = [compared.a.value?.at, compared.b.value?.at]
  if (a !== undefined && b !== undefined) return { from: Math.min(a, b), to: Math.max(a, b) }
  return past_at.value !== null && span.value ? { from: span.value.from, to: past_at.value } : null
}

const iso = (at: number) => encodeURIComponent(new Date(at).toISOString())

/** Print, and the file: the server writes into the record who took it. */
export function Exports() {
  const it = clip()
  return (
    <>
      <Button class="small" keys="Ctrl P" onClick={() => void printPage(t('replay.report'))}>{t('print.print')}</Button>
      {it && (
        <a
          class="btn plain small" download={`${live_id.value}.ndjson`} title={t('replay.export_hint')}
          href={`/api/incidents/${encodeURIComponent(live_id.value)}/export?from=${iso(it.from)}&to=${iso(it.to)}`}
        >
          <span><T k="replay.export" p={{ from: clockText(it.from, false), to: clockText(it.to, false) }} /></span>
        </a>
      )}
    </>
  )
}

function Counts() {
  return (
    <table>
      <thead><tr><th scope="col">{t('count.title')}</th><th scope="col">{t('count.reported')}</th><th scope="col">{t('count.confirmed')}</th><th scope="col">{t('count.accepted')}</th></tr></thead>
      <tbody>
        {wordsOf('counter').map((name) => {
          const it = counters.value?.counters[name]
          return (
            <tr key={name}>
              <th scope="row">{wordText(name, 'counter')}</th><td><bdi>{counterText(it)}</bdi></td><td><bdi>{it?.confirmed ?? t('count.nobody')}</bdi></td>
              <td><bdi>{it?.accepted ?? t('count.nobody')}</bdi></td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Inside() {
  return (
    <table>
      <thead><tr><th scope="col">{t('col.unit')}</th><th scope="col">{t('col.where')}</th><th scope="col">{t('par.in')}</th><th scope="col">{t('par.since')}</th></tr></thead>
      <tbody>
        {(par.value?.units ?? []).map((it) => (
          <tr key={it.unit}>
            <th scope="row"><bdi>{it.unit}</bdi></th><td>{it.level ? levelName(it.level) : ''}</td><td><bdi>{it.strength ?? t('par.unknown')}</bdi></td>
            <td><bdi>{clockText(timeOf(it.inside_at), false)}</bdi></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cleared() {
  const searched = (state: string | undefined) => ['complete', 'confirmed', 'held'].includes(state ?? '')
  return (
    <table>
      <thead><tr><th scope="col">{t('nav.floors')}</th><th scope="col">{t('strip.threat')}</th><th scope="col">{t('strip.eod')}</th></tr></thead>
      <tbody>
        {floors.value.flatMap((structure) => structure.levels.map((level) => {
          const n = (kind: string) => level.zones.filter((zone) => searched(zone.clearance[kind]?.state)).length
          return (
            <tr key={level.id}>
              <th scope="row">{joined([structure.name, floorText({ ...level, roof: false })], t('comma'))}</th>
              <td><bdi>{t('strip.of', { n: n('threat'), total: level.zones.length })}</bdi></td><td><bdi>{t('strip.of', { n: n('eod'), total: level.zones.length })}</bdi></td>
            </tr>
          )
        }))}
      </tbody>
    </table>
  )
}

function List(props: { title: string; lines: readonly string[] }) {
  if (props.lines.length === 0) return null
  return <><h2>{props.title}</h2><ul>{props.lines.map((line, i) => <li key={i} dir="auto">{line}</li>)}</ul></>
}

/** On paper alone. */
export function Report() {
  const at = now.value
  const it = strip.value
  const tasks = entitiesOf('task').filter((task) => task.fields['state'] === 'open')
  const told = events.filter((event) => !minor.has(event.kind)).slice(-LINES)
  return (
    <div class="report print-only">
      {as_role.value && <p><b><T k="past.as_shown" p={{ role: wordText(as_role.value, 'role') }} /></b></p>}
      <p>{t('strip.command')}: <bdi>{joined(it?.commanders ?? [], t('comma')) || t('strip.vacant')}</bdi> {it?.posture && wordText(it.posture, 'posture')}</p>
      <Counts />
      <h2>{t('strip.inside')}</h2><Inside />
      <Cleared />
      <List title={t('att.title')} lines={duties.value.filter((duty) => !duty.acked).map((duty) => joined([timeText(timeOf(duty.since), at), ...Object.values(serverText(duty.rule, duty.text))], ' '))} />
      <List title={t('nav.tasks')} lines={tasks.map((task) => joined([task.id, textOf(task, 'text'), textOf(task, 'owner')], ' · '))} />
      <List title={t('points.gaps')} lines={gaps.value.filter((gap) => !gap.known).map((gap) => tMaybe('gap.' + gap.id, gap.text))} />
      <List title={t('log.title')} lines={told.map((event) => joined([clockText(event.at), describeLine(event).source, describeLine(event).text], ' '))} />
    </div>
  )
}
