// What the parts of Admin share: a list that is asked for and asked for again, an answer in words, a table of facts.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { Answer } from '../net/api'
import { Empty } from '../ui/parts'

/** Why something was refused, for the place where it was asked. */
export function refusal(answer: Answer<unknown>): string {
  if (answer.ok) return ''
  return answer.status === 0 ? t('error.unreachable') : answer.detail || t('error.status', { status: answer.status })
}

/** Asked when it is shown, then every `every_ms`. What was there stays while it is asked again, and when that fails. */
export function useAsked<T>(path: string, every_ms = 0) {
  const data = useSignal<T | null>(null)
  const error = useSignal('')
  const ask = async () => {
    const answer = await call<T>('GET', path)
    if (answer.ok) data.value = answer.data
    error.value = refusal(answer)
  }
  useEffect(() => {
    void ask()
    if (!every_ms) return
    const timer = window.setInterval(() => void ask(), every_ms)
    return () => clearInterval(timer)
  }, [path, every_ms])
  return { data, error, ask }
}

/** A part of Admin: its head, what it is good for, what was done last, and what it shows. */
export function Part(props: { id: string; title: string; about: string; said?: string; error?: string; acts?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="screen adminscreen" aria-labelledby={`${props.id}-title`}>
      <div class="bar">
        <h1 id={`${props.id}-title`}>{props.title}</h1>
        <span role="status">{props.said}</span>
        <span class="gap" />
        {props.acts}
      </div>
      <div class="adminbody">
        <p class="about">{props.about}</p>
        {props.error && <p class="bad" role="alert">{props.error}</p>}
        {props.children}
      </div>
    </section>
  )
}

export function Waiting(props: { error: string }) {
  return <Empty>{props.error || t('entry.fetching')}</Empty>
}

/** Facts as pairs; an empty one is left out. */
export function Facts(props: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="adminfacts">
      {props.rows.map(([name, value]) => value !== '' && value !== null && <div key={name} class="pairrow"><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  )
}

/** A share of a whole as a bar with its number beside it. */
export function Share(props: { part: number; whole: number; label: string }) {
  const percent = props.whole > 0 ? Math.min(100, (props.part / props.whole) * 100) : 0
  return (
    <span class="sharebar" role="img" aria-label={props.label}>
      <i style={{ inlineSize: `${percent}%` }} />
    </span>
  )
}
