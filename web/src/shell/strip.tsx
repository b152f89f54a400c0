// The incident at a glance, on every screen: who commands, what is cleared, who is hurt, who is inside, and
// what does not fit. Each figure leads to the screen that explains it.
import { joined, T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { counterText, differs, timeText, wordText } from '../base/values'
import type { Strip as StripView } from '../net/incident'
import { now } from '../state/clock'
import { strip, timeOf } from '../state/incident'
import { people_tab, screen, write } from '../state/view'
import type { Screen } from '../state/view'
import { askPast, past_at } from '../state/past'
import { writable } from '../state/rights'
import { Button, Kbd } from '../ui/parts'

const MINUTE_MS = 60_000

/** T+02:42, hours and minutes since the incident began. */
export function sinceStart(it: StripView | null, at: number): string {
  const minutes = Math.floor((at - timeOf(it?.start)) / MINUTE_MS)
  if (Number.isNaN(minutes)) return ''
  const two = (n: number) => String(n).padStart(2, '0')
  return `T${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** Who commands, since when and where. */
export function Command() {
  const it = strip.value
  if (!it) return null
  const posture = it.posture && <span class="pill">{wordText(it.posture, 'posture')}</span>
  if (it.command_state === 'vacant') {
    return (
      <>
        <button type="button" class="cell vacant" {...writable('command.assumed')} onClick={() => write('command.assumed')}>{t('strip.vacant')}</button>
        {posture && <div class="pair">{posture}</div>}
      </>
    )
  }
  const since = timeText(timeOf(it.command_since), now.value)
  return (
    <>
      <button type="button" class="cell pair command" {...writable('command.transferred')} onClick={() => write('command.transferred')}>
        <span class="name">{it.command_state === 'unified' ? t('strip.unified') : t('strip.command')}</span>
        <span class="who">
          <b><bdi>{joined(it.commanders, t('comma'))}</bdi></b>{' '}
          <small><T k="strip.since" p={{ time: since }} />{it.command_place && <>{t('comma')}<bdi>{it.command_place}</bdi></>}</small>
        </span>
      </button>
      {posture && <div class="pair wide">{posture}</div>}
    </>
  )
}

function Cell(props: { name: Key; to: Screen; value: string; level?: '' | 'crit' | 'warn' | undefined; dot?: boolean; title?: string }) {
  return (
    <button
      type="button" class={'cell ' + (props.level ?? '')} title={props.title}
      onClick={() => {
        if (props.to === 'people') people_tab.value = 'roll'
        screen.value = props.to
      }}
    >
      <span class="name">{t(props.name)}</span>
      <b><bdi>{props.value}</bdi></b>
      {props.dot && <i class="dot" role="img" aria-label={t('count.conflict')} />}
    </button>
  )
}

function Zones(props: { it: NonNullable<StripView['zones']> }) {
  const { total, threat, eod } = props.it
  const of = (n: number) => (total === 0 ? t('strip.no_zones') : t('strip.of', { n, total }))
  return (
    <>
      <Cell name="strip.threat" to="floors" value={of(threat)} />
      <Cell name="strip.eod" to="floors" value={of(eod)} />
    </>
  )
}

function Casualties(props: { it: NonNullable<StripView['casualties']>; rule: string }) {
  return (
    <>
      {(['killed', 'injured', 'missing'] as const).map((name) => {
        const counter = props.it[name]
        const confirmed = !counter?.confirmed ? '' : ' ' + t('strip.confirmed', { n: counter.confirmed })
        return <Cell key={name} name={`strip.${name}`} to="casualties" value={counterText(counter) + confirmed} dot={differs(counter)} title={props.rule} />
      })}
    </>
  )
}

function Inside(props: { it: NonNullable<StripView['par']> }) {
  const { inside, due, missed } = props.it
  const text = inside === 0 ? t('strip.nobody') : joined([
    t('strip.inside_n', { n: inside }), due > 0 ? t('strip.due', { n: due }) : '', missed > 0 ? t('strip.missed', { n: missed }) : '',
  ], t('comma'))
  return <Cell name="strip.inside" to="people" value={text} level={missed > 0 ? 'crit' : due > 0 ? 'warn' : ''} />
}

function Points(props: { findings: StripView['findings']; alarms: StripView['alarms'] }) {
  const { findings, alarms } = props
  const level = findings && findings.alarm > 0 ? 'crit' : findings && findings.warn > 0 ? 'warn' : ''
  const unacked = alarms?.unacked ?? 0
  return (
    <>
      {findings && <Cell name="strip.findings" to="points" value={String(findings.warn + findings.alarm)} level={level} />}
      {alarms && (
        <Cell
          name="strip.alarms" to="points" level={unacked > 0 ? 'crit' : ''}
          value={unacked > 0 ? t('strip.unacked', { n: unacked }) : String(alarms.open)}
        />
      )}
    </>
  )
}

function Figures(props: { it: StripView }) {
  const { zones, casualties, par, findings, alarms, rule } = props.it
  return (
    <>
      {zones && <Zones it={zones} />}
      {casualties && <Casualties it={casualties} rule={rule} />}
      {par && <Inside it={par} />}
      <Points findings={findings} alarms={alarms} />
    </>
  )
}

export function Strip() {
  const it = strip.value
  if (!it) {
    return (
      <div id="strip" class="none">
        <span>{t('incident.none_hint')}</span>
        <Button writes="incident.opened" kind="primary" class="small" keys="I" onClick={() => write('incident.opened')}>{t('open.title')}</Button>
      </div>
    )
  }
  return (
    <section id="strip" class={past_at.value === null ? '' : 'past'} aria-label={t('strip')}>
      {it.major && <b class="cell crit">{t('strip.major')}</b>}
      {it.state === 'closed' && <b class="cell">{t('strip.closed')}</b>}
      <Figures it={it} />
      <span class="gap" />
      <button type="button" class="cell asof" aria-keyshortcuts="R" onClick={askPast}>{t('past.as_of')} <Kbd>R</Kbd></button>
      <span class="rule"><T k="strip.rule" p={{ rule: it.rule }} /></span>
    </section>
  )
}
