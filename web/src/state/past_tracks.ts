// Where units were at a moment: a base (the last position of each by then), and after it a stretch of positions that a
// replay walks along without asking again.
import { readTracks } from '../net/tracks'
import type { TrackName, Tracks } from '../net/tracks'
import { fetchBytes } from '../net/api'
import { asQuery, as_role } from './moment'
import { codeOf, liveUnit, placeUnit } from './tracks'
import type { Unit } from './tracks'
import type { Drawn } from './past_log'

/** A unit that this page knows by its track alone promised nothing: that is when it counts as silent. */
const SPAN_MS = 120_000
/** Real seconds of a replay that one stretch lasts, and the fewest of its own. */
const STRETCH_S = 30
const STRETCH_MIN_MS = 120_000
/** A picture moves ten times a second: finer positions than that are not asked for. */
const FRAMES_S = 10

const OBSERVER = 'observer'
const none = new Float32Array(0)
const NOTHING: Tracks = {
  from: 0, to: Infinity, whole: Infinity, names: [], name: new Uint32Array(0), at: new Float64Array(0), lat: new Float64Array(0), lon: new Float64Array(0),
  course: none, speed: none, ce: none,
}

const iso = (at: number) => encodeURIComponent(new Date(at).toISOString())

async function ask(query: string): Promise<Tracks | null> {
  // An observer is given no position, so none is asked for.
  if (as_role.peek() === OBSERVER) return NOTHING
  const bytes = await fetchBytes(`/api/tracks?${query}${asQuery()}`)
  return bytes ? readTracks(bytes) : null
}

/** A person's phone, as far as the type tells. */
const isPresence = (type: string) => /^a-f-G-U|^a-f-G$/.test(type)

export class PastTracks {
  readonly units = new Map<number, Unit>()
  readonly by_uid = new Map<string, Unit>()
  private at = NaN
  private stretch: Tracks | null = null
  private place = 0
  private asking = false
  private next_n = -1
  private drawn: ReadonlySet<string> = new Set()

  /** Shows `at`. Forward along a stretch that is here costs nothing; else the base is asked for. False: it could not be had. */
  async go(at: number): Promise<boolean> {
    if (this.at <= at && this.stretch && at <= this.stretch.whole) {
      this.walk(at)
      return true
    }
    const base = await ask(`at=${iso(at)}`)
    this.stretch = null
    this.units.clear()
    this.by_uid.clear()
    this.at = at
    if (!base) return false
    for (let i = 0; i < base.name.length; i++) this.take(base, i)
    return true
  }

  /** Asks for what a replay at this speed will need, when it is nearly used up. */
  async prepare(at: number, speed: number): Promise<void> {
    const left = this.stretch ? this.stretch.whole - at : 0
    const length = Math.max(STRETCH_MIN_MS, STRETCH_S * 1000 * speed)
    if (this.asking || left > length / 3) return
    this.asking = true
    const from = this.at
    const role = as_role.peek()
    const every = Math.floor(speed / FRAMES_S)
    const found = await ask(`from=${iso(from)}&to=${iso(from + length)}&every=${every}`)
    this.asking = false
    // Meanwhile somebody may have jumped elsewhere, or looks as another role.
    if (!found || role !== as_role.peek() || !(this.at >= from && this.at <= found.whole)) return
    const now = this.at
    this.stretch = found
    this.place = 0
    this.at = from
    this.walk(now)
  }

  clear(): void {
    this.units.clear()
    this.by_uid.clear()
    this.stretch = null
    this.at = NaN
  }

  /** Places what phones had drawn, which is in the record and not in the tracks. */
  draw(list: readonly Drawn[]): void {
    const kept = new Set(list.map((it) => it.uid))
    for (const uid of this.drawn) if (!kept.has(uid)) this.drop(uid)
    this.drawn = kept
    for (const it of list) {
      const unit = this.named([it.uid, it.callsign, it.type])
      unit.presence = false
      unit.heard = it.at
      placeUnit(unit, it.lat, it.lon)
    }
  }

  private drop(uid: string): void {
    const unit = this.by_uid.get(uid)
    if (unit) this.units.delete(unit.n)
    this.by_uid.delete(uid)
  }

  private walk(at: number): void {
    const { stretch } = this
    while (stretch && this.place < stretch.at.length && stretch.at[this.place]! <= at) this.take(stretch, this.place++)
    this.at = at
  }

  private take(from: Tracks, i: number): void {
    const unit = this.named(from.names[from.name[i]!]!)
    if (unit.heard > from.at[i]!) return
    placeUnit(unit, from.lat[i]!, from.lon[i]!)
    unit.heard = from.at[i]!
    unit.course = from.course[i]!
    unit.speed = from.speed[i]!
    unit.ce = from.ce[i]!
  }

  /** Callsign and type are of then; agency and who carries it as they are known now. Team and role are what the phone's
   * user chose and may have changed since: no track has them, so none is shown. */
  private named([uid, callsign, type]: TrackName): Unit {
    const known = this.by_uid.get(uid)
    if (known) {
      known.callsign = callsign || uid
      known.type = type
      return known
    }
    const live = liveUnit(uid)
    const unit: Unit = {
      n: live?.n ?? this.next_n--, uid, callsign: callsign || uid, type, how: live?.how ?? '', presence: live?.presence ?? isPresence(type), online: true,
      agency: live?.agency ?? '', team: '', role: '', battery: null, device: live?.device ?? '', user: live?.user ?? '',
      remarks: '', groups: live?.groups ?? [], code: codeOf(live?.agency ?? '', callsign || uid), span_ms: live?.span_ms ?? SPAN_MS, heard: 0, ahead_ms: 0,
      lat: NaN, lon: NaN, x: NaN, y: NaN, hae: NaN, ce: NaN, speed: NaN, course: NaN, floor: NaN,
    }
    this.units.set(unit.n, unit)
    this.by_uid.set(uid, unit)
    return unit
  }
}
