// TRACKS of web-protocol.md: where units were, as one binary piece.

/** A unit under one callsign and type. */
export type TrackName = readonly [uid: string, callsign: string, type: string]

export interface Tracks {
  from: number
  to: number
  /** Up to then nothing is missing. */
  whole: number
  names: readonly TrackName[]
  /** One after the other, in order of time; unknown numbers are NaN. */
  name: Uint32Array
  at: Float64Array
  lat: Float64Array
  lon: Float64Array
  course: Float32Array
  speed: Float32Array
  ce: Float32Array
}

const HEAD_BYTES = 40
const RECORD_BYTES = 24
const NO_U16 = 0xffff

/** null: not a piece that this page understands. */
export function readTracks(bytes: ArrayBuffer): Tracks | null {
  if (bytes.byteLength < HEAD_BYTES) return null
  const view = new DataView(bytes)
  const size = view.getUint16(2, true)
  const count = view.getUint32(4, true)
  const words = view.getUint32(36, true)
  const begin = HEAD_BYTES + words
  if (view.getUint8(0) !== 2 || view.getUint8(1) !== 1 || size < RECORD_BYTES || bytes.byteLength < begin + size * count) return null
  const from = Number(view.getBigInt64(8, true))
  const tracks: Tracks = {
    from, to: Number(view.getBigInt64(16, true)), whole: Number(view.getBigInt64(24, true)),
    names: JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, HEAD_BYTES, words))) as TrackName[],
    name: new Uint32Array(count), at: new Float64Array(count), lat: new Float64Array(count), lon: new Float64Array(count),
    course: new Float32Array(count), speed: new Float32Array(count), ce: new Float32Array(count),
  }
  for (let i = 0, at = begin; i < count; i++, at += size) {
    const course = view.getUint16(at + 16, true)
    const speed = view.getUint16(at + 18, true)
    const ce = view.getUint8(at + 20)
    tracks.name[i] = view.getUint32(at, true)
    tracks.at[i] = from + view.getUint32(at + 4, true)
    tracks.lat[i] = view.getInt32(at + 8, true) / 1e7
    tracks.lon[i] = view.getInt32(at + 12, true) / 1e7
    tracks.course[i] = course === NO_U16 ? NaN : course / 100
    tracks.speed[i] = speed === NO_U16 ? NaN : speed / 100
    tracks.ce[i] = ce === 255 ? NaN : ce
  }
  return tracks
}
