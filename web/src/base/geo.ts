// Web Mercator and how places are written.
import { forward } from 'mgrs'

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
