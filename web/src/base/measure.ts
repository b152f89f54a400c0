// Distances, directions and areas on the sphere: as exact as anybody paces or drives (0.5 % at most). Pure.
import type { Place } from './place'

const RADIUS_M = 6_371_008.8
const CIRCLE_CORNERS = 48

const rad = (degrees: number) => (degrees * Math.PI) / 180
const deg = (radians: number) => (radians * 180) / Math.PI

export function distance(a: Place, b: Place): number {
  const lat = Math.sin(rad(b.lat - a.lat) / 2)
  const lon = Math.sin(rad(b.lon - a.lon) / 2)
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(lat * lat + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * lon * lon)))
}

/** Degrees from true north at `a`, 0 to 360. */
export function bearing(a: Place, b: Place): number {
  const lon = rad(b.lon - a.lon)
  const y = Math.sin(lon) * Math.cos(rad(b.lat))
  const x = Math.cos(rad(a.lat)) * Math.sin(rad(b.lat)) - Math.sin(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.cos(lon)
  return (deg(Math.atan2(y, x)) + 360) % 360
}

/** The place so many metres from `from` in a direction. */
export function ahead(from: Place, direction: number, metres: number): Place {
  const angle = metres / RADIUS_M
  const lat = Math.asin(Math.sin(rad(from.lat)) * Math.cos(angle) + Math.cos(rad(from.lat)) * Math.sin(angle) * Math.cos(rad(direction)))
  const lon = Math.atan2(Math.sin(rad(direction)) * Math.sin(angle) * Math.cos(rad(from.lat)), Math.cos(angle) - Math.sin(rad(from.lat)) * Math.sin(lat))
  return { lat: deg(lat), lon: ((from.lon + deg(lon) + 540) % 360) - 180 }
}

export function pathLength(places: readonly Place[]): number {
  return places.reduce((sum, place, i) => (i === 0 ? 0 : sum + distance(places[i - 1]!, place)), 0)
}

/** Square metres within the corners, in whatever order they go round. */
export function areaOf(places: readonly Place[]): number {
  const sum = places.reduce((so_far, a, i) => {
    const b = places[(i + 1) % places.length]!
    return so_far + rad(b.lon - a.lon) * (2 + Math.sin(rad(a.lat)) + Math.sin(rad(b.lat)))
  }, 0)
  return Math.abs((sum * RADIUS_M * RADIUS_M) / 2)
}

/** A circle as the record has it: an area of many corners. */
export function circleOf(centre: Place, metres: number): Place[] {
  return Array.from({ length: CIRCLE_CORNERS }, (_, i) => ahead(centre, (360 / CIRCLE_CORNERS) * i, metres))
}
