// A slider over a span of time. Time runs from left to right in every language, as on a player.
import { useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { t } from '../base/i18n'
import { timeText } from '../base/values'
import { live_now } from '../state/clock'
import { scrub_keys, scrubTo, wanted_at } from '../state/past'

interface Props {
  from: number
  to: number
  /** What a pointer means, when it is not simply that moment. */
  snap?: (at: number, event: PointerEvent) => number
  class?: string
  children?: ComponentChildren
}

export function Scrubber(props: Props) {
  const { from, to } = props
  const box = useRef<HTMLDivElement>(null)
  const at = Math.min(to, Math.max(from, wanted_at.value ?? to))
  const point = (event: PointerEvent, begins: boolean) => {
    const { left, width } = box.current!.getBoundingClientRect()
    const meant = from + Math.min(1, Math.max(0, (event.clientX - left) / width)) * (to - from)
    scrubTo(begins && props.snap ? props.snap(meant, event) : Math.round(meant / 1000) * 1000)
  }
  return (
    <div
      ref={box} class={`scrubber ${props.class ?? ''}`} dir="ltr" tabIndex={0} role="slider" aria-label={t('past.slider')}
      aria-description={t('past.slider_keys')} aria-valuemin={Math.round(from / 1000)} aria-valuemax={Math.round(to / 1000)}
      aria-valuenow={Math.round(at / 1000)} aria-valuetext={timeText(at, live_now.peek())}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        box.current!.setPointerCapture(event.pointerId)
        point(event, true)
      }}
      onPointerMove={(event) => { if (box.current!.hasPointerCapture(event.pointerId)) point(event, false) }}
      onKeyDown={(event) => {
        const code = (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.shiftKey ? 'Shift+' : '') + event.code
        const run = scrub_keys[code]
        if (!run) return
        event.preventDefault()
        run()
      }}
    >
      {props.children}
      <i class="cursor" aria-hidden="true" style={{ insetInlineStart: `${((at - from) / Math.max(1, to - from)) * 100}%` }} />
    </div>
  )
}
