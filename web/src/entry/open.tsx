// Opening an incident: a name, a kind, a place, the floors, who commands. All that a board needs to run, in
// one form and one Enter; everything else comes later.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../base/i18n'
import { fieldText, wordText } from '../base/values'
import { session } from '../state/session'
import { FLOORS_MAX, nothing_asked, useOpening } from '../state/opening'
import type { Asked } from '../state/opening'
import { centre, said, writing } from '../state/view'
import { Button } from '../ui/parts'
import { Icon } from '../ui/icon'
import { wordsOf } from './schema'

function Floors(props: { value: string; set: (value: string) => void }) {
  const n = Number(props.value) || 0
  const step = (by: number) => props.set(String(Math.min(FLOORS_MAX, Math.max(0, n + by)) || ''))
  return (
    <div class="stepper">
      <Button label={t('open.fewer')} onClick={() => step(-1)}><Icon name="minus" /></Button>
      <input
        id="open-floors" type="text" inputMode="numeric" autocomplete="off" dir="ltr" value={props.value}
        onInput={(event) => props.set(event.currentTarget.value)}
      />
      <Button label={t('open.more')} onClick={() => step(1)}><Icon name="plus" /></Button>
      <small>{t('open.floors_hint')}</small>
    </div>
  )
}

function Types(props: { value: string; set: (value: string) => void }) {
  return (
    <div class="radios" role="radiogroup" aria-label={fieldText('type')}>
      {wordsOf('type').map((word) => (
        <label key={word}>
          <input type="radio" name="type" value={word} checked={props.value === word} onChange={() => props.set(word)} />
          <span>{wordText(word, 'type')}</span>
        </label>
      ))}
    </div>
  )
}

export function OpenIncident() {
  const asked = useSignal<Asked & { floors: string }>({ ...nothing_asked, commander: session.peek()?.operator?.name ?? '', floors: '' })
  const wrong = useSignal<{ field: string; text: string } | null>(null)
  const busy = useSignal(false)
  const name = useRef<HTMLInputElement>(null)
  const open = useOpening((kind) => wordText(kind, 'agency_kind'))
  useLayoutEffect(() => name.current?.focus(), []) // the next key is the form's, however late the browser draws
  const set = (to: Partial<Asked & { floors: string }>) => { asked.value = { ...asked.value, ...to } }
  const check = (): { field: string; text: string } | null => {
    const floors = asked.value.floors.trim()
    if (!asked.value.name.trim()) return { field: 'name', text: t('entry.wrong_needed') }
    if (floors && !(/^\d+$/.test(floors) && Number(floors) >= 1 && Number(floors) <= FLOORS_MAX)) return { field: 'floors', text: t('entry.wrong_whole') }
    return null
  }
  const onSubmit = async (event: Event) => {
    event.preventDefault()
    wrong.value = check()
    if (wrong.value || busy.value) return
    busy.value = true
    const result = await open({ ...asked.value, storeys: Number(asked.value.floors) })
    busy.value = false
    if ('text' in result) {
      wrong.value = result
      return
    }
    said.value = result.is === 'waiting' ? { text: t('entry.waits'), level: 'warn' } : { text: t('open.done'), level: '' }
    writing.value = null
  }
  const line = (field: 'name' | 'place' | 'commander', label: string) => (
    <div class="field">
      <label for={'open-' + field}>{label}</label>
      <input
        id={'open-' + field} ref={field === 'name' ? name : undefined} type="text" dir="auto" autocomplete="off" maxLength={120} value={asked.value[field]}
        aria-invalid={wrong.value?.field === field ? 'true' : undefined} onInput={(event) => set({ [field]: event.currentTarget.value })}
      />
      {wrong.value?.field === field && <p class="wrong" role="alert">{wrong.value.text}</p>}
    </div>
  )
  return (
    <form id="entry" onSubmit={(event) => void onSubmit(event)} noValidate aria-labelledby="entry-title">
      <header>
        <h2 id="entry-title">{t('open.title')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={() => { writing.value = null }}><Icon name="close" /></button>
      </header>
      <div class="fields">
        {line('name', fieldText('name'))}
        <label class="check">
          <input type="checkbox" checked={asked.value.exercise} onChange={(event) => set({ exercise: event.currentTarget.checked })} />
          {t('open.exercise')}
        </label>
        <div class="field"><span class="label">{fieldText('type')}</span><Types value={asked.value.type} set={(type) => set({ type })} /></div>
        {line('place', fieldText('place'))}
        {centre.value && (
          <label class="check">
            <input type="checkbox" checked={asked.value.at !== null} onChange={(event) => set({ at: event.currentTarget.checked ? centre.value : null })} />
            {t('open.map_centre')}
          </label>
        )}
        <div class="field">
          <label for="open-floors">{t('open.floors')}</label>
          <Floors value={asked.value.floors} set={(floors) => set({ floors })} />
          {wrong.value?.field === 'floors' && <p class="wrong" role="alert">{wrong.value.text}</p>}
        </div>
        {line('commander', t('open.commander'))}
      </div>
      <div class="acts"><Button kind="primary" type="submit" keys="↵" disabled={busy.value}>{t('open.submit')}</Button></div>
    </form>
  )
}
