// What doc/internals/web-protocol.md says, as types, and the one binary frame.
import type { Fields, IncidentMessage } from './incident'

export interface ServerInfo {
  name: string
  version: string
  /** It runs an exercise, whatever incident is shown. */
  exercise?: boolean
  now?: number
}

export interface Session {
  needs_setup: boolean
  server: ServerInfo
  /** What is optional is missing at an older server. `may_not`: kinds of entries that this account cannot make. */
  operator: { name: string; role: string; roles?: readonly string[]; agency?: string; rights?: readonly string[]; may_not?: readonly string[] } | null
  csrf: string
}

export interface UnitMessage {
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
  lat: number | null
  lon: number | null
  hae: number | null
  ce: number | null
  speed: number | null
  course: number | null
  floor?: number | null
  time: number
  seen: number
  stale: number
  remarks: string
  groups: string[]
}

/** One line of the record. `data` differs by kind: describe.ts reads it with care. One of an incident has `fields`. */
export interface RecordEvent {
  seq: number
  prev: number
  kind: string
  at: number
  observed: number | null
  data?: Record<string, unknown>
  incident?: string
  fields?: Fields
  erased?: boolean
  damaged?: boolean
}

export interface Emergency {
  uid: string
  unit_uid: string
  from: string
  type: string
  text: string
  lat: number | null
  lon: number | null
  raised: number
  acknowledged_by: string | null
  acknowledged: number | null
}

export interface Client {
  id: number | string
  user: string
  agency: string
  uid: string
  callsign: string
  address: string
  form: 'xml' | 'v1'
  tls: string
  since: number
  lag_ms: number
  sent_bytes: number
  conflated: number
  state: 'live' | 'joining'
  /** False: it is heard and hears nothing until somebody admits it. */
  admitted?: boolean
}

export interface Alarm {
  id: string
  level: 'crit' | 'warn'
  text: string
  since: number
}

export interface MapInfo {
  name: string
  format: 'pbf' | 'png' | 'jpg' | 'webp'
  minzoom: number
  maxzoom: number
  bounds: [number, number, number, number]
  attribution: string
}

export interface Snapshot {
  type: 'snapshot'
  now: number
  seq: number
  server: ServerInfo
  units: UnitMessage[]
  emergencies: Emergency[]
  events: RecordEvent[]
  clients: Client[]
  alarms: Alarm[]
}

export type Message =
  | Snapshot
  | { type: 'units'; units: UnitMessage[] }
  | { type: 'gone'; units: number[] }
  | { type: 'event'; event: RecordEvent }
  | { type: 'clients'; clients: Client[] }
  | { type: 'alarms'; alarms: Alarm[] }
  | { type: 'tick'; now: number }
  | IncidentMessage

const HEADER_BYTES = 16
const NO_COORDINATE = 0x7fffffff
const NO_U16 = 0xffff

export interface PositionSink {
  frame(now: number): void
  /** Unknown values are NaN. `heard` is in the server's time. */
  position(
    n: number, lat: number, lon: number, course: number, speed: number, ce: number, floor: number, heard: number,
  ): void
}

/** Reads a binary frame into `sink`; false when it is not one that this page understands. */
export function readPositions(bytes: ArrayBuffer, sink: PositionSink): boolean {
  if (bytes.byteLength < HEADER_BYTES) return false
  const view = new DataView(bytes)
  const size = view.getUint16(2, true)
  const count = view.getUint32(4, true)
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 1 || size < 20) return false
  if (bytes.byteLength < HEADER_BYTES + size * count) return false
  const now = Number(view.getBigInt64(8, true))
  sink.frame(now)
  for (let i = 0, at = HEADER_BYTES; i < count; i++, at += size) {
    const lat = view.getInt32(at + 4, true)
    const lon = view.getInt32(at + 8, true)
    const course = view.getUint16(at + 12, true)
    const speed = view.getUint16(at + 14, true)
    const ce = view.getUint8(at + 16)
    const floor = view.getInt8(at + 17)
    const none = lat === NO_COORDINATE || lon === NO_COORDINATE
    sink.position(
      view.getUint32(at, true),
      none ? NaN : lat / 1e7,
      none ? NaN : lon / 1e7,
      course === NO_U16 ? NaN : course / 100,
      speed === NO_U16 ? NaN : speed / 100,
      ce === 255 ? NaN : ce,
      floor === -128 ? NaN : floor,
      now - view.getUint16(at + 18, true) * 1000,
    )
  }
  return true
}
