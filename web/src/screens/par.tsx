// Roll call: who is inside, where, how many went in, how many answered, when each must answer next. A call that
// somebody has not answered cannot be closed: each unit answers for itself, with its number; the server holds that.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { clockText, counterText } from '../base/format'
import { joined, T, t } from '../base/i18n'
import { timeText } from '../base/values'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { entitiesOf, entity, incident_id, par, shown_now, strip, textOf, timeOf } from '../state/incident'
import { levelName, zoneText } from '../state/names'
import { asQuery } from '../state/moment'
import { numbered, quick } from '../state/quick'
import { writable } from '../state/rights'
import { events } from '../state/record'
import { holding, isShort, missing, nextVoice, people_answered, people_inside, roll, roll_call, voicing } from '../state/roll'
import type { RollRow } from '../state/roll'
import { openEvent, write } from '../state/view'
import { Icon } from '../ui/icon'
import { Age, Button, Empty } from '../ui/parts'
import { useSteady } from '../ui/steady'

/** How many units one supervisor leads at most where the server tells nothing else (ICS). */
const SPAN = 7

function due(it: RollRow): { text: string; level: '' | 'warn' | 'crit' } {
  const at = timeOf(it.due)
  if (Number.isNaN(at)) return { text: '', level: '' }
  const left = at - shown_now.value
  const level = it.missed > 0 ? 'crit' : left < 0 ? 'warn' : ''
  return { text: left >= 0 ? counterText(left) : '+' + counterText(-left), level }
}

function answer(it: RollRow, count: number, by_voice: boolean, text = ''): Promise<boolean> {
  const open = roll_call.peek()?.fields['state'] === 'open' && it.waits ? { par: roll_call.peek()!.id } : {}
  const fields = { unit: it.unit, count, ...open, ...(text ? { text } : {}), ...(by_voice ? { via: 'radio' } : {}) }
  return quick({ kind: 'par.acked', fields }, t('roll.answered_by', { who: it.unit, n: count }))
}

/** The answer that comes by voice: the number that the unit says, and its words. */
function Voice(props: { it: RollRow }) {
  const { it } = props
  const count = useSignal(String(it.strength ?? ''))
  const text = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => input.current?.select(), [])
  const send = (event: Event) => {
    event.preventDefault()
    if (!/^\d{1,4}$/.test(count.value.trim())) return input.current?.focus()
    void answer(it, Number(count.value), true, text.value.trim()).then((done) => { if (done) nextVoice(it.unit) })
  }
  const stop = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    const row = input.current?.closest('tr')
    voicing.value = null
    row?.querySelector<HTMLElement>('[data-stop]')?.focus()
  }
  return (
    <form class="voice" onSubmit={send} onKeyDown={stop}>
      <input
        ref={input} type="text" inputMode="numeric" dir="ltr" size={3} aria-label={t('roll.number_of', { who: it.unit })} autocomplete="off"
        value={count.value} onInput={(event) => { count.value = event.currentTarget.value }}
      />
      <input
        type="text" dir="auto" aria-label={t('roll.words')} placeholder={t('roll.words')} autocomplete="off"
        value={text.value} onInput={(event) => { text.value = event.currentTarget.value }}
      />
      <Button writes="par.acked" kind="primary" type="submit" keys="↵">{t('par.answer')}</Button>
      <Button onClick={() => { voicing.value = null }} keys="Esc">{t('entry.cancel')}</Button>
    </form>
  )
}

function leave(it: RollRow): void {
  const went = { unit: it.unit, zone: it.zone! }
  void quick({ kind: 'unit.left_zone', fields: went }, t('roll.left', { who: it.unit }), () => {
    void quick({ kind: 'unit.entered_zone', fields: { ...went, ...(it.strength === null ? {} : { count: it.strength }) } }, t('roll.entered', { who: it.unit }))
  })
}

