// A button for what cannot be taken back: it acts only after it was held, by pointer or by Space or Enter. A short
// press does nothing but say how; nothing pops up that a tired hand would click away.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { t } from '../base/i18n'
import { mayDo, whyNot } from '../state/rights'
import type { Writes } from '../state/rights'

export const HOLD_MS = 800

interface HoldProps {
  onDone: () => void
  /** What it writes: it is not there for who may not, and closed with the reason while a past moment is shown. */
  writes: Writes
  children: ComponentChildren
  disabled?: boolean
  class?: string
  label?: string
}

export function HoldButton(props: HoldProps) {
  const held = useSignal(false)
  const hint = useSignal(false)
  const timer = useRef(0)
  const why = whyNot(props.writes)
  const closed = props.disabled || why !== ''
  const stop = (early: boolean) => {
    if (!held.peek()) return
    clearTimeout(timer.current)
    held.value = false
    hint.value = early
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  const start = () => {
    if (held.peek() || closed) return
    held.value = true
    hint.value = false
    timer.current = window.setTimeout(() => {
      stop(false)
      props.onDone()
    }, HOLD_MS)
  }
  if (!mayDo(props.writes)) return null
  const presses = (key: string) => key === ' ' || key === 'Enter'
  return (
    <button
      type="button" class={`btn critical hold ${held.value ? 'held' : ''} ${props.class ?? ''}`} disabled={closed} title={why || undefined} aria-label={props.label}
      aria-description={t('hold.how')}
      onPointerDown={(event) => { if (event.button === 0) start() }} onPointerUp={() => stop(true)} onPointerLeave={() => stop(true)}
      onPointerCancel={() => stop(true)} onBlur={() => stop(false)} onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!presses(event.key)) return
        event.preventDefault()
        if (!event.repeat) start()
      }}
      onKeyUp={(event) => { if (presses(event.key)) stop(true) }}
    >
      <i aria-hidden="true" />
      <span>{hint.value ? t('hold.longer') : props.children}</span>
    </button>
  )
}
