// One line of the record in words. Data comes from phones: every field is read as if it could be missing.
import type { Fields, Value } from '../net/incident'
import type { RecordEvent } from '../net/protocol'
import { placeName } from '../state/names'
import { callerOf } from '../state/record'
import { units_by_uid } from '../state/tracks'
import { bytesText } from './format'
import { joined, ours, t, tMaybe } from './i18n'
import { fieldText, kindText, rangeText, saidText, valueText, wordText } from './values'
import type { Key, Values } from './i18n'
import { eventText } from './written'

export interface Line {
  source: string
  text: string
  level: '' | 'crit' | 'warn'
  /** The unit that a click selects. */
  unit: string
  /** Set when somebody said it, so that it keeps its own direction. */
  said: boolean
}

export type Family = 'incident' | 'chat' | 'emergency' | 'objects' | 'devices' | 'record'
export const families: readonly Family[] = ['incident', 'chat', 'emergency', 'objects', 'devices', 'record']

const family_of: Record<string, Family> = {
  'chat.said': 'chat', 'chat.receipt': 'chat',
  'emergency.raised': 'emergency', 'emergency.cancelled': 'emergency', 'emergency.acknowledged': 'emergency',
  'casevac.sent': 'emergency',
  'object.put': 'objects', 'object.deleted': 'objects', 'file.offered': 'objects',
  'file.stored': 'objects', 'file.changed': 'objects', 'file.deleted': 'objects', 'mission.changed': 'objects', 'video.put': 'objects', 'video.deleted': 'objects', 'task.sent': 'objects',
  'client.connected': 'devices', 'client.left': 'devices', 'uid.conflict': 'devices', 'groups.changed': 'devices',
}

/** Kinds of the river that have words here: a test holds them against the kinds that the server tells. */
export const hasWords = (kind: string) => kind in sentences || own_words.has(kind)
const own_words = new Set(['chat.said', 'chat.receipt', 'emergency.raised'])

export function familyOf(event: RecordEvent): Family {
  return event.fields ? 'incident' : family_of[event.kind] ?? 'record'
}

export function emergencyName(type: string): string {
  return tMaybe('emergency.type.' + type, type || t('emergency.type.unknown'))
}

export function unitName(uid: string): string {
  return units_by_uid.get(uid)?.callsign ?? uid
}

/** Who calls for help: the unit by its callsign, else what the alert called itself ("RGR-3-Alert"). */
export function callerName(unit_uid: string, from: string): string {
  return units_by_uid.get(unit_uid)?.callsign ?? (from || unit_uid)
}

/** What was said with an alert, unless it is only the caller's name again. */
export function callText(caller: string, text: string): string {
  return text === caller ? '' : text
}

type Data = (name: string) => string

function data(event: RecordEvent): Data {
  return (name) => {
    const value = event.data?.[name]
    if (typeof value === 'string') return value
    return typeof value === 'number' ? String(value) : ''
  }
}

function groupsText(event: RecordEvent): string {
  const groups = event.data?.['groups']
  if (!Array.isArray(groups)) return ''
  return joined(groups.map((group: unknown) => String((group as { name?: string })?.name ?? group)), t('comma'))
}

const ROLES_TOLD = 4

/** The roles of an operator, as the record has them: words with commas. */
export function rolesText(roles: string): string {
  const list = roles.split(',').filter(Boolean)
  if (list.length > ROLES_TOLD) return t('operator.roles_n', { n: list.length })
  return joined(list.map((role) => tMaybe('role.' + role, wordText(role, 'role'))), t('comma'))
}

function changedText(event: RecordEvent): string {
  const changed = event.data?.['changed']
  return Array.isArray(changed) ? joined(changed.map((what) => tMaybe('operator.changed.' + String(what), String(what))), t('comma')) : ''
}

/** A rule between agencies: of all, of phones without one, or of the one that is named. */
function ruleValues(event: RecordEvent): Values {
  const { from, to, classes, allow } = event.data ?? {}
  if (!event.kind.startsWith('sharing.')) return {}
  const agency = (code: unknown) => (code === '*' ? t('sharing.all') : code === '-' ? t('sharing.none') : String(code))
  const what = Array.isArray(classes) ? joined(classes.map((it) => tMaybe('sharing.class.' + String(it), String(it))), t('comma')) : ''
  return { from: agency(from), to: agency(to), what, rule: t(Number(allow) ? 'sharing.allowed' : 'sharing.denied') }
}

/** Missions by the name that they got when they were made: later rows have the guid alone. */
const mission_names = new Map<string, string>()

/** What happened to a mission, to which one, and what it is about. */
function missionValues(event: RecordEvent, get: Data): Values {
  if (event.kind !== 'mission.changed') return {}
  if (get('title')) mission_names.set(get('mission'), get('title'))
  const about = get('name') || unitName(get('uid')) || get('client') || get('text')
  return {
    title: mission_names.get(get('mission')) ?? get('mission').slice(0, 8),
    change: tMaybe('mission.change.' + get('change'), get('change')),
    name: get('change') === 'log.put' ? get('text') : about,
  }
}

