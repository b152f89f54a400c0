// How much of an area the maps cover at each zoom. An area is [west, south, east, north] in degrees.
export type Area = readonly [number, number, number, number]

/** Walking about and finding a door: what a commander zooms to. */
export const ZOOM_STREET = 15
const ZOOM_MAX = 22
const GRID = 40

interface Covers { minzoom: number; maxzoom: number; bounds: Area }

/** The area around places, with some room: an incident's maps are needed around it, too. */
export function areaOf(places: Iterable<{ lat: number; lon: number }>, room = 0.01): Area | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { lat, lon } of places) {
    west = Math.min(west, lon)
    east = Math.max(east, lon)
    south = Math.min(south, lat)
    north = Math.max(north, lat)
  }
  return west <= east && south <= north ? [west - room, south - room, east + room, north + room] : null
}

/** The share of an area that one map or another has, counted on a grid: exact enough to say "all", "a part", "none". */
export function share(area: Area, bounds: readonly Area[]): number {
  const [west, south, east, north] = area
  let inside = 0
  for (let i = 0; i < GRID * GRID; i++) {
    const lon = west + ((east - west) * ((i % GRID) + 0.5)) / GRID
    const lat = south + ((north - south) * (Math.floor(i / GRID) + 0.5)) / GRID
    inside += Number(bounds.some((it) => lon >= it[0] && lon <= it[2] && lat >= it[1] && lat <= it[3]))
  }
  return inside / (GRID * GRID)
}

export interface Span { from: number; to: number; share: number }

/** Zooms with the same cover as one row, from far to near. */
export function coverOf(area: Area, maps: readonly Covers[]): Span[] {
  const spans: Span[] = []
  for (let zoom = 0; zoom <= ZOOM_MAX; zoom++) {
    const there = share(area, maps.filter((it) => zoom >= it.minzoom && zoom <= it.maxzoom).map((it) => it.bounds))
    const last = spans.at(-1)
    if (last?.share === there) last.to = zoom
    else spans.push({ from: zoom, to: zoom, share: there })
  }
  return spans
}
