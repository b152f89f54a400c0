// What an observer sees (a minister in the centre): totals for a wall, read from afar. The server gives him nothing
// of single units, persons, casualties or rooms, and no log. The address carries what is chosen: ?theme= ?lang=
// ?scale= and #i=INCIDENT, so that a wall screen is just a link.
import { effect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import '../css/observer.css'
import { counterText, clockText, ageText } from '../base/format'
import { joined, lang, T, t } from '../base/i18n'
import { rangeText, timeText, wordText } from '../base/values'
import type { Counter, Entity, LevelView, StructureView } from '../net/incident'
import { LanguageSwitch, ThemeSwitch } from '../shell/top'
import { sinceStart } from '../shell/strip'
import { now, pace } from '../state/clock'
import { chooseIncident, counters, entitiesOf, entity, floors, incident_id, incidents, isWanted, strip, textOf, timeOf } from '../state/incident'
import { floorText } from '../state/names'
import { link, link_state, logOut, lost_since, picture_at, startLive } from '../state/live'
import { kiosk, theme } from '../state/prefs'
import { session } from '../state/session'
import { said } from '../state/view'
import { OtherPage } from '../ui/other_page'
import { Button, Clock, Empty } from '../ui/parts'

const done = new Set(['complete', 'confirmed', 'held'])
/** Always shown; other kinds once somebody has begun. */
const always = ['threat', 'eod']
const shown_counters = ['killed', 'injured', 'missing', 'evacuated', 'attackers'] as const

/** What this window shows, in its address. */
function startAddress(): () => void {
  const asked = new URLSearchParams(location.hash.slice(1)).get('i')
  if (asked) chooseIncident(asked)
  return effect(() => {
    const query = new URLSearchParams(location.search)
    query.set('theme', theme.value)
    query.set('lang', lang.value)
    const hash = incidents.value.length > 1 ? '#i=' + encodeURIComponent(incident_id.value) : ''
    history.replaceState(null, '', `${location.pathname}?${query.toString()}${hash}`)
  })
}

interface Tally { kind: string; clear: number; begun: number; total: number }

function tally(zones: readonly LevelView['zones'][number][]): Tally[] {
  const kinds = new Set([...always, ...zones.flatMap((zone) => Object.keys(zone.clearance))])
  return [...kinds].map((kind) => {
    const states = zones.map((zone) => zone.clearance[kind]?.state ?? 'unknown')
    return { kind, total: zones.length, clear: states.filter((it) => done.has(it)).length, begun: states.filter((it) => it === 'entered' || it === 'partial').length }
  })
}

function Bar(props: { it: Tally }) {
  const { it } = props
  const share = (n: number) => `${it.total === 0 ? 0 : (100 * n) / it.total}%`
  return (
    <span class="tally">
      <i class="gauge" aria-hidden="true"><b style={{ width: share(it.clear) }} /><b class="begun" style={{ width: share(it.begun) }} /></i>
      <span class="of"><T k="observer.of" p={{ clear: it.clear, total: it.total }} /></span>
    </span>
  )
}

function Building(props: { it: StructureView }) {
  const { it } = props
  const kinds = tally(it.levels.flatMap((level) => level.zones))
  return (
    <section class="card">
      <h2><bdi>{it.name || it.id}</bdi></h2>
      <table>
        <caption class="hidden">{t('observer.cleared')}</caption>
        <thead><tr><th scope="col">{t('observer.floor')}</th>{kinds.map(({ kind }) => <th key={kind} scope="col">{wordText(kind, 'clearance_kind')}</th>)}</tr></thead>
        <tbody>
          {it.levels.map((level) => {
            const own = new Map(tally(level.zones).map((one) => [one.kind, one]))
            return (
              <tr key={level.id}>
                <th scope="row"><bdi>{floorText({ ...level, roof: textOf(entity('level', level.id), 'roof') !== '' })}</bdi></th>
                {kinds.map(({ kind }) => <td key={kind}><Bar it={own.get(kind) ?? { kind, clear: 0, begun: 0, total: level.zones.length }} /></td>)}
              </tr>
            )
          })}
        </tbody>
        <tfoot><tr><th scope="row">{t('observer.whole')}</th>{kinds.map((one) => <td key={one.kind}><Bar it={one} /></td>)}</tr></tfoot>
      </table>
    </section>
  )
}

/** Confirmed, accepted and the range that was reported, each for itself; a blank is not a zero. */
function Count(props: { name: string; it: Counter | undefined }) {
  const { name, it } = props
  const age = it?.as_of ? now.value - timeOf(it.as_of) : NaN
  const figure = (n: number | null | undefined) => (n === null || n === undefined ? t('count.nobody') : n)
  return (
    <section class="card count" data-counter={name}>
      <h3>{wordText(name)}</h3>
      <p class={it?.known ? 'figure' : 'figure none'}><bdi>{it?.known ? rangeText(it.lo, it.hi) : t('count.none')}</bdi></p>
      <dl>
        {(name === 'killed' || name === 'injured' || name === 'missing') && <><dt>{t('count.confirmed')}</dt><dd><bdi>{figure(it?.confirmed || null)}</bdi></dd></>}
        <dt>{t('count.accepted')}</dt><dd><bdi>{figure(it?.accepted)}</bdi></dd>
        {it?.known && <><dt>{t('observer.sources')}</dt><dd><bdi>{it.sources}</bdi></dd></>}
        {!Number.isNaN(age) && <><dt>{t('observer.age')}</dt><dd><bdi>{ageText(age)}</bdi></dd></>}
      </dl>
      {it?.known && !it.agreed && it.values > 1 && <p class="warn">{t('count.conflict')}</p>}
    </section>
  )
}

function List(props: { title: string; empty: string; id: string; items: readonly { key: string; what: ComponentChildren; more: ComponentChildren }[] }) {
  return (
    <section class="card" aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.items.length === 0 && <Empty>{props.empty}</Empty>}
      <ul>{props.items.map((it) => <li key={it.key}><b><bdi>{it.what}</bdi></b><small dir="auto">{it.more}</small></li>)}</ul>
    </section>
  )
}

