// Every unit and map object that the server told of.
//
// A unit is one object for its whole life; a position frame changes its numbers in place and allocates
// nothing. Positions are deliberately no signals: the map asks for them when it draws, tables once a
// second. Signals say only that something changed:
//   text_changed   a unit came, went, or changed its words
//   moved          positions were heard (at most once a second)
//
// `units` and `units_by_uid` are what the screens show: the live ones, or those of a past moment (showUnits). The live
// ones go on behind it.
import { signal } from '@preact/signals'
import { mercatorX, mercatorY } from '../base/geo'
import type { UnitMessage } from '../net/protocol'

export interface Unit {
  n: number
  uid: string
  callsign: string
  type: string
  how: string
  presence: boolean
  online: boolean
  agency: string
  team: string
  role: string
  battery: number | null
  device: string
  user: string
  remarks: string
  groups: string[]
  /** 1 to 4 letters for the frame. */
  code: string
  /** How long the sender promised to stay fresh, ms. */
  span_ms: number
  /** When the server heard it last, server's time. */
  heard: number
  /** How far its own clock is ahead of the server's, by its last words. */
  ahead_ms: number
  /** NaN while unknown. */
  lat: number
  lon: number
  x: number
  y: number
  hae: number
  ce: number
  speed: number
  course: number
  floor: number
}

export type Units = ReadonlyMap<number, Unit>
export type UnitsByUid = ReadonlyMap<string, Unit>

const live_units = new Map<number, Unit>()
const live_by_uid = new Map<string, Unit>()
export let units: Units = live_units
export let units_by_uid: UnitsByUid = live_by_uid
export const text_changed = signal(0)
export const moved = signal(0)

const SPAN_MIN_MS = 5_000

/** 0 fresh, 1 silent, 2 silent for twice its own span. */
export function silence(unit: Unit, now: number): 0 | 1 | 2 {
  const age = now - unit.heard
  if (age <= unit.span_ms) return 0
  return age <= 2 * unit.span_ms ? 1 : 2
}

export function hasFix(unit: Unit): boolean {
  return unit.x === unit.x && unit.y === unit.y
}

/** The agency as the server knows it, else the letters that the callsign begins with. */
export function codeOf(agency: string, callsign: string): string {
  // Everything of an exercise begins with EX-: that tells nobody apart.
  const own = callsign.replace(/^EX[- ](?=.)/, '')
  const from = agency || (/^[\p{L}]{2,5}/u.exec(own)?.[0] ?? own)
  return [...from.toUpperCase()].slice(0, 4).join('')
}

const number = (value: number | null | undefined) => value ?? NaN

export function placeUnit(unit: Unit, lat: number, lon: number): void {
  unit.lat = lat
  unit.lon = lon
  unit.x = mercatorX(lon)
  unit.y = mercatorY(lat)
}

/** Shows units of a past moment; null: the live ones. */
export function showUnits(past: { units: Units; by_uid: UnitsByUid } | null): void {
  units = past?.units ?? live_units
  units_by_uid = past?.by_uid ?? live_by_uid
  text_changed.value++
  moved.value++
}

export function liveUnit(uid: string): Unit | undefined {
  return live_by_uid.get(uid)
}

function take(message: UnitMessage): void {
  const known = live_units.get(message.n)
  const unit = known ?? ({} as Unit)
  if (known && known.uid !== message.uid) live_by_uid.delete(known.uid)
  unit.n = message.n
  unit.uid = message.uid
  unit.callsign = message.callsign || message.uid
  unit.type = message.type
  unit.how = message.how
  unit.presence = message.presence
  unit.online = message.online
  unit.agency = message.agency ?? ''
  unit.team = message.team ?? ''
  unit.role = message.role ?? ''
  unit.battery = message.battery
  unit.device = message.device ?? ''
  unit.user = message.user ?? ''
  unit.remarks = message.remarks ?? ''
  unit.groups = message.groups ?? []
  unit.code = codeOf(unit.agency, unit.callsign)
  unit.span_ms = Math.max(SPAN_MIN_MS, message.stale - message.time)
  unit.heard = message.seen
  unit.ahead_ms = message.time - message.seen
  unit.hae = number(message.hae)
  unit.ce = number(message.ce)
  unit.speed = number(message.speed)
  unit.course = number(message.course)
  unit.floor = message.floor === undefined && known ? known.floor : number(message.floor)
  placeUnit(unit, number(message.lat), number(message.lon))
  live_units.set(unit.n, unit)
  live_by_uid.set(unit.uid, unit)
}

export function takeUnits(messages: UnitMessage[]): void {
  for (const message of messages) take(message)
  text_changed.value++
}

export function replaceUnits(messages: UnitMessage[]): void {
  const kept = new Set(messages.map((message) => message.n))
  for (const [n, unit] of live_units) {
    if (kept.has(n)) continue
    live_units.delete(n)
    if (live_by_uid.get(unit.uid) === unit) live_by_uid.delete(unit.uid)
  }
  takeUnits(messages)
}

export function dropUnits(numbers: number[]): void {
  for (const n of numbers) {
    const unit = live_units.get(n)
    if (!unit) continue
    live_units.delete(n)
    if (live_by_uid.get(unit.uid) === unit) live_by_uid.delete(unit.uid)
  }
  text_changed.value++
}

export function takePosition(
  n: number, lat: number, lon: number, course: number, speed: number, ce: number, floor: number, heard: number,
): void {
  const unit = live_units.get(n)
  if (!unit) return
  placeUnit(unit, lat, lon)
  unit.course = course
  unit.speed = speed
  unit.ce = ce
  unit.floor = floor
  unit.heard = heard
}

export function clearUnits(): void {
  live_units.clear()
  live_by_uid.clear()
  text_changed.value++
}

/** A unit in the form that the server sends, for the copy kept in the browser. */
export function unitMessages(): UnitMessage[] {
  const known = (value: number) => (Number.isNaN(value) ? null : value)
  return [...units.values()].map((unit) => ({
    n: unit.n, uid: unit.uid, callsign: unit.callsign, type: unit.type, how: unit.how,
    presence: unit.presence, online: unit.online, agency: unit.agency, team: unit.team, role: unit.role,
    battery: unit.battery, device: unit.device, user: unit.user, remarks: unit.remarks, groups: unit.groups,
    lat: known(unit.lat), lon: known(unit.lon), hae: known(unit.hae), ce: known(unit.ce),
    speed: known(unit.speed), course: known(unit.course), floor: known(unit.floor),
    time: unit.heard, seen: unit.heard, stale: unit.heard + unit.span_ms,
  }))
}

export function phones(): { online: number; known: number } {
  let online = 0
  let known = 0
  for (const unit of units.values()) {
    if (!unit.presence) continue
    known++
    if (unit.online) online++
  }
  return { online, known }
}
