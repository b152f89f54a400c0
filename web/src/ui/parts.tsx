// The small parts that every screen is made of.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ageText, clockText, counterText } from '../base/format'
import { t } from '../base/i18n'
import { now } from '../state/clock'
import { mayDo, whyNot } from '../state/rights'
import type { Writes } from '../state/rights'
import { Icon } from './icon'

export function Kbd(props: { children: ComponentChildren }) {
  return <kbd dir="ltr">{props.children}</kbd>
}

interface ButtonProps {
  kind?: 'plain' | 'primary' | 'critical'
  keys?: string | undefined
  onClick?: () => void
  type?: 'button' | 'submit'
  disabled?: boolean
  pressed?: boolean
  label?: string
  class?: string
  /** What it writes: it is not there for who may not, and closed with the reason while a past moment is shown. */
  writes?: Writes
  children: ComponentChildren
}

/** A button that shows its key. */
export function Button(props: ButtonProps) {
  if (props.writes !== undefined && !mayDo(props.writes)) return null
  const kind = props.kind ?? 'plain'
  const why = props.writes === undefined ? '' : whyNot(props.writes)
  return (
    <button
      type={props.type ?? 'button'}
      class={`btn ${kind} ${props.class ?? ''}`}
      onClick={props.onClick}
      disabled={props.disabled || why !== ''}
      title={why || undefined}
      aria-pressed={props.pressed}
      aria-label={props.label}
      aria-keyshortcuts={props.keys}
    >
      {props.children}
      {props.keys && <Kbd>{props.keys}</Kbd>}
    </button>
  )
}

/** The age of `at`, kept up to date. */
export function Age(props: { at: number; counter?: boolean }) {
  const age = now.value - props.at
  return <bdi>{props.counter ? counterText(age) : ageText(age)}</bdi>
}

export function Clock(props: { at: number; seconds?: boolean }) {
  const iso = new Date(props.at).toISOString()
  return <time dateTime={iso}><bdi>{clockText(props.at, props.seconds ?? false)}</bdi></time>
}

interface FieldProps {
  label: string
  name: string
  type?: 'text' | 'password'
  autocomplete?: string
  required?: boolean
  minLength?: number
  hint?: string
  autofocus?: boolean
  spellcheck?: boolean
}

export function Field(props: FieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    if (props.autofocus) input.current?.focus()
  }, [])
  const hint_id = props.hint ? `${props.name}-hint` : undefined
  const same = {
    ref: input,
    id: props.name,
    name: props.name,
    autocomplete: props.autocomplete ?? 'off',
    required: props.required ?? true,
    minLength: props.minLength,
    'aria-describedby': hint_id,
    spellcheck: false,
    dir: 'auto',
  } as const
  return (
    <div class="field">
      <label for={props.name}>{props.label}</label>
      {props.type === 'password' ? <input type="password" {...same} /> : <input type="text" {...same} />}
      {props.hint && <small id={hint_id}>{props.hint}</small>}
    </div>
  )
}

/** A native dialog: it keeps the focus, closes on Escape and on a click beside it. */
export function Dialog(props: { title: string; onClose: () => void; class?: string; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Before the browser goes on: the key that follows on the one that opened it belongs to the dialog.
  useLayoutEffect(() => {
    const it = dialog.current!
    const before = document.activeElement
    it.showModal()
    return () => {
      it.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={props.class ?? ''}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault()
        props.onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) props.onClose()
      }}
    >
      <header>
        <h2>{props.title}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </header>
      {props.children}
    </dialog>
  )
}

/** What a screen or a list says when it has nothing to show: what will appear and how. */
export function Empty(props: { children: ComponentChildren }) {
  return <p class="empty">{props.children}</p>
}

/** A team's colour as a thin bar with its name: never colour alone. */
export function Team(props: { team: string }) {
  if (!props.team) return null
  const name = props.team.toLowerCase().replace(/[^a-z]+/g, '-')
  return (
    <span class="team">
      <i class={'team-' + name} aria-hidden="true" />
      <bdi>{props.team}</bdi>
    </span>
  )
}
