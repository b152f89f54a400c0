// Floors (2): each building from the top down, each floor as its zones, with what was searched of one kind.
// A cell says by sign and word what is known; nothing here promises that nobody can come to harm.
import { useSignal } from '@preact/signals'
import { joined, T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { floorText, zoneText } from '../state/names'
import { wordsOf } from '../entry/schema'
import type { Cleared, LevelView, StructureView, ZoneView } from '../net/incident'
import { entity, floors, strip, textOf, timeOf, shown_now } from '../state/incident'
import { events, events_changed } from '../state/record'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Icon } from '../ui/icon'

/** domain.md 5.4: a sign for each state, so that colour is never alone. */
const glyphs: Record<string, string> = {
  unknown: '?', entered: '/', partial: '½', complete: 'X', confirmed: '⊗', held: 'H', 'no-go': 'N', void: '~', threat: '!', eod: 'B',
}
const searched = new Set(['complete', 'confirmed', 'held'])

/** States of a threat that does not threaten any more. */
const over = new Set(['discounted', 'safe', 'dead', 'in-custody', 'self-detonated'])

/** What a cell shows: a threat that is known comes before what was searched. */
function lookOf(zone: ZoneView, kind: string): string {
  const state = zone.clearance[kind]?.state ?? 'unknown'
  if (state === 'no-go') return state
  // One that this page does not know counts as one that is there.
  const open = (zone.threats ?? []).map((id) => entity('threat', id)).filter((it) => !over.has(textOf(it, 'state')))
  if (open.some((it) => textOf(it, 'state') === 'render-safe-pending')) return 'eod'
  return open.length > 0 ? 'threat' : state
}

const lookText = (look: string) => (look === 'threat' ? t('floor.threat') : look === 'eod' ? t('floor.eod') : wordText(look))

const floorName = (level: LevelView) => floorText({ ...level, roof: level.zones.length > 0 && level.zones.every((zone) => zone.zone_kind === 'roof') })

const zoneName = (zone: ZoneView) => zoneText(zone.name, zone.zone_kind)

function ZoneCell(props: { zone: ZoneView; kind: string; floor: string; chosen: boolean; onChoose: () => void }) {
  const { zone, kind } = props
  const look = lookOf(zone, kind)
  const by = zone.clearance[kind]?.unit
  return (
    <button
      type="button" class={`zone ${look}`} data-zone={zone.id} aria-pressed={props.chosen} onClick={props.onChoose}
      aria-label={[props.floor, zoneName(zone), lookText(look), ...(zone.units ?? [])].join(', ')}
    >
      <span class="zname"><bdi>{zoneName(zone)}</bdi></span>
      <b class="glyph" aria-hidden="true">{glyphs[look] ?? '?'}</b>
      <span class="zunits"><bdi>{(zone.units ?? []).join(' ') || (look === 'entered' ? by : '')}</bdi></span>
      {(zone.casualties ?? 0) > 0 && <span class="zhurt"><Icon name="casualties" />{zone.casualties}</span>}
    </button>
  )
}

function Level(props: { level: LevelView; kind: string; chosen: string; onChoose: (id: string) => void }) {
  const { level, kind } = props
  const done = level.zones.filter((zone) => searched.has(zone.clearance[kind]?.state ?? '')).length
  const looks = level.zones.map((zone) => lookOf(zone, kind))
  const worst = looks.includes('threat') ? 'crit' : looks.includes('eod') ? 'warn' : ''
  const units = level.zones.flatMap((zone) => (zone.units ?? []).map((unit) => ({ unit, zone })))
  const name = floorName(level)
  return (
    <li class="level" aria-label={t('floor.label', { name })}>
      <div class={`lname ${worst} ${/^\d+$/.test(name) ? '' : 'word'}`}>
        <b><bdi>{name}</bdi></b>
        <small>{done === 0 ? t('floor.not_searched') : <T k="floor.of" p={{ n: done, total: level.zones.length }} />}</small>
      </div>
      <div class="zones">
        {level.zones.map((zone) => (
          <ZoneCell
            key={zone.id} zone={zone} kind={kind} floor={t('floor.label', { name })} chosen={props.chosen === zone.id}
            onChoose={() => props.onChoose(zone.id)}
          />
        ))}
      </div>
      <div class="linside">
        {units.length === 0 ? <small>{t('floor.nobody')}</small> : units.map(({ unit, zone }) => (
          <span key={unit}><b><bdi>{unit}</bdi></b> <small>{joined([textOf(entity('unit', unit), 'strength'), zoneName(zone)], t('comma'))}</small></span>
        ))}
      </div>
    </li>
  )
}