function Acts(props: { it: RollRow; next: boolean }) {
  const { it } = props
  if (voicing.value === it.unit) return <Voice it={it} />
  return (
    <>
      {it.strength !== null && (
        <Button writes="par.acked" kind={it.waits || it.state !== 'ok' ? 'primary' : 'plain'} onClick={() => void answer(it, it.strength!, true)}>
          {t('roll.all', { n: it.strength })}
        </Button>
      )}
      <Button writes="par.acked" keys={props.next ? 'V' : undefined} onClick={() => { voicing.value = it.unit }}>{t('roll.voice_short')}</Button>
      {it.zone && <Button writes="unit.left_zone" onClick={() => leave(it)}>{t('par.left')}</Button>}
      <Button writes="mayday.declared" kind={it.missed > 1 || isShort(it) ? 'critical' : 'plain'} onClick={() => write('mayday.declared', { unit: it.unit, zone: it.zone ?? '' })}>
        {t('par.mayday')}
      </Button>
    </>
  )
}

function Answered(props: { it: RollRow }) {
  const { it } = props
  if (it.answered !== null) return <b class={isShort(it) ? 'bad' : ''}><bdi>{it.answered}</bdi></b>
  return it.waits ? <b class="warn"><bdi>0</bdi></b> : <span class="dimmed">{t('roll.not_asked')}</span>
}

function Row(props: { it: RollRow; next: boolean; open: boolean; onOpen: () => void }) {
  const { it } = props
  const { text, level } = due(it)
  const zone = entity('zone', it.zone ?? '')
  const name = zone ? zoneText(textOf(zone, 'name') || zone.id, textOf(zone, 'zone_kind')) : it.zone ?? ''
  const leader = textOf(it.entry, 'leader')
  const cadence = Number(textOf(it.entry, 'cadence_s')) / 60
  return (
    <tr class={it.state === 'missed' || isShort(it) ? 'crit' : it.state === 'due' || it.waits ? 'warn' : ''} data-unit={it.unit}>
      <th scope="row">
        <button type="button" data-stop aria-expanded={props.open} onClick={props.onOpen}>
          <bdi>{it.unit}</bdi> <small><bdi>{joined([it.agency, leader], t('comma'))}</bdi></small>
        </button>
      </th>
      <td>{joined([it.level ? levelName(it.level) : '', name], t('comma'))}<small><T k="roll.since" p={{ time: clockText(timeOf(it.inside_at), false) }} /></small></td>
      <td class="end figure">{it.strength === null ? <span class="dimmed">{t('par.unknown')}</span> : <bdi>{it.strength}</bdi>}</td>
      <td class="end figure"><Answered it={it} /></td>
      <td>{Number.isNaN(it.heard) ? '' : <><Age at={it.heard} counter /><small><bdi>{clockText(it.heard, false)}</bdi></small></>}</td>
      <td class={'figure ' + (level === 'crit' ? 'bad' : level)}>
        <bdi dir="ltr">{text}</bdi>
        <small>
          {it.missed > 0 ? <T k="roll.missed_n" n={it.missed} /> : it.state === 'due' ? t('par.due') : cadence > 0 ? <T k="roll.every" n={cadence} /> : ''}
        </small>
      </td>
      <td class="acts"><Acts it={it} next={props.next} /></td>
    </tr>
  )
}

const kinds_told = 'par.called,par.acked,par.missed,unit.entered_zone,unit.left_zone'

