// Who a casualty is: sealed under the passphrases of two people, opened by the same two. Nothing of it is kept:
// the text stands here until the card is left, and no passphrase outlives its request.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { t } from '../base/i18n'
import { call } from '../net/api'
import { incident_id } from '../state/incident'
import { uuid } from '../state/outbox'
import { Button, Field } from '../ui/parts'

type Act = 'seal' | 'open' | 'destroy'

function Holders() {
  return (
    <div class="holders">
      {(['one', 'two'] as const).map((who) => (
        <fieldset key={who}>
          <legend>{t(`identity.holder_${who}`)}</legend>
          <Field label={t('login.name')} name={`holder-${who}`} />
          <Field label={t('identity.passphrase')} name={`phrase-${who}`} type="password" autocomplete="off" minLength={12} />
        </fieldset>
      ))}
    </div>
  )
}

function bodyOf(act: Act, form: FormData): Record<string, unknown> {
  const text = (name: string) => String(form.get(name) ?? '')
  const holders = ['one', 'two'].map((who) => ({ name: text(`holder-${who}`).trim(), passphrase: text(`phrase-${who}`) }))
  const own = act === 'seal' ? { text: text('identity-text').trim() } : { reason: text('identity-reason').trim() }
  return { id: uuid(), incident: incident_id.peek(), holders, ...own }
}

/** One of the two people must be a casualty officer or of the family liaison to begin with: the server asks both. */
export function Identity(props: { tag: string; sealed: boolean }) {
  const { tag, sealed } = props
  const act = useSignal<Act | null>(null)
  const opened = useSignal('')
  const said = useSignal('')
  const error = useSignal('')
  const busy = useSignal(false)
  // Another casualty, another screen: what was read is gone.
  useEffect(() => () => { opened.value = '' }, [tag])
  const begin = (it: Act | null) => () => {
    act.value = it
    opened.value = error.value = said.value = ''
  }
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const it = act.peek()
    if (!it || busy.peek()) return
    busy.value = true
    const answer = await call<{ text?: string }>('POST', `/api/identities/${encodeURIComponent(tag)}/${it}`, bodyOf(it, new FormData(form)))
    busy.value = false
    for (const input of form.querySelectorAll<HTMLInputElement>('input[type=password]')) input.value = ''
    if (!answer.ok) {
      error.value = answer.detail || (answer.status === 0 ? t('error.unreachable') : t('error.status', { status: answer.status }))
      return
    }
    form.reset()
    begin(null)()
    if (it === 'open') opened.value = answer.data.text ?? ''
    else said.value = t(`identity.done_${it}`)
  }
  return (
    <div class="identity">
      <h3>{t('identity.title')}</h3>
      <p>{sealed ? t('identity.is_sealed') : t('identity.not_sealed')}</p>
      <div class="acts">
        {!sealed && <Button writes="seals" class="small" pressed={act.value === 'seal'} onClick={begin('seal')}>{t('identity.seal')}</Button>}
        {sealed && <Button writes="seals" class="small" pressed={act.value === 'open'} onClick={begin('open')}>{t('identity.open')}</Button>}
        {sealed && <Button writes="seals" class="small" pressed={act.value === 'destroy'} onClick={begin('destroy')}>{t('identity.destroy')}</Button>}
      </div>
      {act.value && (
        <form key={act.value} onSubmit={(event) => void send(event)} autocomplete="off" aria-label={t(`identity.${act.value}`)}>
          {act.value === 'destroy' && <p class="bad">{t('identity.destroy_hint')}</p>}
          {act.value === 'seal'
            ? (
              <div class="field">
                <label for="identity-text">{t('identity.text')}</label>
                <textarea id="identity-text" name="identity-text" rows={3} required dir="auto" />
              </div>
            )
            : <Field label={t('identity.reason')} name="identity-reason" autofocus />}
          <Holders />
          <p class="bad" role="alert">{error.value}</p>
          <div class="acts">
            <Button writes="seals" kind={act.value === 'destroy' ? 'critical' : 'primary'} type="submit" disabled={busy.value}>{t(`identity.${act.value}`)}</Button>
            <Button onClick={begin(null)}>{t('entry.cancel')}</Button>
          </div>
        </form>
      )}
      <p role="status">{said.value}</p>
      {opened.value && (
        <div class="opened" role="status">
          <small>{t('identity.opened_hint')}</small>
          <p dir="auto">{opened.value}</p>
          <Button class="small" onClick={begin(null)}>{t('identity.hide')}</Button>
        </div>
      )}
    </div>
  )
}