const since = (it: Entity, field: string) => (textOf(it, field) ? timeText(timeOf(textOf(it, field)), now.value) : '')

function Closures() {
  const list = entitiesOf('closure').filter((it) => textOf(it, 'state') === 'in-force')
  return <List id="observer-closures" title={t('observer.closures')} empty={t('observer.no_closure')} items={list.map((it) => ({ key: it.id, what: textOf(it, 'road'), more: joined([textOf(it, 'area'), since(it, 'start_at')], t('comma')) }))} />
}

function Statements() {
  const lines = entitiesOf('line').filter((it) => textOf(it, 'text') !== '')
  const alerts = entitiesOf('alert').filter((it) => textOf(it, 'text') !== '')
  const items = [...lines, ...alerts].sort((a, b) => b.changed - a.changed)
  return (
    <List
      id="observer-statements" title={t('observer.statements')} empty={t('observer.no_statement')}
      items={items.map((it) => ({ key: it.kind + it.id, what: <span class="said" dir="auto" lang={textOf(it, 'lang') || undefined}>{textOf(it, 'text')}</span>, more: textOf(it, 'attributed') }))}
    />
  )
}

function Needs() {
  const list = entitiesOf('need').filter(isWanted)
  return (
    <List
      id="observer-needs" title={t('observer.needs')} empty={t('observer.no_need')}
      items={list.map((it) => ({
        key: it.id, what: <>{textOf(it, 'count') && <bdi>{textOf(it, 'count')} × </bdi>}{textOf(it, 'text')}</>,
        more: joined([wordText(textOf(it, 'state'), 'need'), textOf(it, 'priority') && wordText(textOf(it, 'priority'))], t('comma')),
      }))}
    />
  )
}

function Head() {
  const it = strip.value
  const exercise = it?.exercise === true || session.value?.server.exercise === true || pace.value > 1
  const lost = lost_since.value !== 0
  return (
    <header id="observerhead" class={lost ? 'lost' : ''}>
      {exercise && <b class="stamp">{t('incident.exercise')}</b>}
      <h1><bdi>{it?.name ?? t('incident.none')}</bdi></h1>
      <span class="clock"><Clock at={now.value} seconds /> <b class="since"><bdi>{sinceStart(it, now.value)}</bdi></b></span>
      <span class="gap" />
      {lost && <b role="status"><T k="link.lost" p={{ age: counterText(Date.now() - lost_since.value) }} /> <T k="link.picture_of" p={{ time: clockText(picture_at.value) }} /></b>}
      {!kiosk && <><LanguageSwitch /><ThemeSwitch /><Button onClick={() => void logOut()}>{t('logout')}</Button></>}
    </header>
  )
}

function Command() {
  const it = strip.value!
  return (
    <dl class="card observercommand">
      <dt>{t('strip.command')}</dt>
      <dd>{it.command_state === 'vacant' ? <b class="bad">{t('strip.vacant')}</b> : <><bdi>{joined(it.commanders, t('comma'))}</bdi> <small><T k="strip.since" p={{ time: timeText(timeOf(it.command_since), now.value) }} /></small></>}</dd>
      <dt>{t('observer.posture')}</dt><dd>{it.posture ? wordText(it.posture, 'posture') : t('observer.not_set')}</dd>
      {it.par && <><dt>{t('observer.inside')}</dt><dd><T k="observer.units" n={it.par.inside} /></dd></>}
      {it.zones && <><dt>{t('observer.cleared')}</dt><dd><T k="observer.of" p={{ clear: it.zones.threat, total: it.zones.total }} /></dd></>}
    </dl>
  )
}

export default function Observer() {
  const operator = session.value!.operator!.name
  useEffect(() => {
    startLive(operator)
    return () => link.close()
  }, [operator])
  useEffect(startAddress, [])
  const all = counters.value?.counters
  return (
    <div id="observer" class={link_state.value !== 'live' && lost_since.value !== 0 ? 'frozen' : ''}>
      <Head />
      <OtherPage />
      {!strip.value && <main><Empty>{t('observer.none')}</Empty></main>}
      {strip.value && (
        <main tabIndex={0} aria-label={t('observer.whole_page')}>
          <Command />
          <div class="counts">{shown_counters.map((name) => <Count key={name} name={name} it={all?.[name]} />)}</div>
          <div class="observed">
            <div class="buildings">
              {floors.value.map((it) => <Building key={it.id} it={it} />)}
              {floors.value.length === 0 && <Empty>{t('observer.no_building')}</Empty>}
            </div>
            <div class="lists"><Statements /><Closures /><Needs /></div>
          </div>
        </main>
      )}
      <footer><p role="status">{said.value?.text ?? t('observer.reads')}</p></footer>
    </div>
  )
}
