// How the common entries are asked for: one row a kind. A kind without a row has a form all the same, with
// its needed fields first.
import { clockText } from '../base/format'
import { entity, incident_id, nextId, strip, textOf } from '../state/incident'
import { now } from '../state/clock'
import { hasRole, session } from '../state/session'
import { keyOf, schema } from './schema'

export type Raw = Record<string, unknown>

export interface FormSpec {
  kind: string
  /** What one types after the slash. */
  slash: string
  /** Fields that are asked for at once, in this order; the others are under "More". */
  first: string[]
  /** The page makes up the id: this, a dash and a number. */
  numbered?: string
  start?: () => Raw
  /** Known already, and not shown. */
  hide?: string[]
}

const operator = () => session.peek()?.operator?.name ?? ''
const clock = () => clockText(now.peek(), false)
const claim = ['source', 'grade', 'observed_at']
/** What an option is held against (JESIP's decision model). */
export const tests = ['suitability', 'feasibility', 'acceptability'] as const

const rows: FormSpec[] = [
  { kind: 'report.received', slash: 'note', first: ['predicate', 'text', ...claim], numbered: 'R', start: () => ({ predicate: 'note' }) },
  {
    kind: 'count.claimed', slash: 'count', first: ['counter', 'lo', 'hi', 'hi_open', 'source', 'grade', 'as_of'], numbered: 'R',
    start: () => ({ as_of: clock() }),
  },
  {
    kind: 'casualty.reported', slash: 'casualty', first: ['casualty', 'category', 'zone', 'text'],
    start: () => ({ casualty: nextId('casualty', 'C') }),
  },
  {
    kind: 'casualty.triage_set', slash: 'triage', first: ['casualty', 'triage', 'triage_scheme', 'by'],
    start: () => ({ triage_scheme: 'start', by: operator() }),
  },
  { kind: 'casualty.moved', slash: 'move', first: ['casualty', 'zone', 'point', 'place'] },
  { kind: 'casualty.transported', slash: 'transport', first: ['casualty', 'vehicle', 'destination'] },
  { kind: 'casualty.status_set', slash: 'status', first: ['casualty', 'casualty_status', 'reason'] },
  { kind: 'casualty.verified', slash: 'verify', first: ['casualty', 'verified', 'by'], start: () => ({ verified: true, by: operator() }) },
  { kind: 'unit.checked_in', slash: 'checkin', first: ['unit', 'agency', 'unit_category', 'strength', 'leader'] },
  { kind: 'unit.entered_zone', slash: 'enter', first: ['unit', 'zone', 'count', 'at'], start: () => ({ at: clock() }) },
  { kind: 'unit.left_zone', slash: 'leave', first: ['unit', 'zone', 'count', 'at'], start: () => ({ at: clock() }) },
  { kind: 'unit.released', slash: 'release', first: ['unit', 'reason'] },
  { kind: 'zone.search_started', slash: 'search', first: ['zone', 'kind', 'unit', 'count'], start: () => ({ kind: 'threat' }) },
  {
    kind: 'zone.search_ended', slash: 'searched', first: ['zone', 'kind', 'unit', 'extent', 'excluded'],
    start: () => ({ kind: 'threat', extent: '100' }),
  },
  { kind: 'zone.confirmed', slash: 'confirm', first: ['zone', 'kind', 'unit'], start: () => ({ kind: 'threat' }) },
  { kind: 'zone.held', slash: 'hold', first: ['zone', 'kind', 'holder'], start: () => ({ kind: 'threat' }) },
  { kind: 'zone.hold_released', slash: 'unhold', first: ['zone', 'kind', 'reason'], start: () => ({ kind: 'threat' }) },
  {
    kind: 'zone.voided', slash: 'void', first: ['zone', 'kind', 'void_reason', 'reason'],
    start: () => ({ kind: 'threat', void_reason: 'sighting' }),
  },
  { kind: 'zone.no_go', slash: 'nogo', first: ['zone', 'kind', 'reason'], start: () => ({ kind: 'threat' }) },
  { kind: 'zone.no_go_lifted', slash: 'go', first: ['zone', 'kind', 'reason'], start: () => ({ kind: 'threat' }) },
  { kind: 'threat.reported', slash: 'threat', first: ['threat_kind', 'lo', 'hi', 'zone', 'text', 'source', 'grade'], numbered: 'T' },
  { kind: 'threat.accounted', slash: 'accounted', first: ['threat', 'outcome', 'count', 'zone'] },
  { kind: 'hazard.reported', slash: 'hazard', first: ['hazard_kind', 'severity', 'zone', 'text', 'lat', 'shape'], numbered: 'H' },
  {
    kind: 'detonation.reported', slash: 'detonation', first: ['zone', 'as_spoken', 'at', 'text', 'source', 'grade'], numbered: 'B',
    start: () => ({ at: clock() }),
  },
  { kind: 'closure.set', slash: 'closure', first: ['road', 'shape', 'text', 'emergency_lane', 'by'], numbered: 'RC' },
  { kind: 'cordon.set', slash: 'cordon', first: ['cordon_kind', 'name', 'shape', 'text', 'units'], numbered: 'K' },
  { kind: 'cordon.moved', slash: 'movecordon', first: ['cordon', 'shape', 'reason'] },
  { kind: 'closure.changed', slash: 'moveclosure', first: ['closure', 'shape', 'area', 'text'] },
  { kind: 'tactical.set', slash: 'hot', first: ['tactical_kind', 'shape', 'zones', 'reason'], numbered: 'TZ' },
  { kind: 'point.set', slash: 'point', first: ['point_kind', 'place', 'name', 'lat'], numbered: 'P' },
  // Options are told one by one (options.tsx), not as the texts of older records.
  { kind: 'decision.taken', slash: 'decision', first: ['text', 'rationale', 'risks', 'review_at'], numbered: 'D', hide: ['options'] },
  { kind: 'decision.reasoned', slash: 'reasons', first: ['decision', 'rationale', 'risks'], hide: ['options'] },
  { kind: 'decision.option_offered', slash: 'option', first: ['decision', 'text', ...tests, 'note'], numbered: 'O' },
  { kind: 'decision.option_weighed', slash: 'weigh', first: ['option', ...tests, 'note'] },
  { kind: 'decision.option_chosen', slash: 'choose', first: ['decision', 'choice', 'reason'] },
  { kind: 'need.raised', slash: 'need', first: ['text', 'count', 'unit_category', 'resource_type', 'place', 'due_at', 'priority'], numbered: 'N' },
  { kind: 'need.committed', slash: 'promise', first: ['need', 'by', 'expected_at'] },
  { kind: 'need.enroute', slash: 'enroute', first: ['need', 'units', 'by', 'expected_at'] },
  { kind: 'need.filled', slash: 'here', first: ['need', 'units'] },
  { kind: 'need.released', slash: 'unneeded', first: ['need', 'reason', 'released_by'], start: () => ({ released_by: operator() }) },
  { kind: 'task.created', slash: 'task', first: ['text', 'owner', 'due_at', 'priority'], numbered: 'TK' },
  { kind: 'task.done', slash: 'done', first: ['task', 'note'] },
  { kind: 'task.dropped', slash: 'drop', first: ['task', 'reason'] },
  { kind: 'task.reassigned', slash: 'reassign', first: ['task', 'owner', 'due_at', 'reason'] },
  {
    kind: 'message.sent', slash: 'order', first: ['to', 'text', 'priority'], numbered: 'M',
    start: () => ({ priority: 'routine', from: operator() }),
  },
  { kind: 'par.called', slash: 'par', first: ['reason', 'units'], numbered: 'PAR' },
  { kind: 'par.acked', slash: 'answer', first: ['unit', 'count', 'text'] },
  { kind: 'mayday.declared', slash: 'mayday', first: ['unit', 'zone', 'text'], numbered: 'MD' },
  { kind: 'mayday.resolved', slash: 'resolved', first: ['mayday', 'reason'] },
  { kind: 'evacuation.ordered', slash: 'evacuate', first: ['reason', 'structure', 'sector'], numbered: 'EV' },
  { kind: 'evacuation.acked', slash: 'out', first: ['evacuation', 'acked_by'] },
  { kind: 'evacuation.ended', slash: 'evacuated', first: ['evacuation', 'reason'] },
  { kind: 'occupants.estimated', slash: 'occupants', first: ['occupant', 'count', 'place', 'source', 'grade'], numbered: 'G' },
  { kind: 'methane.reported', slash: 'methane', first: ['place', 'type', 'risks', 'area', 'count', 'text'], numbered: 'ME' },
  {
    kind: 'command.assumed', slash: 'command', first: ['commanders', 'place'], hide: ['scope'],
    start: () => ({ scope: 'incident', commanders: operator() }),
  },
  {
    kind: 'command.transferred', slash: 'transfer', first: ['from', 'to', 'briefing'], hide: ['scope'],
    start: () => ({ scope: 'incident', from: (strip.peek()?.commanders ?? []).join('; ') }),
  },
  { kind: 'incident.posture_set', slash: 'posture', first: ['posture', 'reason'] },
  {
    kind: 'structure.defined', slash: 'building', first: ['structure', 'name', 'storeys', 'basements', 'roof', 'inside_inner_cordon'],
    start: () => ({ inside_inner_cordon: true }),
  },
  { kind: 'count.accepted', slash: 'accept', first: ['counter', 'count', 'basis', 'reason'] },
  { kind: 'fact.reviewed', slash: 'reviewed', first: ['fact', 'review_at', 'reason'], start: () => ({ review_at: '+30' }) },
  { kind: 'finding.resolved', slash: 'finding', first: ['reason'], hide: ['finding', 'number', 'by'], start: () => ({ by: operator() }) },
]

