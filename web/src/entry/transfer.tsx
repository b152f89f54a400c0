// Command goes from one to another: both names large, and what the new one must have been told. Three taps from the
// top strip: the name there, who takes over, enter. What was not briefed is on the record as well.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { joined, t } from '../base/i18n'
import { entitiesOf, strip, textOf } from '../state/incident'
import { quick } from '../state/quick'
import { session } from '../state/session'
import { writing } from '../state/view'
import { Button } from '../ui/parts'
import { Icon } from '../ui/icon'
import { rolesFor } from './forms'
import { schema } from './schema'

const points = ['situation', 'inside', 'hazards', 'tasks', 'nets', 'public'] as const

/** Who may take over: who holds a position, who leads a unit, who sits here. */
function candidates(from: string): string[] {
  const me = session.value?.operator?.name ?? ''
  const all = [me, ...entitiesOf('position').flatMap((it) => [textOf(it, 'by'), textOf(it, 'to')]), ...entitiesOf('unit').map((it) => textOf(it, 'leader'))]
  return [...new Set(all)].filter((name) => name !== '' && !from.split('; ').includes(name))
}

/** What the new one was told, and what not, as one line of the record. */
function briefingOf(told: ReadonlySet<string>, note: string): string {
  const names = (list: readonly (typeof points)[number][]) => joined(list.map((it) => t(`transfer.${it}`)), t('comma'))
  const left = points.filter((it) => !told.has(it))
  const parts = [t('transfer.told', { what: names(points.filter((it) => told.has(it))) || t('transfer.nothing') })]
  if (left.length > 0) parts.push(t('transfer.not_told', { what: names(left) }))
  return [...parts, note.trim()].filter(Boolean).join('. ').slice(0, 250)
}

export function Transfer() {
  const from = (strip.value?.commanders ?? []).join('; ')
  const to = useSignal('')
  const told = useSignal<ReadonlySet<string>>(new Set(points))
  const note = useSignal('')
  const wrong = useSignal(false)
  const busy = useSignal(false)
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const close = () => {
    writing.value = null
    document.getElementById('composer-text')?.focus()
  }
  const send = async (event: Event) => {
    event.preventDefault()
    const who = to.value.trim()
    wrong.value = who === ''
    if (wrong.value || busy.value) return first.current?.focus()
    busy.value = true
    const [role] = rolesFor(schema.kinds['command.transferred']!.roles)
    const fields = { scope: 'incident', from, to: [who], briefing: briefingOf(told.value, note.value), ...(role === undefined ? {} : { role }) }
    const done = await quick({ kind: 'command.transferred', fields }, t('transfer.done', { who }))
    busy.value = false
    if (done) close()
  }
  const toggle = (it: string) => {
    const next = new Set(told.value)
    if (!next.delete(it)) next.add(it)
    told.value = next
  }
  return (
    <form id="entry" class="transfer" onSubmit={(event) => void send(event)} noValidate aria-labelledby="entry-title">
      <header>
        <h2 id="entry-title">{t('transfer.title')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={close}><Icon name="close" /></button>
      </header>
      <div class="fields">
        <p class="bigname"><small>{t('transfer.from')}</small><b><bdi>{from}</bdi></b></p>
        <p class="bigname"><small>{t('transfer.to')}</small><b class={to.value.trim() ? '' : 'dimmed'}><bdi>{to.value.trim() || t('transfer.who')}</bdi></b></p>
        <div class="chips" role="group" aria-label={t('transfer.to')}>
          {candidates(from).slice(0, 8).map((name) => (
            <Button key={name} pressed={to.value === name} onClick={() => { to.value = name }}><bdi>{name}</bdi></Button>
          ))}
        </div>
        <div class="field">
          <label for="transfer-to">{t('transfer.else')}</label>
          <input
            id="transfer-to" ref={first} type="text" dir="auto" autocomplete="off" aria-invalid={wrong.value ? 'true' : undefined} value={to.value}
            onInput={(event) => { to.value = event.currentTarget.value }}
          />
          {wrong.value && <span class="wrong" role="alert">{t('entry.wrong_needed')}</span>}
        </div>
        <fieldset class="briefing">
          <legend>{t('transfer.briefed')}</legend>
          {points.map((it) => (
            <label key={it} class="check"><input type="checkbox" checked={told.value.has(it)} onChange={() => toggle(it)} />{t(`transfer.${it}`)}</label>
          ))}
        </fieldset>
        <div class="field">
          <label for="transfer-note">{t('transfer.note')}</label>
          <input id="transfer-note" type="text" dir="auto" autocomplete="off" value={note.value} onInput={(event) => { note.value = event.currentTarget.value }} />
        </div>
      </div>
      <div class="acts">
        <Button kind="primary" type="submit" keys="↵" disabled={busy.value}>{t('transfer.enter')}</Button>
        <Button onClick={close} keys="Esc">{t('entry.cancel')}</Button>
      </div>
    </form>
  )
}
