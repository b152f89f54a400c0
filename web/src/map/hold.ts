// A press that is held, or the other button of the mouse: both ask what can be done here.
const HOLD_MS = 550
const STILL_PX = 8

/** Gives what takes it away again. */
export function holdToMenu(target: HTMLElement, open: (pixel: [number, number]) => void): () => void {
  let timer = 0
  let from: [number, number] = [0, 0]
  const pixelOf = (event: MouseEvent): [number, number] => {
    const box = target.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const stop = () => clearTimeout(timer)
  const down = (event: PointerEvent) => {
    stop()
    if (event.pointerType === 'mouse') return
    from = pixelOf(event)
    timer = window.setTimeout(() => open(from), HOLD_MS)
  }
  const move = (event: PointerEvent) => {
    const [x, y] = pixelOf(event)
    if (Math.hypot(x - from[0], y - from[1]) > STILL_PX) stop()
  }
  const menu = (event: MouseEvent) => {
    event.preventDefault()
    stop()
    open(pixelOf(event))
  }
  const listeners: [string, EventListener][] = [
    ['pointerdown', down as EventListener], ['pointermove', move as EventListener], ['pointerup', stop], ['pointercancel', stop],
    ['contextmenu', menu as EventListener],
  ]
  for (const [name, heard] of listeners) target.addEventListener(name, heard)
  return () => {
    stop()
    for (const [name, heard] of listeners) target.removeEventListener(name, heard)
  }
}