const by_kind = new Map(rows.map((row) => [row.kind, row]))
/** What the server says by itself, or only means something where it is offered. */
const not_offered = new Set([
  'incident.opened', 'finding.resolved', 'alarm.raised', 'alarm.acked', 'alarm.escalated', 'key.shredded', 'export.made', 'clock.skew_noted',
  'access.denied', 'log.sealed', 'par.missed', 'count.reconciled',
])
const prefixes: Record<string, string> = {
  link: 'L', period: 'OP', need: 'N', division: 'DV', assignment: 'AS', deconfliction: 'DC', access: 'AC', enquiry: 'Q', fact: 'F',
  responsibility: 'CR', media: 'ML', statement: 'ST', line: 'SL', alert: 'AL', sitrep: 'SR', commitment: 'CM',
}

export function specOf(kind: string): FormSpec {
  const row = by_kind.get(kind)
  if (row) return row
  const info = schema.kinds[kind]!
  const needed = info.fields.filter((field) => field.need).map((field) => field.name)
  const prefix = info.mode === 'MAKE' && info.entity ? prefixes[info.entity] : undefined
  const key = keyOf(kind)
  const first = key && !prefix && key !== 'incident' ? [key, ...needed] : needed
  return { kind, slash: kind, first, ...(prefix ? { numbered: prefix } : {}) }
}