/** Who went into a zone last, of the entries that this page has. */
function lastIn(zone: string): { unit: string; at: number } | null {
  void events_changed.value
  for (let i = events.length - 1; i >= 0; i--) {
    const { kind, fields, at } = events[i]!
    if (kind === 'unit.entered_zone' && fields?.['zone'] === zone) return { unit: String(fields['unit']), at: timeOf(fields['at']) || at }
  }
  return null
}

function KindRow(props: { kind: string; it: Cleared | undefined }) {
  const state = props.it?.state ?? 'unknown'
  const extent = props.it?.extent ?? 100
  const part = extent < 100 ? `${extent} %` : ''
  return (
    <>
      <dt>{wordText(props.kind, 'kind')}</dt>
      <dd>
        <b class={'glyph small ' + state} aria-hidden="true">{glyphs[state] ?? '?'}</b> {wordText(state)}
        {props.it && <small>{joined([props.it.unit ?? '', timeText(timeOf(props.it.at), shown_now.value), part], t('comma'))}</small>}
      </dd>
    </>
  )
}

type Step = `zone.${'search_started' | 'search_ended' | 'confirmed' | 'held' | 'hold_released' | 'voided' | 'no_go' | 'no_go_lifted'}`
/** Which steps a state allows; clearance.h draws the whole machine. */
const steps: Record<string, readonly Step[]> = {
  unknown: ['zone.search_started', 'zone.no_go'],
  entered: ['zone.search_ended', 'zone.no_go'],
  partial: ['zone.search_started', 'zone.no_go'],
  complete: ['zone.confirmed', 'zone.held', 'zone.voided', 'zone.no_go'],
  confirmed: ['zone.held', 'zone.voided', 'zone.no_go'],
  held: ['zone.hold_released', 'zone.voided', 'zone.no_go'],
  'no-go': ['zone.no_go_lifted'],
  void: ['zone.search_started', 'zone.no_go'],
}

function Chosen(props: { zone: ZoneView; floor: string; kind: string; onClose: () => void }) {
  const { zone, kind } = props
  const cleared = zone.clearance[kind]
  const last = lastIn(zone.id)
  const state = cleared?.state ?? 'unknown'
  const unit = state === 'entered' && cleared?.unit ? { unit: cleared.unit } : {}
  return (
    <section class="card zonecard" aria-label={t('floor.chosen')}>
      <div class="sechead">
        <h2>{joined([props.floor, zoneName(zone)], t('comma'))}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <dl>
        {wordsOf('kind').map((it) => <KindRow key={it} kind={it} it={zone.clearance[it]} />)}
        {zone.units && <><dt>{t('floor.inside')}</dt><dd><bdi>{zone.units.join(', ') || t('floor.nobody')}</bdi></dd></>}
        <dt>{t('floor.last')}</dt><dd>{last ? <bdi>{last.unit}, {timeText(last.at, shown_now.value)}</bdi> : t('floor.no_entry')}</dd>
        {zone.threats && zone.threats.length > 0 && <><dt>{t('floor.threats')}</dt><dd class="bad"><bdi>{zone.threats.join(', ')}</bdi></dd></>}
        {zone.tactical && <><dt>{t('floor.tactical')}</dt><dd>{wordText(zone.tactical, 'tactical_kind')}</dd></>}
        {(zone.casualties ?? 0) > 0 && <><dt>{t('nav.casualties')}</dt><dd><bdi>{zone.casualties}</bdi></dd></>}
      </dl>
      <h3>{t('floor.search_of', { kind: wordText(kind, 'kind') })}</h3>
      <div class="acts">
        {(steps[state] ?? []).map((step, i) => (
          <Button key={step} kind={i === 0 ? 'primary' : 'plain'} onClick={() => write(step, { zone: zone.id, kind, ...unit })}>{t(`step.${step}`)}</Button>
        ))}
      </div>
      <h3>{t('floor.here')}</h3>
      <div class="acts">
        <Button onClick={() => write('unit.entered_zone', { zone: zone.id })}>{t('step.unit.entered_zone')}</Button>
        {zone.units?.[0] && <Button onClick={() => write('unit.left_zone', { zone: zone.id, unit: zone.units![0]! })}>{t('step.unit.left_zone')}</Button>}
        <Button onClick={() => write('casualty.reported', { zone: zone.id })}>{t('step.casualty.reported')}</Button>
        <Button onClick={() => write('threat.reported', { zone: zone.id })}>{t('step.threat.reported')}</Button>
        <Button onClick={() => write('hazard.reported', { zone: zone.id })}>{t('step.hazard.reported')}</Button>
      </div>
    </section>
  )
}

