// How far the pictures reach that a drag only copies, and what happens at their edges.
//
// While the map is on its way OpenLayers draws no layer of shapes anew, however far it goes: beyond the edge of their
// pictures the land would be sea, and a cordon would end. There one frame is drawn as if the map were at rest.
import type OlMap from 'ol/Map'

/** Beyond the view on each side, as a share of it. */
export const REACH = 0.25

export function redrawBeyond(map: OlMap): void {
  let drawn = { x: 0, y: 0, resolution: 0 }
  map.on('precompose', ({ frameState }) => {
    const { viewHints: hints, viewState, size: [width, height] } = frameState!
    const { center: [x, y], resolution } = viewState
    const [right, down] = [Math.abs(x! - drawn.x) / resolution, Math.abs(y! - drawn.y) / resolution]
    const is_beyond = resolution === drawn.resolution && (right > width! * REACH || down > height! * REACH)
    if (hints.some((it) => it > 0) && !is_beyond) return
    hints.fill(0)
    drawn = { x: x!, y: y!, resolution }
  })
}
