// Which part of the world is seen, and where on the canvas a place of it stands.
import { WORLD } from '../base/geo'

/** The middle in metres of the map, the size in CSS pixels. */
export interface Seen {
  x: number
  y: number
  resolution: number
  width: number
  height: number
}

/** Of a place in pixels of the world at this resolution; of the world's copies the nearest one. */
export function screenX(px: number, seen: Seen): number {
  const world = WORLD / seen.resolution
  const dx = px - seen.x / seen.resolution
  return dx - Math.round(dx / world) * world + seen.width / 2
}

export function screenY(py: number, seen: Seen): number {
  return py + seen.y / seen.resolution + seen.height / 2
}

/** A symbol or its name may still reach into the canvas from there. */
export function isAround(x: number, y: number, seen: Seen): boolean {
  return x > -60 && y > -40 && x < seen.width + 60 && y < seen.height + 40
}

/** On a pixel of the screen: there a picture is copied as it is, and not scaled to lie between two. */
export function whole(at: number): number {
  return Math.round(at * window.devicePixelRatio) / window.devicePixelRatio
}
