// Which texts of the record the server itself wrote: those the page says in its own language. Into the same fields of
// other entries people write, and theirs stay as they are. The record keeps what was written.
import type { Entity, Fields, Value } from '../net/incident'
import { emergencyWord, writtenText } from './values'

const of_events: Record<string, readonly string[]> = {
  'unit.self_deployed': ['reason'], 'unit.released': ['reason'], 'assignment.held': ['reason'], 'alarm.raised': ['text'],
  'source.registered': ['note'], 'report.received': ['text', 'subject'], 'mayday.declared': ['text'], 'mayday.resolved': ['reason'],
  'casualty.reported': ['text'], 'casualty.doubted': ['reason'], 'closure.lifted': ['reason'], 'message.replied': ['note'],
  'access.denied': ['reason'], 'clock.skew_noted': ['text'],
  'hazard.reported': ['text', 'note'], 'cordon.set': ['note'], 'closure.set': ['note'], 'tactical.set': ['note'],
}
/** What phones, the rules and a file brought, the server put into words; not what came by voice or was typed. */
const ways = new Set(['system', 'cot', 'import'])
const drawings = new Set(['cordon.set', 'closure.set', 'tactical.set', 'hazard.reported'])

/** Made of an event of a phone, the entity has its id from the server; an entry of a mission's log is a person's text. */
const of_entities: Record<string, { fields: readonly string[]; id?: RegExp }> = {
  unit: { fields: ['reason'] }, assignment: { fields: ['reason'] }, message: { fields: ['note'] }, source: { fields: ['note'] },
  alarm: { fields: ['text'] }, cordon: { fields: ['note'] }, closure: { fields: ['note'] }, tactical: { fields: ['note'] },
  report: { fields: ['text'], id: /^(EM|EC|CV|SG|FL)-/ }, mayday: { fields: ['text', 'reason'], id: /^MD-/ },
  casualty: { fields: ['text'], id: /^CV-/ }, hazard: { fields: ['text', 'note'], id: /^HZ-/ },
}

function isWritten(kind: string, fields: Fields, name: string): boolean {
  if (!of_events[kind]?.includes(name)) return false
  const report = String(fields['report'] ?? '')
  if (report.startsWith('ML-') || (name === 'subject' && !/^E[MC]-/.test(report))) return false
  // A drawing becomes a zone by a person's hand: what was thinned is noted beside the row that it rests on.
  return ways.has(String(fields['via'] ?? '')) || (name === 'note' && drawings.has(kind) && fields['cause'] !== undefined)
}

/** A text of an event in the page's language, or null where it is shown as it is. */
export function eventText(kind: string, fields: Fields, name: string, value: Value): string | null {
  if (typeof value !== 'string' || !isWritten(kind, fields, name)) return null
  const text = name === 'subject' ? emergencyWord(value) : writtenText(value)
  return text === value ? null : text
}

/** The same of an entity as it is now. */
export function entityWritten(it: Entity, name: string): string | null {
  const value = it.fields[name]
  const by_server = of_entities[it.kind]
  if (typeof value !== 'string' || !by_server?.fields.includes(name) || !(by_server.id?.test(it.id) ?? true)) return null
  const text = writtenText(value)
  return text === value ? null : text
}

export const entityText = (it: Entity, name: string) => entityWritten(it, name) ?? String(it.fields[name] ?? '')
