// The APP-6 symbol of a unit, for the card: the library comes when the first one is asked for.
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../base/i18n'
import { sidcOf } from '../map/app6'
import { palette } from '../map/palette'
import { scale, theme } from '../state/prefs'

const SIZE = 30

async function draw(type: string): Promise<HTMLCanvasElement | null> {
  const { default: ms } = await import('milsymbol')
  // Grey is normal here too: the frame says whose it is.
  const p = palette.peek()
  const grey = p?.unit_fill ?? '#94a7ba'
  const colorMode = { Civilian: grey, Friend: grey, Neutral: grey, Unknown: grey, Hostile: p?.crit ?? grey, Suspect: p?.crit ?? grey }
  const options = { size: SIZE * scale, colorMode }
  const whole = new ms.Symbol(sidcOf(type), options)
  const symbol = whole.isValid() ? whole : new ms.Symbol(sidcOf(type, true), options)
  return symbol.asCanvas(window.devicePixelRatio)
}

export function Symbol(props: { type: string }) {
  const box = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    let here = true
    if (!sidcOf(props.type)) return
    void draw(props.type).then((canvas) => {
      if (!here || !canvas || !box.current) return
      canvas.style.width = `${canvas.width / window.devicePixelRatio}px`
      box.current.replaceChildren(canvas)
    }, () => undefined)
    return () => { here = false }
  }, [props.type, theme.value])
  if (!sidcOf(props.type)) return null
  return <span class="app6" ref={box} role="img" aria-label={t('unit.app6', { type: props.type })} />
}