/** Kinds whose line is one sentence with fields in it. Source and unit come from the named fields. */
const sentences: Record<string, { key: Key; source: string; unit: string; level?: Line['level'] }> = {
  'emergency.cancelled': { key: 'event.emergency_cancelled', source: 'from', unit: 'unit_uid' },
  'emergency.acknowledged': { key: 'event.emergency_acknowledged', source: 'by', unit: 'unit_uid' },
  'casevac.sent': { key: 'event.casevac', source: 'from', unit: 'unit_uid', level: 'crit' },
  'object.put': { key: 'event.object_put', source: 'from', unit: 'uid' },
  'object.deleted': { key: 'event.object_deleted', source: 'from', unit: 'uid' },
  'file.offered': { key: 'event.file', source: 'from', unit: 'uid' },
  'file.stored': { key: 'event.file_stored', source: 'from', unit: 'uid' },
  'file.changed': { key: 'event.file_changed', source: 'from', unit: '' },
  'file.deleted': { key: 'event.file_deleted', source: 'from', unit: '' },
  'profile.changed': { key: 'event.profile_changed', source: 'by', unit: '' },
  'client.connected': { key: 'event.connected', source: 'callsign', unit: 'uid' },
  'client.left': { key: 'event.left', source: 'callsign', unit: 'uid' },
  'uid.conflict': { key: 'event.uid_conflict', source: 'callsign', unit: 'uid', level: 'warn' },
  'groups.changed': { key: 'event.groups', source: 'user', unit: '' },
  'event.refused': { key: 'event.refused', source: 'user', unit: '', level: 'warn' },
  'operator.login': { key: 'event.login', source: 'name', unit: '' },
  'operator.made': { key: 'event.operator_made', source: 'name', unit: '' },
  'operator.changed': { key: 'event.operator_changed', source: 'name', unit: '' },
  'invite.made': { key: 'event.invite_made', source: 'by', unit: '' },
  'invite.ended': { key: 'event.invite_ended', source: 'by', unit: '' },
  'device.enrolled': { key: 'event.device_enrolled', source: 'user', unit: 'uid' },
  'enrol.refused': { key: 'event.enrol_refused', source: 'user', unit: '', level: 'warn' },
  'device.admitted': { key: 'event.device_admitted', source: 'by', unit: 'uid' },
  'certificate.revoked': { key: 'event.certificate_revoked', source: 'by', unit: 'uid', level: 'warn' },
  'user.changed': { key: 'event.user_changed', source: 'by', unit: '' },
  'sharing.proposed': { key: 'event.sharing_proposed', source: 'by', unit: '' },
  'sharing.changed': { key: 'event.sharing_changed', source: 'by', unit: '' },
  'input.opened': { key: 'event.input_opened', source: 'name', unit: '' },
  'input.refused': { key: 'event.input_refused', source: 'name', unit: '', level: 'warn' },
  'input.closed': { key: 'event.input_closed', source: 'name', unit: '' },
  'head.witnessed': { key: 'event.head_witnessed', source: 'by', unit: '' },
  'mission.changed': { key: 'event.mission', source: 'from', unit: '' },
  'video.put': { key: 'event.video_put', source: 'by', unit: '' },
  'video.deleted': { key: 'event.video_deleted', source: 'by', unit: '' },
  'task.sent': { key: 'event.task_sent', source: 'from', unit: 'uid' },
  'journal.mended': { key: 'event.journal_mended', source: '', unit: '', level: 'warn' },
}

/** Who wrote an entry and how it came are columns of their own; the rest of these say nothing in a line. */
const not_told = new Set([
  'incident', 'actor', 'role', 'actor_agency', 'actor_unit', 'on_behalf_of', 'via', 'source', 'grade', 'class', 'lang', 'cause', 'supersedes', 'exercise',
  'recorded_at', 'observed_at', 'reported_at', 'unc_s', 'lat', 'lon', 'shape', 'time_zone', 'number', 'scope', 'hi_open', 'scheme', 'origin', 'made_at',
])
/** Whose reason is a sentence of the server; elsewhere a person gave it. */
const refusals = new Set(['event.refused', 'enrol.refused', 'input.refused'])
/** Numbers mean nothing without what they count. */
const named = new Set([
  'count', 'strength', 'storeys', 'basements', 'extent', 'cadence_s', 'as_of', 'due_at', 'review_at', 'start_at', 'end_at', 'at', 'confidence',
  'expected_at', 'suitability', 'feasibility', 'acceptability', 'choice', 'released_by',
])
const crit_kinds = new Set(['mayday.declared', 'evacuation.ordered', 'detonation.reported', 'threat.reported', 'par.missed'])

