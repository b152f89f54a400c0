// What opening an incident enters: the incident, who commands, the building, and the phones whose agency was
// confirmed by then. One after the other; what failed is tried again from there.
import { useRef } from 'preact/hooks'
import { t } from '../base/i18n'
import { wallTime } from '../base/zone'
import type { Place } from '../base/place'
import { serverNow } from './clock'
import { just_opened } from './first'
import { chooseIncident } from './incident'
import { submit } from './outbox'
import type { Entry, Outcome } from './outbox'
import { sendImport } from '../net/import'

export const FLOORS_MAX = 120
export const BASEMENTS_MAX = 20
export const STRUCTURE = 'B1'

/** A phone and the kind of agency that it is of. */
export interface Arrival {
  callsign: string
  agency_kind: string
}

export interface Asked {
  name: string
  type: string
  place: string
  at: Place | null
  commander: string
  exercise: boolean
  /** Above the ground, the ground floor included; 0: no building. */
  storeys: number
  basements: number
  roof: boolean
  arrivals: readonly Arrival[]
}

export const nothing_asked: Asked = {
  name: '', type: 'complex-attack', place: '', at: null, commander: '', exercise: false, storeys: 0, basements: 0, roof: true, arrivals: [],
}

/** INC-20260217-191205: readable, and no two of one command post are alike. */
function newIncidentId(at: number): string {
  const [date, time] = wallTime(at).toISOString().replace(/[-:]/g, '').split('T')
  return `INC-${date}-${time!.slice(0, 6)}`
}

/** The zone of the place is that of the computer on which the incident is opened. */
function zoneOf(): { time_zone?: string } {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone ? { time_zone: zone } : {}
}

export interface Step {
  /** Of the form: where a refusal is shown. */
  field: string
  entry: Entry
}

export function structureStep(asked: Pick<Asked, 'storeys' | 'basements' | 'roof'>, structure = STRUCTURE): Step {
  const fields = {
    structure, name: t('open.building'), storeys: asked.storeys, inside_inner_cordon: true,
    ...(asked.basements > 0 ? { basements: asked.basements } : {}), ...(asked.roof ? { roof: true } : {}),
  }
  return { field: 'storeys', entry: { kind: 'structure.defined', fields } }
}

/** The agency joins with its first unit; `known` are those that have joined. */
export function arrivalSteps(arrivals: readonly Arrival[], known: ReadonlySet<string>, name: (kind: string) => string): Step[] {
  const joined = new Set(known)
  const steps: Step[] = []
  for (const { callsign, agency_kind } of arrivals) {
    if (!joined.has(agency_kind)) {
      steps.push({ field: 'arrivals', entry: { kind: 'agency.joined', fields: { agency: agency_kind, name: name(agency_kind), agency_kind } } })
      joined.add(agency_kind)
    }
    steps.push({ field: 'arrivals', entry: { kind: 'unit.checked_in', fields: { unit: callsign, agency: agency_kind } } })
  }
  return steps
}

export function stepsOf(asked: Asked, id: string, name: (kind: string) => string, now = serverNow()): Step[] {
  const text = (field: string, value: string) => (value.trim() ? { [field]: value.trim() } : {})
  const place = asked.at ? { lat: Number(asked.at.lat.toFixed(6)), lon: Number(asked.at.lon.toFixed(6)) } : {}
  const steps: Step[] = [{
    field: 'name',
    entry: {
      kind: 'incident.opened',
      fields: {
        incident: id, name: asked.name.trim(), type: asked.type, start_at: new Date(now).toISOString(), ...zoneOf(), ...text('place', asked.place), ...place,
        ...(asked.exercise ? { exercise: true } : {}),
      },
    },
  }]
  const commander = asked.commander.trim()
  if (commander) steps.push({ field: 'commander', entry: { kind: 'command.assumed', fields: { scope: 'incident', commanders: [commander], ...text('place', asked.place) } } })
  if (asked.storeys > 0) steps.push(structureStep(asked))
  return [...steps, ...arrivalSteps(asked.arrivals, new Set(), name)]
}

export type Opened = { field: string; text: string } | (Outcome & { id: string })

/** Sends one after the other, from the one that failed on. */
export function useOpening(name: (kind: string) => string) {
  const id = useRef('')
  const done = useRef(0)
  return async (asked: Asked): Promise<Opened> => {
    id.current ||= newIncidentId(serverNow())
    let outcome: Outcome = { is: 'waiting' }
    for (const { field, entry } of stepsOf(asked, id.current, name).slice(done.current)) {
      const path = entry.kind === 'incident.opened' ? '/api/incidents' : `/api/incidents/${encodeURIComponent(id.current)}/commands`
      outcome = await submit(entry, path)
      if (outcome.is === 'refused') return { field, text: outcome.detail }
      done.current++
    }
    chooseIncident(id.current)
    just_opened.value = id.current
    return { ...outcome, id: id.current }
  }
}

/** What the import takes, by the end of the file's name. */
const plan_types: Record<string, string> = { osm: 'application/xml', xml: 'application/xml', json: 'application/geo+json', geojson: 'application/geo+json', imdf: 'application/geo+json' }

/** A building's plan becomes floors and zones; '' or the sentence why not. */
export async function sendPlan(incident: string, structure: string, file: File): Promise<string> {
  const type = plan_types[file.name.toLowerCase().split('.').pop() ?? '']
  if (!type) return t('first.plan_kind')
  const answer = await sendImport<object>(incident, file, type, { structure, name: t('open.building') })
  if (answer.ok) return ''
  return answer.detail || (answer.status === 0 ? t('error.unreachable') : t('error.status', { status: answer.status }))
}