function Legend() {
  const shown = ['unknown', 'entered', 'partial', 'complete', 'confirmed', 'held', 'threat', 'eod', 'no-go', 'void']
  return <p class="zonelegend">{shown.map((look) => <span key={look}><b class={`glyph small ${look}`}>{glyphs[look]}</b> {lookText(look)}</span>)}</p>
}

function find(structure: StructureView | undefined, id: string): { zone: ZoneView; level: LevelView } | null {
  for (const level of structure?.levels ?? []) {
    const zone = level.zones.find((it) => it.id === id)
    if (zone) return { zone, level }
  }
  return null
}

export default function FloorScreen() {
  const kind = useSignal('threat')
  const building = useSignal('')
  const chosen = useSignal('')
  const structure = floors.value.find((it) => it.id === building.value) ?? floors.value[0]
  const found = find(structure, chosen.value)
  const zones = structure?.levels.flatMap((level) => level.zones) ?? []
  const done = zones.filter((zone) => searched.has(zone.clearance[kind.value]?.state ?? '')).length
  return (
    <section class="screen" aria-labelledby="floors-title">
      <div class="bar">
        <h1 id="floors-title">{t('nav.floors')}</h1>
        {floors.value.length > 1 && (
          <div class="chips" role="group" aria-label={t('floor.buildings')}>
            {floors.value.map((it) => <Button key={it.id} pressed={it === structure} onClick={() => { building.value = it.id }}><bdi>{it.name}</bdi></Button>)}
          </div>
        )}
        <div class="chips" role="group" aria-label={t('floor.kinds')}>
          {wordsOf('kind').map((it) => (
            <Button key={it} class="small" pressed={kind.value === it} onClick={() => { kind.value = it }}>{wordText(it, 'short')}</Button>
          ))}
        </div>
        <span class="gap" />
        {structure && <span class="dimmed"><T k="floor.of" p={{ n: done, total: zones.length }} /></span>}
        {strip.value && (
          <Button class="small" onClick={() => write('structure.defined', { structure: `B${floors.value.length + 1}` })}>{t('floor.add')}</Button>
        )}
      </div>
      {!structure
        ? <Empty>{strip.value ? t('floor.empty') : t('incident.none_hint')}</Empty>
        : (
          <div class={found ? 'floors beside' : 'floors'}>
            <div class="levels">
              <ol aria-label={structure.name}>
                {structure.levels.map((level) => (
                  <Level key={level.id} level={level} kind={kind.value} chosen={chosen.value} onChoose={(id) => { chosen.value = id }} />
                ))}
              </ol>
              <Legend />
            </div>
            {found && (
              <Chosen
                zone={found.zone} floor={t('floor.label', { name: floorName(found.level) })} kind={kind.value} onClose={() => { chosen.value = '' }}
              />
            )}
          </div>
        )}
    </section>
  )
}
