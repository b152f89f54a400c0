// Web Mercator and how places are written.
import { forward } from 'mgrs'
import { fromLatLon } from 'utm'

const RADIUS = 6378137
export const WORLD = 2 * Math.PI * RADIUS
const LAT_MAX = 85.0511287798

export function mercatorX(lon: number): number {
  return (lon * Math.PI * RADIUS) / 180
}

export function mercatorY(lat: number): number {
  const bounded = lat > LAT_MAX ? LAT_MAX : lat < -LAT_MAX ? -LAT_MAX : lat
  return RADIUS * Math.log(Math.tan(Math.PI / 4 + (bounded * Math.PI) / 360))
}

export function lonOf(x: number): number {
  const lon = (x / (Math.PI * RADIUS)) * 180
  return ((((lon + 180) % 360) + 360) % 360) - 180
}

export function latOf(y: number): number {
  return (Math.atan(Math.sinh(y / RADIUS)) * 180) / Math.PI
}

export function latLonText(lat: number, lon: number): string {
  const ns = lat < 0 ? 'S' : 'N'
  const ew = lon < 0 ? 'W' : 'E'
  return `${Math.abs(lat).toFixed(5)} ${ns} ${Math.abs(lon).toFixed(5)} ${ew}`
}

/** The MGRS grid with ten-metre digits and spaces, or '' near the poles, where there is none. */
export function mgrsText(lat: number, lon: number): string {
  if (!(lat > -80 && lat < 84)) return ''
  const text = forward([lon, lat], 4)
  const digits = text.slice(-8)
  return `${text.slice(0, -10)} ${text.slice(-10, -8)} ${digits.slice(0, 4)} ${digits.slice(4)}`
}

/** UTM with its band: "41P 500013 1105576", or '' near the poles, where there is none. */
export function utmText(lat: number, lon: number): string {
  if (!(lat > -80 && lat < 84)) return ''
  const { easting, northing, zoneNum, zoneLetter } = fromLatLon(lat, lon)
  return `${zoneNum}${zoneLetter} ${Math.round(easting)} ${Math.round(northing)}`
}

function minutes(degrees: number, width: number): string {
  const thousandths = Math.round(Math.abs(degrees) * 60_000)
  const rest = ((thousandths % 60_000) / 1000).toFixed(3).padStart(6, '0')
  return `${String(Math.floor(thousandths / 60_000)).padStart(width, '0')}°${rest}′`
}

/** Degrees and minutes, as ships and aircraft say them: "10°00.193′ N 066°00.007′ E". */
export function minutesText(lat: number, lon: number): string {
  return `${minutes(lat, 2)} ${lat < 0 ? 'S' : 'N'} ${minutes(lon, 3)} ${lon < 0 ? 'W' : 'E'}`
}

/** The ways in which a place is written, each under its own name. */
export const coordinate_kinds = ['degrees', 'minutes', 'mgrs', 'utm'] as const
export type CoordinateKind = (typeof coordinate_kinds)[number]

const written: Record<CoordinateKind, (lat: number, lon: number) => string> = { degrees: latLonText, minutes: minutesText, mgrs: mgrsText, utm: utmText }

export const coordinateText = (kind: CoordinateKind, lat: number, lon: number) => written[kind](lat, lon)
