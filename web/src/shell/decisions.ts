// What is done about an item that needs a decision: one default action for each rule, under a key of its own. Where
// the action is an entry that answers itself it is entered at once; where somebody must be named a form comes up
// with all that is known in it.
import { joined, t } from '../base/i18n'
import { note } from '../state/attention'
import type { Attention } from '../state/attention'
import { acknowledgeDuty } from '../state/duty'
import { entity, textOf } from '../state/incident'
import { acknowledge } from '../state/outbox'
import { numbered, quick } from '../state/quick'
import { whyNot } from '../state/rights'
import type { Writes } from '../state/rights'
import { session } from '../state/session'
import { units_by_uid } from '../state/tracks'
import { client_filter, dialog, people_tab, screen, select, selectEntity, shown_item, shown_point, write } from '../state/view'
import type { Screen } from '../state/view'
import { map_commands } from '../map/commands'

export interface Decision {
  label: string
  /** What it writes; without, it only shows something. */
  writes?: Writes
  run: () => void
}

const operator = () => session.peek()?.operator?.name ?? ''
const go = (to: Screen) => { screen.value = to }

/** A message to a unit, a division or a person by the name that the record has: phones of it get it as chat. */
export function tell(to: readonly string[], text: string, told: string, more: Record<string, unknown> = {}): Promise<boolean> {
  return quick(numbered('message.sent', 'message', 'M', { to, text, priority: 'urgent', from: operator(), ...more }), told)
}

export function nudge(task: string): Promise<boolean> {
  const it = entity('task', task)
  const owner = textOf(it, 'owner')
  return tell([owner], t('task.nudge_text', { task, text: textOf(it, 'text') }), t('task.nudged', { who: owner }), { task })
}

export function callUnits(units: readonly string[]): void {
  void quick(numbered('par.called', 'par', 'PAR', { reason: t('roll.why_missing'), units }), t('roll.called_n', { n: units.length }))
}

function showOnMap(kind: string, id: string): void {
  const key = `${kind}/${id}`
  go('map')
  selectEntity(key)
  map_commands.value?.showEntity(key)
}

/** Done, and seen: the alarm asks no longer. */
function handled(id: string, done: Promise<boolean>): void {
  void done.then((it) => { if (it) acknowledgeDuty(id) })
}

const zoneOf = (unit: string) => textOf(entity('unit', unit), 'zone')
/** "EX-1/police": who has not acknowledged what. */
const halves = (subject: string) => {
  const at = subject.lastIndexOf('/')
  return [subject.slice(0, at), subject.slice(at + 1)] as const
}

function mayday(unit: string): Decision {
  return { label: t('decide.mayday'), writes: 'mayday.declared', run: () => write('mayday.declared', { unit, zone: zoneOf(unit) }) }
}

function accept(unit: string): Decision {
  const agency = textOf(entity('unit', unit), 'agency')
  const run = () => {
    if (agency) void quick({ kind: 'unit.checked_in', fields: { unit, agency } }, t('unit.accepted', { who: unit }))
    else write('unit.checked_in', { unit })
  }
  return { label: t('unit.accept'), writes: 'unit.checked_in', run }
}

function remind(message: string, id: string): Decision {
  const it = entity('message', message)
  const acked = it?.fields['acked_by']
  const to = it?.fields['to']
  const left = Array.isArray(to) ? to.filter((who: string) => !Array.isArray(acked) || !acked.includes(who)) : []
  return { label: t('decide.remind'), writes: 'message.sent', run: () => handled(id, tell(left, textOf(it, 'text'), t('decide.reminded', { who: joined(left, t('comma')) }))) }
}

