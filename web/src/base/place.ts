// Places as people type and say them: "10.00321, 66.00012", "10.0 N 66.0 E", degrees with minutes and seconds, an MGRS
// grid, UTM; and the shapes of an incident, "lat,lon lat,lon ...". Pure.
import { toPoint } from 'mgrs'
import { toLatLon } from 'utm'

export interface Place {
  lat: number
  lon: number
}

/** As many as the server takes. */
export const SHAPE_POINTS_MAX = 1_000
const AREA_MIN = 3
const DIGITS = 6

const inRange = (lat: number, lon: number): Place | null => (Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null)

function fromGrid(text: string): Place | null {
  const grid = text.replace(/\s+/g, '').toUpperCase()
  if (!/^\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2}(\d\d){1,5}$/.test(grid)) return null
  try {
    const [lon, lat] = toPoint(grid)
    return inRange(lat, lon)
  } catch {
    // The letters name no square of that zone.
    return null
  }
}

/** "41P 500013 1105576", with or without m, E and N behind the numbers. */
function fromUtm(text: string): Place | null {
  const [, zone, band, easting, northing] = /^(\d{1,2})\s*([C-HJ-NP-X])\s+(\d{6})\s*m?E?[\s,]+(\d{1,8})\s*m?N?$/i.exec(text) ?? []
  if (zone === undefined) return null
  try {
    const { latitude, longitude } = toLatLon(Number(easting), Number(northing), Number(zone), band!)
    return inRange(latitude, longitude)
  } catch {
    // Outside of what the zone has.
    return null
  }
}

const PART = String.raw`(\d{1,3})\s*[°\s]\s*(\d{1,2}(?:\.\d+)?)\s*[′'\s]?\s*(?:(\d{1,2}(?:\.\d+)?)\s*[″"]?)?\s*`
const SIXTIETHS = new RegExp(`^${PART}([NS])[,\\s]*${PART}([EW])$`, 'i')

/** 10°00.193′ N 66°00.007′ E, or with seconds; the signs may be left out. */
function fromSixtieths(text: string): Place | null {
  const it = SIXTIETHS.exec(text)
  if (!it) return null
  const degrees = (first: number) => {
    const [whole, minutes, seconds] = [it[first]!, it[first + 1]!, it[first + 2] ?? '0'].map(Number) as [number, number, number]
    return minutes < 60 && seconds < 60 ? whole + minutes / 60 + seconds / 3600 : NaN
  }
  return inRange(degrees(1) * (/s/i.test(it[4]!) ? -1 : 1), degrees(5) * (/w/i.test(it[8]!) ? -1 : 1))
}

/** One place, or null. */
export function parsePlace(text: string): Place | null {
  const typed = text.trim()
  const plain = /^(-?\d{1,2}(?:\.\d+)?)\s*[, ]\s*(-?\d{1,3}(?:\.\d+)?)$/.exec(typed)
  if (plain) return inRange(Number(plain[1]), Number(plain[2]))
  const sided = /^(\d{1,2}(?:\.\d+)?)\s*°?\s*([NS])[, ]*(\d{1,3}(?:\.\d+)?)\s*°?\s*([EW])$/i.exec(typed)
  if (!sided) return fromSixtieths(typed) ?? fromGrid(typed) ?? fromUtm(typed)
  return inRange(Number(sided[1]) * (/s/i.test(sided[2]!) ? -1 : 1), Number(sided[3]) * (/w/i.test(sided[4]!) ? -1 : 1))
}

/** Places on lines of their own or between semicolons; or "lat,lon lat,lon" as the record has them. Null: one is none. */
export function parseShape(text: string): Place[] | null {
  const parts = /[;\n]/.test(text.trim()) ? text.split(/[;\n]/) : text.trim().match(/-?\d[\d.]*,-?\d[\d.]*/g) ?? [text]
  const found = parts.map((part) => part.trim()).filter(Boolean)
  // What is left beside pairs was not understood.
  if (!/[;\n]/.test(text.trim()) && found.join(' ') !== text.trim().replace(/\s+/g, ' ')) return null
  const places = found.map(parsePlace)
  return places.length > 0 && places.length <= SHAPE_POINTS_MAX && places.every((it) => it !== null) ? (places as Place[]) : null
}

export const placeText = (it: Place) => `${it.lat.toFixed(DIGITS)},${it.lon.toFixed(DIGITS)}`
export const shapeText = (places: readonly Place[]) => places.map(placeText).join(' ')

export function isClosed(places: readonly Place[]): boolean {
  const first = places[0]
  const last = places[places.length - 1]
  return places.length > AREA_MIN && first!.lat === last!.lat && first!.lon === last!.lon
}

/** An area ends where it begins. */
export function closed(places: readonly Place[]): Place[] {
  return places.length < AREA_MIN || isClosed(places) ? [...places] : [...places, places[0]!]
}
