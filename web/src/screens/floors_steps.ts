// The steps of a search, entered from the zone's own card: no form where a tap says it all. What the record has an
// opposite for can be taken back for ten seconds.
import { joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import { toFields } from '../entry/convert'
import { follow, specOf, startOf } from '../entry/forms'
import type { Raw } from '../entry/forms'
import { keyOf } from '../entry/schema'
import type { ZoneView } from '../net/incident'
import { serverNow } from '../state/clock'
import { clearanceOf, stateOf } from '../state/clearing'
import { findZone, zoneName } from '../state/floor'
import { entitiesOf, entity, textOf } from '../state/incident'
import { submit } from '../state/outbox'
import type { Outcome } from '../state/outbox'
import { may_write } from '../state/past'
import { mayDo } from '../state/rights'
import { hasRole } from '../state/session'
import { offerUndo } from '../state/undo'

export type Step = `zone.${'search_started' | 'search_ended' | 'confirmed' | 'held' | 'hold_released' | 'voided' | 'no_go' | 'no_go_lifted'}`

/** Which steps a state allows, the next one first; clearance.h draws the whole machine. */
const allowed: Record<string, readonly Step[]> = {
  unknown: ['zone.search_started', 'zone.no_go'],
  entered: ['zone.search_ended', 'zone.no_go'],
  partial: ['zone.search_started', 'zone.no_go'],
  complete: ['zone.confirmed', 'zone.held', 'zone.voided', 'zone.no_go'],
  confirmed: ['zone.held', 'zone.voided', 'zone.no_go'],
  held: ['zone.hold_released', 'zone.voided', 'zone.no_go'],
  'no-go': ['zone.no_go_lifted'],
  void: ['zone.search_started', 'zone.no_go'],
}

export function stepsOf(zone: ZoneView, kind: string): Step[] {
  if (!may_write.value) return []
  return (allowed[stateOf(zone, kind)] ?? []).filter(mayDo)
}

/** The field that says who did it, of the steps that have one. */
export const whoField: Partial<Record<Step, 'unit' | 'holder'>> = {
  'zone.search_started': 'unit', 'zone.search_ended': 'unit', 'zone.confirmed': 'unit', 'zone.held': 'holder',
}

/** The steps that need words: they are asked for in a form. */
export const worded = new Set<Step>(['zone.no_go', 'zone.no_go_lifted'])

/** Who may set a kind of clearance at all: the server refuses the others, so they are not offered. */
function mayClear(unit: string, kind: string): boolean {
  const category = textOf(entity('unit', unit), 'unit_category')
  if (kind === 'eod') return category === 'eod'
  if (kind === 'struct') return hasRole('engineer') || textOf(entity('unit', unit), 'qualifications').includes('engineer')
  return kind !== 'evid' || category === 'investigation' || hasRole('investigation')
}

const isHere = (unit: string) => textOf(entity('unit', unit), 'state') === 'checked-in'

/** Who could have done it, the likeliest first: who searches the zone, who is in it, on its floor, in its building, here. */
export function candidates(step: Step, zones: readonly string[], kind: string): string[] {
  const found = zones.map(findZone).filter((it) => it !== null)
  const searching = zones.flatMap((zone) => {
    const it = clearanceOf(zone, kind)
    return textOf(it, 'state') === 'entered' ? ((it?.fields['units'] ?? []) as readonly string[]) : []
  })
  const inside = found.flatMap((it) => it.zone.units ?? [])
  const floor = found.flatMap((it) => it.level.zones.flatMap((zone) => zone.units ?? []))
  const building = found.flatMap((it) => it.structure.levels.flatMap((level) => level.zones.flatMap((zone) => zone.units ?? [])))
  const all = entitiesOf('unit').map((unit) => unit.id)
  const order = [...new Set([...searching, ...inside, ...floor, ...building, ...all])].filter(isHere)
  // A second unit confirms, unless a supervisor does.
  const first = new Set(step === 'zone.confirmed' && !hasRole('supervisor') ? zones.map((zone) => textOf(clearanceOf(zone, kind), 'unit')) : [])
  if (step === 'zone.held') return order
  if (step === 'zone.search_ended') return order.filter((unit) => searching.includes(unit))
  return order.filter((unit) => mayClear(unit, kind) && !first.has(unit))
}

/** The role that a kind of clearance is set in, where it is not everybody's. */
function roleFor(step: Step, kind: string): Raw {
  if (kind === 'struct' && hasRole('engineer')) return { role: 'engineer' }
  if (kind === 'evid' && hasRole('investigation')) return { role: 'investigation' }
  return step === 'zone.confirmed' && hasRole('supervisor') ? { role: 'supervisor' } : {}
}

async function put(kind: string, preset: Raw): Promise<Outcome> {
  const unit = preset['unit']
  const raw: Raw = { ...startOf(specOf(kind), {}), ...follow(kind, 'unit', unit), ...preset }
  const made = toFields(kind, raw, keyOf(kind), serverNow())
  if ('wrong' in made) return { is: 'refused', detail: t(`entry.wrong_${made.wrong}`), field: made.field, status: 400 }
  return submit({ kind, fields: made.fields })
}

interface Opposite { kind: string; preset: Raw }

/** What says the contrary of a step, if the record has that; as things stood before it. */
function opposite(step: Step, zone: string, kind: string, before: Raw): Opposite | null {
  if (step === 'zone.held') return { kind: 'zone.hold_released', preset: { zone, kind, reason: t('floor.mistake') } }
  if (step === 'zone.hold_released' && before['holder']) return { kind: 'zone.held', preset: { zone, kind, holder: before['holder'] } }
  if (step === 'zone.search_ended') return { kind: 'zone.voided', preset: { zone, kind, void_reason: 'withdrawn', reason: t('floor.mistake') } }
  return null
}

export interface Done {
  entered: number
  waiting: number
  /** Why the first of the others was refused. */
  refused: string
  refused_n: number
}

/** Enters one step for each of the zones; what the record refuses is told, the others stand. */
export async function enterStep(step: Step, zones: readonly string[], kind: string, more: Raw = {}): Promise<Done> {
  const done: Done = { entered: 0, waiting: 0, refused: '', refused_n: 0 }
  const back: Opposite[] = []
  const sent = zones.map((zone) => {
    const before = { holder: textOf(clearanceOf(zone, kind), 'holder') }
    return { zone, before, outcome: put(step, { ...roleFor(step, kind), zone, kind, ...more }) }
  })
  for (const { zone, before, outcome } of sent) {
    const it = await outcome
    if (it.is === 'refused') {
      done.refused ||= it.detail
      done.refused_n++
      continue
    }
    if (it.is === 'waiting') done.waiting++
    else done.entered++
    const contrary = opposite(step, zone, kind, before)
    if (contrary) back.push(contrary)
  }
  const [zone = ''] = zones
  const found = findZone(zone)
  const what = zones.length === 1 && found ? zoneName(found.zone) : t('floor.zones_n', { n: back.length })
  const text = step === 'zone.search_ended' ? t('floor.undo_search', { zone: what }) : `${t(`step.${step}`)}: ${what}`
  if (back.length > 0) offerUndo(text, () => back.forEach((it) => void put(it.kind, it.preset)))
  return done
}

/** A unit goes into a zone, or out of it; taking back brings it where it was. */
export async function moveUnit(unit: string, zone: string, way: 'in' | 'out'): Promise<Done> {
  const before = textOf(entity('unit', unit), 'zone')
  const outcome = await put(way === 'in' ? 'unit.entered_zone' : 'unit.left_zone', { unit, zone })
  if (outcome.is === 'refused') return { entered: 0, waiting: 0, refused: outcome.detail, refused_n: 1 }
  const found = findZone(zone)
  const text = joined([unit, joined([t(way === 'in' ? 'step.unit.entered_zone' : 'step.unit.left_zone'), found ? zoneName(found.zone) : zone], t('comma'))], ': ')
  offerUndo(text, () => void (way === 'in' && before === '' ? put('unit.left_zone', { unit, zone }) : put('unit.entered_zone', { unit, zone: before || zone })))
  return { entered: Number(outcome.is === 'done'), waiting: Number(outcome.is === 'waiting'), refused: '', refused_n: 0 }
}

/** Who could go into a zone: who is on the floor first, then in the building, then whoever is here. */
export function comers(zone: string): string[] {
  const found = findZone(zone)
  const there = new Set(found?.zone.units ?? [])
  return candidates('zone.held', [zone], '').filter((unit) => !there.has(unit))
}

/** "EX-SPU-1 · 6 · police": who is meant. */
export function unitWords(unit: string): string {
  const it = entity('unit', unit)
  return joined([textOf(it, 'strength'), wordText(textOf(it, 'agency'), 'agency_kind')], ' · ')
}