/** What an entry makes has an id of its own, which says least: it comes last. */
const own_keys = new Set([
  'report', 'threat', 'hazard', 'detonation', 'closure', 'cordon', 'point', 'decision', 'task', 'message', 'par', 'mayday', 'evacuation', 'occupant',
  'methane', 'assignment', 'deconfliction', 'access', 'commitment', 'alarm', 'finding', 'statement', 'line', 'fact', 'media', 'tactical', 'sitrep',
  'responsibility', 'need', 'enquiry', 'alert', 'period', 'division', 'opening', 'option',
])
/** References that are read by the name of what they mean. */
const places: Record<string, string> = { zone: 'zone', zones: 'zone', point: 'point', routed_to: 'point', structure: 'structure', level: 'level', source: 'source' }

function partText(name: string, value: Value, at: number): string {
  const kind = places[name]
  if (!kind) return value === true ? fieldText(name) : valueText(name, value, at)
  return joined((Array.isArray(value) ? value : [value]).map((id) => placeName(kind, String(id))), t('comma'))
}

function entryParts(event: RecordEvent, fields: Fields): string[] {
  const parts: string[] = []
  const ids: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (not_told.has(name) || name === 'lo' || name === 'hi') continue
    if (name === 'predicate' && value === 'note') continue
    // All of a zone is what one expects.
    if (name === 'extent' && value === 100) continue
    const text = eventText(event.kind, fields, name, value) ?? partText(name, value, event.at)
    if (own_keys.has(name)) ids.push(text)
    else parts.push(named.has(name) ? `${fieldText(name)} ${text}` : text)
  }
  const { lo, hi } = fields
  if (typeof lo === 'number') parts.splice(fields['counter'] ? 1 : 0, 0, rangeText(lo, typeof hi === 'number' ? hi : null))
  return [...parts, ...ids]
}

/** A line of an incident: the kind in words, then what was entered. */
function describeEntry(event: RecordEvent, fields: Fields): Line {
  const source = typeof fields['source'] === 'string' ? placeName('source', fields['source']) : ''
  const actor = ['on_behalf_of', 'actor', 'by', 'owner'].map((name) => fields[name]).find((it) => typeof it === 'string') ?? ''
  const level = crit_kinds.has(event.kind) ? 'crit' : ''
  const unit = typeof fields['unit'] === 'string' ? fields['unit'] : ''
  return { source: source || String(actor), text: joined([ours(kindText(event.kind)), ...entryParts(event, fields)], ' · '), level, unit, said: false }
}

export function describe(event: RecordEvent): Line {
  if (event.erased) return { source: '', text: t('event.erased'), level: '', unit: '', said: false }
  if (event.damaged) return { source: '', text: t('event.damaged'), level: 'warn', unit: '', said: false }
  if (event.fields) return describeEntry(event, event.fields)
  const get = data(event)
  if (event.kind === 'chat.said') {
    const operator = event.data?.['operator']
    const source = typeof operator === 'string' && operator !== '' ? operator : get('from')
    const to = Array.isArray(event.data?.['to']) ? event.data?.['to'] : []
    const direct = event.data?.['direct'] === true && to.length > 0
    const text = direct ? `→ ${unitName(String(to[0]))}: ${get('text')}` : get('text')
    return { source, text, level: '', unit: operator ? '' : get('from_uid'), said: true }
  }
  if (event.kind === 'chat.receipt') {
    const text = tMaybe('receipt.' + get('receipt'), get('receipt'))
    return { source: get('from'), text, level: get('receipt') === 'failed' ? 'warn' : '', unit: get('from_uid'), said: false }
  }
  if (event.kind === 'emergency.raised') {
    const word = emergencyName(get('type'))
    const name = word.charAt(0).toUpperCase() + word.slice(1)
    const source = callerName(get('unit_uid'), get('from'))
    const said = callText(source, get('text'))
    const text = said ? `${name}: ${said}` : name
    return { source, text, level: 'crit', unit: get('unit_uid'), said: false }
  }
  const sentence = sentences[event.kind]
  if (!sentence) return { source: '', text: event.kind, level: '', unit: '', said: false }
  const values: Values = {
    who: get('callsign') || unitName(get('unit_uid') || get('uid')),
    name: get('name'), title: get('title'), type: get('type'), by: get('by'), reason: refusals.has(event.kind) ? saidText(get('reason') || get('why')) : get('reason') || get('why'),
    user: get('user'), address: get('address'), role: rolesText(get('role')), number: get('number'),
    changed: changedText(event),
    ...ruleValues(event),
    text: get('text'),
    ...missionValues(event, get),
    holder: get('holder'), claimant: get('claimant'), groups: groupsText(event),
    size: typeof event.data?.['size'] === 'number' ? bytesText(event.data?.['size']) : '',
  }
  if (event.kind.startsWith('emergency.')) {
    const caller = callerOf(get('uid'))
    values['who'] = caller ? callerName(caller.unit_uid, caller.from) : unitName(get('uid'))
  }
  const source = get(sentence.source) || get('from') || get('user')
  const text = ours(t(sentence.key, values).replace(/[:,]?\s*$/, ''))
  return { source, text, level: sentence.level ?? '', unit: get(sentence.unit), said: false }
}