/** By rule: what is done about its alarm. `subject` is what the alarm is about, `id` the alarm itself. */
const rules: Record<string, (subject: string, id: string) => Decision> = {
  'par.due': (unit) => ({ label: t('decide.call'), writes: 'par.called', run: () => callUnits([unit]) }),
  'par.fail': mayday,
  'mayday.prompt': mayday,
  'command.vacant': () => ({ label: t('decide.assume'), writes: 'command.assumed', run: () => write('command.assumed') }),
  'declaration.unacked': (subject) => ({ label: t('acknowledge'), writes: 'incident.declaration_acked', run: () => write('incident.declaration_acked', { acked_by: [halves(subject)[1]] }) }),
  'methane.unacked': (subject) => {
    const [methane, agency] = halves(subject)
    return { label: t('acknowledge'), writes: 'methane.acked', run: () => write('methane.acked', { methane, acked_by: [agency] }) }
  },
  'evacuation.unacked': (unit, id) => ({ label: t('decide.call'), writes: 'message.sent', run: () => handled(id, tell([unit], t('decide.evacuate_text'), t('decide.reminded', { who: unit }))) }),
  'critical.unread': (report) => ({
    label: t('decide.read_back'), writes: 'report.read_back', run: () => void quick({ kind: 'report.read_back', fields: { report, acked_by: [operator()] } }, t('decide.read_back')),
  }),
  'deconfliction.missing': (unit) => ({ label: t('decide.agree'), writes: 'deconfliction.requested', run: () => write('deconfliction.requested', { units: [unit], zone: zoneOf(unit) }) }),
  'hold.withdrawn': () => ({ label: t('decide.open_floors'), run: () => go('floors') }),
  'casualty.waiting': () => ({ label: t('decide.open'), run: () => go('casualties') }),
  'clearance.expired': () => ({ label: t('decide.open_floors'), run: () => go('floors') }),
  'point.closed': (unit) => ({ label: t('decide.open_map'), run: () => showOnMap('point', textOf(entity('unit', unit), 'routed_to')) }),
  'unit.self_deployed': accept,
  'message.unacked': remind,
  'assignment.no_read_back': (assignment) => ({ label: t('decide.read_back'), writes: 'assignment.read_back', run: () => write('assignment.read_back', { assignment }) }),
  'access.held': (access) => ({ label: t('decide.grant'), writes: 'access.granted', run: () => write('access.granted', { access, by: operator() }) }),
  'need.overdue': (need) => ({ label: t('decide.open'), run: () => { shown_item.value = `need/${need}`; go('tasks') } }),
  'task.overdue': (task, id) => ({ label: t('task.nudge'), writes: 'message.sent', run: () => handled(id, nudge(task)) }),
}

/** By the first word of the rule: where what does not fit is looked at. */
const views: Record<string, { label: () => string; to: Screen }> = {
  count: { label: () => t('decide.compare'), to: 'casualties' },
  confirmed: { label: () => t('decide.compare'), to: 'casualties' },
  category: { label: () => t('decide.compare'), to: 'casualties' },
  place: { label: () => t('decide.open_map'), to: 'map' },
  statement: { label: () => t('decide.open'), to: 'statements' },
  release: { label: () => t('decide.open'), to: 'statements' },
}

/** What is usual about an item; none when there is nothing left to do about it here. */
function usual(item: Attention): Decision | null {
  if (item.level === 'calm') return null
  if (item.emergency) return { label: t('acknowledge'), writes: 'writes', run: () => acknowledge(item.emergency!.uid) }
  if (item.alarm) return { label: t('note'), run: () => note(item.alarm!) }
  if (item.held) return { label: t('decide.admit', { n: item.held.length }), writes: 'welcomes', run: () => { dialog.value = 'admit' } }
  if (item.statement) return { label: t('decide.open'), run: () => go('statements') }
  if (item.finding) {
    const view = views[item.group]
    return view ? { label: view.label(), run: () => go(view.to) } : { label: t('decide.open'), run: () => openItem(item) }
  }
  const { id, rule } = item.duty!
  return rules[rule]?.(id.slice(rule.length + 1), id) ?? { label: t('acknowledge'), writes: 'alarm.acked', run: () => acknowledgeDuty(id) }
}

/** The default action of an item; none when this account may not, or nothing can be written now. */
export function decisionOf(item: Attention): Decision | null {
  const it = usual(item)
  return it?.writes && whyNot(it.writes) !== '' ? null : it
}

export function decide(item: Attention): void {
  decisionOf(item)?.run()
}

/** Shows what an item is about. */
export function openItem(item: Attention): void {
  if (item.emergency) {
    const unit = units_by_uid.get(item.emergency.unit_uid)
    select(item.emergency.unit_uid)
    go('map')
    if (unit) map_commands.value?.showUnit(unit.uid)
    else if (item.emergency.lat !== null && item.emergency.lon !== null) {
      map_commands.value?.showPlace(item.emergency.lat, item.emergency.lon)
    }
    return
  }
  if (item.statement) return go('statements')
  if (item.duty && /^(par|mayday)\./.test(item.duty.rule)) {
    people_tab.value = 'roll'
    return go('people')
  }
  if (item.duty || item.finding) {
    shown_point.value = item.duty?.id ?? item.finding!.id
    return go('points')
  }
  const uid = item.alarm ? item.alarm.id.split(':').slice(1).join(':') : ''
  if (uid && !item.alarm!.id.startsWith('uid_conflict')) {
    select(uid)
    go('map')
    map_commands.value?.showUnit(uid)
  } else {
    client_filter.value = uid
    go('admin')
  }
}
