// A view that shows its map at whole pixels only.
//
// Its middle is kept as it was asked for; what is drawn from lies at the nearest pixel of the screen, less than half of one
// away. Pictures (the world, the incident, units, tiles) are then copied as they are. Between pixels each copy is a
// scaled one, which without a GPU costs twice the time of a frame.
import View from 'ol/View'
import type { State } from 'ol/View'

export class WholePixelView extends View {
  override getState(): State {
    const state = super.getState()
    const step = state.resolution / window.devicePixelRatio
    state.center = state.center.map((it) => Math.round(it / step) * step)
    return state
  }
}