/** What became of each call of a unit, asked of the server: the page may not have it any more. */
function History(props: { unit: string; onClose: () => void }) {
  const list = useSignal<RecordEvent[] | null>(null)
  const failed = useSignal('')
  const { unit } = props
  const known = textOf(entity('unit', unit), 'par_at') + textOf(entity('unit', unit), 'missed')
  useEffect(() => {
    const path = `/api/incidents/${encodeURIComponent(incident_id.peek())}/events?before=${(events.at(-1)?.seq ?? 0) + 1}&limit=1000&kinds=${kinds_told}${asQuery()}`
    void call<{ events: RecordEvent[] }>('GET', path).then((got) => {
      if (!got.ok) failed.value = got.detail || t('error.unreachable')
      else {
        list.value = got.data.events.filter(({ kind, fields }) => {
          const asked = fields?.['units']
          return kind === 'par.called' ? !Array.isArray(asked) || asked.includes(unit) : fields?.['unit'] === unit
        }).reverse()
      }
    })
  }, [unit, known])
  const shown = (event: RecordEvent) => {
    const count = event.fields?.['count']
    if (event.kind === 'par.acked') return <T k="roll.said" n={Number(count)} />
    return t(`roll.was_${event.kind === 'par.called' ? 'called' : event.kind === 'par.missed' ? 'missed' : event.kind === 'unit.left_zone' ? 'out' : 'in'}`)
  }
  return (
    <section class="card rollhistory" aria-label={t('roll.history_of', { who: unit })}>
      <div class="sechead">
        <h2><T k="roll.history_of" p={{ who: unit }} /></h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      {failed.value && <p class="empty" role="alert">{failed.value}</p>}
      {list.value?.length === 0 && <Empty>{t('roll.no_history')}</Empty>}
      <ol>
        {list.value?.map((event) => (
          <li key={event.seq} class={event.kind === 'par.missed' ? 'bad' : ''}>
            <bdi>{timeText(event.at, shown_now.value)}</bdi> <span>{shown(event)}</span>{' '}
            <button type="button" class="link" onClick={() => openEvent(event.seq)}><bdi>#{event.seq}</bdi></button>
          </li>
        ))}
      </ol>
    </section>
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
          <span class="gap" /><Button writes="mayday.resolved" onClick={() => write('mayday.resolved', { mayday: id })}>{t('par.resolve')}</Button>
        </li>
      ))}
      {evacuations.map((id) => (
        <li key={id} class="crit">
          <b>{t('par.evacuation')}</b> <bdi>{textOf(entity('evacuation', id), 'reason')}</bdi>
          <small><T k="par.acked_by" p={{ who: textOf(entity('evacuation', id), 'acked_by') || t('par.no_one') }} /></small>
          <span class="gap" /><Button writes="evacuation.acked" onClick={() => write('evacuation.acked', { evacuation: id })}>{t('par.evacuation_acked')}</Button>
          <Button writes="evacuation.ended" onClick={() => write('evacuation.ended', { evacuation: id })}>{t('par.end')}</Button>
        </li>
      ))}
    </ul>
  )
}

/** How many work under one supervisor: more than seven are more than one can lead. */
function Divisions() {
  const divisions = entitiesOf('division').filter((it) => Array.isArray(it.fields['zones']))
  const span = strip.value?.span ?? SPAN
  if (divisions.length === 0) return null
  return (
    <ul class="divisions">
      {divisions.map((it) => {
        const zones = it.fields['zones'] as readonly string[]
        const own = roll.value.filter((row) => row.zone !== undefined && zones.includes(row.zone))
        return (
          <li key={it.id} class={own.length > span ? 'warn' : ''}>
            <b><bdi>{textOf(it, 'name') || it.id}</bdi></b> <bdi>{textOf(it, 'by')}</bdi>{' '}
            <T k="roll.span" p={{ n: own.length, max: span, people: own.reduce((sum, row) => sum + (row.strength ?? 0), 0) }} />
          </li>
        )
      })}
    </ul>
  )
}

const reasons = ['routine', 'blast', 'collapse', 'change'] as const

function begin(reason: (typeof reasons)[number]): void {
  void quick(numbered('par.called', 'par', 'PAR', { reason: t(`roll.why_${reason}`) }), t('roll.started'))
}

function callMissing(): void {
  const units = missing.peek().map((it) => it.unit)
  void quick(numbered('par.called', 'par', 'PAR', { reason: t('roll.why_missing'), units }), t('roll.called_n', { n: units.length }))
}

