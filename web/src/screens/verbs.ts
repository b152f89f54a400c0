// What can be done with a unit: the same verbs in its card and in the menu of the map.
import { t } from '../base/i18n'
import type { Entity } from '../net/incident'
import { entitiesOf, entity, incident_id, par, textOf } from '../state/incident'
import type { Writes } from '../state/rights'
import type { Unit } from '../state/tracks'
import { following, write } from '../state/view'
import { writeTo } from '../shell/actions'

export interface Verb {
  id: string
  name: string
  keys?: string
  pressed?: boolean
  run: () => void
  writes?: Writes
}

/** The unit of the record that a phone speaks for: by its callsign. */
export function unitOf(it: Unit): Entity | undefined {
  return entity('unit', it.callsign) ?? entitiesOf('unit').find((one) => textOf(one, 'name') === it.callsign || textOf(one, 'contact') === it.callsign)
}

/** How its last roll call stands, when it is inside. */
export const parOf = (it: Entity | undefined) => (it ? par.value?.units.find((one) => one.unit === it.id) : undefined)

export const tasksOf = (it: Unit) =>
  entitiesOf('task').filter((task) => textOf(task, 'state') === 'open' && [it.callsign, unitOf(it)?.id].includes(textOf(task, 'owner')))

export function unitVerbs(it: Unit): Verb[] {
  if (!it.presence) return []
  const on_record = unitOf(it)
  const call: Verb = { id: 'call', name: t('act.call_short'), keys: 'C', writes: 'writes', run: () => writeTo(it.uid) }
  const follow: Verb = { id: 'follow', name: t('act.follow_short'), keys: 'F', pressed: following.value, run: () => { following.value = !following.value } }
  if (incident_id.value === '') return [call, follow]
  if (!on_record) {
    const join = () => write('unit.checked_in', { unit: it.callsign })
    return [call, { id: 'checkin', name: t('unit.check_in'), writes: 'unit.checked_in', run: join }, follow]
  }
  return [
    call,
    { id: 'par', name: t('unit.ask_par'), writes: 'par.called', run: () => write('par.called', { units: [on_record.id] }) },
    { id: 'assign', name: t('unit.assign'), writes: 'task.created', run: () => write('task.created', { owner: on_record.id }) },
    { id: 'status', name: t('unit.status'), writes: 'unit.status_set', run: () => write('unit.status_set', { unit: on_record.id }) },
    follow,
  ]
}
