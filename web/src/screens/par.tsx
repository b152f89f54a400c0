// PAR (P): who is inside, since when, when they must answer, who did not. A call that somebody has not
// answered cannot be closed here: each unit answers for itself, with its number.
import { counterText, clockText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { levelName } from '../state/names'
import type { Inside } from '../net/incident'
import { now } from '../state/clock'
import { entity, par, textOf, timeOf } from '../state/incident'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { printPage } from '../ui/print'

function due(it: Inside): { text: string; level: '' | 'warn' | 'crit' } {
  const at = timeOf(it.due)
  if (Number.isNaN(at)) return { text: '', level: '' }
  const left = at - now.value
  const level = it.missed > 0 ? 'crit' : left < 0 ? 'warn' : ''
  return { text: left >= 0 ? counterText(left) : '+' + counterText(-left), level }
}

function Row(props: { it: Inside }) {
  const { it } = props
  const { text, level } = due(it)
  const unit = entity('unit', it.unit)
  const zone = entity('zone', it.zone ?? '')
  const answered = textOf(unit, 'located')
  return (
    <tr class={it.state === 'missed' ? 'crit' : it.state === 'due' ? 'warn' : ''} data-unit={it.unit}>
      <th scope="row"><bdi>{it.unit}</bdi> <small><bdi>{it.agency}</bdi></small></th>
      <td>{joined([it.level ? levelName(it.level) : '', textOf(zone, 'name') || (it.zone ?? '')], t('comma'))}</td>
      <td class="end">{it.strength === null ? <span class="dimmed">{t('par.unknown')}</span> : <b><bdi>{it.strength}</bdi></b>}</td>
      <td class="end">{answered === '' ? '' : <b class={it.strength !== null && Number(answered) < it.strength ? 'bad' : ''}><bdi>{answered}</bdi></b>}</td>
      <td><bdi>{clockText(timeOf(it.inside_at), false)}</bdi></td>
      <td class={'figure ' + (level === 'crit' ? 'bad' : level)}><bdi dir="ltr">{text}</bdi> {it.state !== 'ok' && <small>{t(`par.${it.state}`)}</small>}</td>
      <td class="end">{it.missed > 0 && <b class="bad"><bdi>{it.missed}</bdi></b>}</td>
      <td class="acts">
        <Button kind={it.state === 'ok' ? 'plain' : 'primary'} onClick={() => write('par.acked', { unit: it.unit, count: String(it.strength ?? '') })}>
          {t('par.answer')}
        </Button>
        {it.zone && <Button onClick={() => write('unit.left_zone', { unit: it.unit, zone: it.zone! })}>{t('par.left')}</Button>}
        <Button kind={it.missed > 1 ? 'critical' : 'plain'} onClick={() => write('mayday.declared', { unit: it.unit, zone: it.zone ?? '' })}>
          {t('par.mayday')}
        </Button>
      </td>
    </tr>
  )
}

function Standing() {
  const maydays = par.value?.maydays ?? []
  const evacuations = par.value?.evacuations ?? []
  if (maydays.length + evacuations.length === 0) return null
  return (
    <ul class="standing">
      {maydays.map((id) => (
        <li key={id} class="crit">
          <b>{t('par.mayday')} <bdi>{textOf(entity('mayday', id), 'unit')}</bdi></b> <bdi>{textOf(entity('mayday', id), 'text')}</bdi>
          <span class="gap" /><Button onClick={() => write('mayday.resolved', { mayday: id })}>{t('par.resolve')}</Button>
        </li>
      ))}
      {evacuations.map((id) => (
        <li key={id} class="crit">
          <b>{t('par.evacuation')}</b> <bdi>{textOf(entity('evacuation', id), 'reason')}</bdi>
          <small><T k="par.acked_by" p={{ who: textOf(entity('evacuation', id), 'acked_by') || t('par.no_one') }} /></small>
          <span class="gap" /><Button onClick={() => write('evacuation.acked', { evacuation: id })}>{t('par.evacuation_acked')}</Button>
          <Button onClick={() => write('evacuation.ended', { evacuation: id })}>{t('par.end')}</Button>
        </li>
      ))}
    </ul>
  )
}

const head = ['col.unit', 'col.where', 'par.in', 'par.answered', 'par.since', 'par.due_in', 'par.missed_n'] as const
const numbers: ReadonlySet<string> = new Set(['par.in', 'par.answered', 'par.missed_n'])
const rank = { missed: 0, due: 1, ok: 2 }

export default function ParScreen() {
  const rows = [...(par.value?.units ?? [])].sort((a, b) => rank[a.state] - rank[b.state] || (timeOf(a.due) || 0) - (timeOf(b.due) || 0))
  const people = rows.reduce((sum, it) => sum + (it.strength ?? 0), 0)
  return (
    <section class="screen" aria-labelledby="par-title">
      <div class="bar">
        <h1 id="par-title">{t('par.title')}</h1>
        <span class="dimmed"><T k="par.units_n" n={rows.length} />, <T k="par.people_n" n={people} /></span>
        <span class="gap" />
        <Button keys="Ctrl P" onClick={() => void printPage(t('par.title'))}>{t('print.print')}</Button>
        <Button onClick={() => write('unit.entered_zone')}>{t('step.unit.entered_zone')}</Button>
        <Button kind="primary" disabled={rows.length === 0} onClick={() => write('par.called', { reason: wordText('routine', 'priority') })}>
          {t('par.call')}
        </Button>
        <Button kind="critical" onClick={() => write('mayday.declared')}>{t('par.mayday')}</Button>
        <Button kind="critical" onClick={() => write('evacuation.ordered')}>{t('par.evacuate')}</Button>
      </div>
      <Standing />
      {rows.length === 0
        ? <Empty>{t('par.empty')}</Empty>
        : (
          <div class="tablebox" tabIndex={0} role="region" aria-label={t('par.title')}>
            <table id="partable">
              <caption class="hidden">{t('par.title')} {timeText(now.value, now.value)}</caption>
              <thead>
                <tr>
                  {head.map((key) => <th key={key} scope="col" class={numbers.has(key) ? 'end' : ''}>{t(key)}</th>)}
                  <th scope="col"><span class="hidden">{t('actions')}</span></th>
                </tr>
              </thead>
              <tbody>{rows.map((it) => <Row key={it.unit} it={it} />)}</tbody>
            </table>
          </div>
        )}
    </section>
  )
}