function Head() {
  const it = roll_call.value
  const open = it?.fields['state'] === 'open'
  const held = holding.value
  const [answered, inside] = [people_answered.value, people_inside.value]
  const next = roll.value.map((row) => timeOf(row.due)).filter((at) => at > shown_now.value).sort((a, b) => a - b)[0]
  return (
    <div class="rollhead">
      <div class="rollsum">
        <h2>{it ? <T k={open ? 'roll.title_open' : 'roll.title_closed'} p={{ id: it.id }} /> : t('roll.none')}</h2>
        <p>
          {it && <T k="roll.started_at" p={{ time: timeText(timeOf(it.fields['made_at'] ?? it.fields['recorded_at']), shown_now.value) }} />}{' '}
          <b><T k="roll.of" p={{ n: answered, total: inside }} /></b>
          {next !== undefined && <> <T k="roll.next" p={{ time: clockText(next, false) }} /></>}
        </p>
        <progress value={answered} max={Math.max(1, inside)} aria-label={t('roll.of', { n: answered, total: inside })} />
      </div>
      <div class="acts">
        {missing.value.length > 0 && <Button writes="par.called" kind="primary" onClick={callMissing}>{t('roll.call_missing', { n: missing.value.length })}</Button>}
        <Button writes="par.called" kind={missing.value.length > 0 ? 'plain' : 'primary'} disabled={roll.value.length === 0} onClick={() => begin('routine')}>{t('par.call')}</Button>
        <select
          aria-label={t('roll.why')} value="" disabled={roll.value.length === 0} {...writable('par.called')}
          onChange={(event) => {
            begin(event.currentTarget.value as (typeof reasons)[number])
            event.currentTarget.value = ''
          }}
        >
          <option value="">{t('roll.why')}</option>
          {reasons.map((reason) => <option key={reason} value={reason}>{t(`roll.why_${reason}`)}</option>)}
        </select>
        {open && (
          <Button
            writes="par.closed" disabled={held.length > 0}
            onClick={() => void quick({ kind: 'par.closed', fields: { par: it.id } }, t('roll.closed', { id: it.id }))}
          >
            {held.length > 0 ? t('roll.held', { n: held.length }) : t('roll.close')}
          </Button>
        )}
        <Button writes="unit.entered_zone" onClick={() => write('unit.entered_zone')}>{t('step.unit.entered_zone')}</Button>
        <Button writes="mayday.declared" onClick={() => write('mayday.declared')}>{t('par.mayday')}</Button>
        <Button writes="evacuation.ordered" onClick={() => write('evacuation.ordered')}>{t('par.evacuate')}</Button>
      </div>
    </div>
  )
}

const head = ['col.unit', 'col.where', 'par.in', 'par.answered', 'roll.heard', 'par.due_in'] as const
const numbers: ReadonlySet<string> = new Set(['par.in', 'par.answered'])

export function RollCall() {
  const open = useSignal('')
  const { list: rows, hold } = useSteady(roll.value, (it) => it.unit)
  const next = missing.value[0]?.unit ?? rows[0]?.unit
  return (
    <>
      <Head />
      <Standing />
      <Divisions />
      {rows.length === 0
        ? <Empty>{t('par.empty')}</Empty>
        : (
          <div class={open.value ? 'rollbody beside' : 'rollbody'}>
            <div class="tablebox" tabIndex={0} role="region" aria-label={t('par.title')} data-walk>
              <table id="partable">
                <caption class="hidden">{t('par.title')} {timeText(shown_now.value, shown_now.value)}</caption>
                <thead>
                  <tr>
                    {head.map((key) => <th key={key} scope="col" class={numbers.has(key) ? 'end' : ''}>{t(key)}</th>)}
                    <th scope="col"><span class="hidden">{t('actions')}</span></th>
                  </tr>
                </thead>
                <tbody {...hold}>
                  {rows.map((it) => (
                    <Row key={it.unit} it={it} next={it.unit === next} open={open.value === it.unit} onOpen={() => { open.value = open.value === it.unit ? '' : it.unit }} />
                  ))}
                </tbody>
              </table>
            </div>
            {open.value && <History unit={open.value} onClose={() => { open.value = '' }} />}
          </div>
        )}
    </>
  )
}