/** All kinds that can be entered, the common ones first. */
export const offered: readonly FormSpec[] = [
  ...rows.filter((row) => !not_offered.has(row.kind)),
  ...Object.keys(schema.kinds).filter((kind) => !by_kind.has(kind) && !not_offered.has(kind)).map(specOf),
]

const isCommander = () => (strip.peek()?.commanders ?? []).includes(operator())
const COMMANDER = 'commander'
const LOGGIST = 'loggist'

/** The roles that this account can act in, of those of a kind: its own, and the commander's for who keeps his log. */
export function rolesFor(roles: readonly string[]): readonly string[] {
  return roles.filter((role) => hasRole(role) || (role === COMMANDER && hasRole(LOGGIST)))
}

/** A log keeper enters what the commander decided, in the commander's name. */
export function onBehalf(role: unknown): Raw {
  const [commander] = strip.peek()?.commanders ?? []
  return { on_behalf_of: role === COMMANDER && !isCommander() && hasRole(LOGGIST) && commander ? commander : '' }
}

function roleFor(roles: readonly string[]): Raw {
  const own = rolesFor(roles)
  const role = own.includes(COMMANDER) && isCommander() ? COMMANDER : own.find((it) => it !== COMMANDER) ?? own[0]
  return role === undefined ? {} : { role, ...onBehalf(role) }
}

/** The values that a new form begins with. */
export function startOf(spec: FormSpec, preset: Raw): Raw {
  const info = schema.kinds[spec.kind]!
  const role = info.roles.length === 0 ? {} : roleFor(info.roles)
  const own = keyOf(spec.kind) === 'incident' ? { incident: incident_id.peek() } : {}
  return { ...role, ...own, ...spec.start?.(), ...preset }
}

/** What follows from a choice: the zone that a unit is in, and how many it is. */
export function follow(kind: string, name: string, value: unknown): Raw {
  if (name === 'role') return onBehalf(value)
  if (name !== 'unit' || typeof value !== 'string') return {}
  const unit = entity('unit', value)
  const count = textOf(unit, 'strength')
  if (kind === 'unit.left_zone') return { zone: textOf(unit, 'zone'), count: textOf(unit, 'count') || count }
  if (kind === 'mayday.declared') return { zone: textOf(unit, 'zone') }
  return kind === 'par.acked' || kind === 'unit.entered_zone' || kind === 'zone.search_started' ? { count } : {}
}
