// What doc/internals/incident-api.md says, as types. Fields are read as if each could be missing.

export type Value = string | number | boolean | readonly string[] | Readonly<Record<string, number>>
export type Fields = Readonly<Record<string, Value>>

export interface Entity {
  kind: string
  id: string
  made: number
  changed: number
  fields: Fields
}

export interface Claim {
  event: number
  report: string
  source: string
  source_kind: string
  /** null: the source split a number into categories and named none itself. */
  lo: number | null
  hi: number | null
  as_of: string
  grade: string
  is: 'used' | 'superseded' | 'overtaken' | 'excluded' | 'withdrawn' | 'discounted'
  shift: number
  categories: Readonly<Record<string, number>>
}

/** Nothing known: `known` false, lo and hi null. hi null of a known one: open upwards. */
export interface Counter {
  lo: number | null
  hi: number | null
  known: boolean
  agreed: boolean
  sources: number
  values: number
  confirmed: number | null
  accepted: number | null
  accepted_event: number | null
  accounted?: number
  /** In the place of claims, for an observer: how old the newest of them is. */
  as_of?: string | null
  claims: readonly Claim[]
}

export interface Strip {
  id: string
  name: string
  type: string
  state: string
  exercise: boolean
  start: string | null
  commanders: readonly string[]
  command_state: 'vacant' | 'held' | 'unified'
  command_since: string | null
  command_place: string | null
  posture: string | null
  period: { id: string; start_at: string; end_at: string; objectives: readonly string[] } | null
  major: boolean
  threat_levels: readonly { scope: string; level: string }[]
  /** How many units one supervisor leads at most. */
  span?: number
  /** Each of these is missing when this operator has no need to know it. */
  zones?: { total: number; threat: number; eod: number }
  casualties?: { killed?: Counter; injured?: Counter; missing?: Counter }
  par?: { inside: number; due: number; missed: number }
  findings?: { warn: number; alarm: number; info: number }
  alarms?: { open: number; unacked: number }
  rule: string
}

export interface Finding {
  id: string
  rule: string
  subject: string
  severity: 'INFO' | 'WARN' | 'ALARM'
  events: readonly number[]
  ground: string
  resolved: boolean
  text: string
}

export interface Duty {
  id: string
  rule: string
  owner: string
  since: string
  acked: boolean
  escalated: boolean
  events: readonly number[]
  text: string
}

export interface Inside {
  unit: string
  agency: string
  /** Left out for an observer: he knows who is inside, not where. */
  zone?: string
  level?: string | null
  strength: number | null
  inside_at: string
  due: string | null
  missed: number
  state: 'ok' | 'due' | 'missed'
}

export interface Cleared {
  state: string
  unit: string | null
  at: string
  extent: number | null
}

export interface ZoneView {
  id: string
  name: string
  zone_kind: string
  /** These three are left out for an observer; that is not "nobody". */
  units?: readonly string[]
  clearance: Readonly<Record<string, Cleared>>
  threats?: readonly string[]
  tactical: string | null
  casualties?: number
}

export interface LevelView {
  id: string
  ordinal: number
  name: string
  zones: readonly ZoneView[]
}

export interface StructureView {
  id: string
  name: string
  inside_inner_cordon: boolean
  levels: readonly LevelView[]
}

export interface Gap {
  id: string
  text: string
  known: boolean
  age_s: number | null
}

export interface SaidFact {
  fact: string
  state: string
  lo: number | null
  stale: boolean
  now: string | null
  now_lo: number | null
}

/** The release guard's word on a line. */
export interface Judged {
  light: 'green' | 'amber' | 'red'
  rule: string | null
  why: string | null
  fatality: boolean
  facts: readonly SaidFact[]
}

export interface SaidLine extends Judged {
  line: string
  statement: string
  outdated: boolean
}

export interface Release {
  lines: readonly SaidLine[]
  alerts: readonly (Judged & { alert: string })[]
  families_know: boolean
}

export interface Views {
  strip: Strip
  counters: { rule: string; counters: Readonly<Record<string, Counter>> }
  findings: { findings: readonly Finding[] }
  alarms: { alarms: readonly Duty[] }
  par: { units: readonly Inside[]; maydays: readonly string[]; evacuations: readonly string[] }
  floors: { structures: readonly StructureView[] }
  gaps: { gaps: readonly Gap[] }
  release: Release
}

export interface IncidentMessage {
  type: 'incident'
  id: string
  seq: number
  whole: boolean
  entities: readonly Entity[]
  views: Partial<Views>
}
