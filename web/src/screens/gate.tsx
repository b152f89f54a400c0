// Before the shell: the first account by the setup code, and the login.
import { signal, useSignal } from '@preact/signals'
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { call } from '../net/api'
import type { Answer } from '../net/api'
import type { Session } from '../net/protocol'
import { LanguageSwitch, ThemeSwitch } from '../shell/top'
import { boot, session } from '../state/session'
import { said } from '../state/view'
import { OtherPage } from '../ui/other_page'
import { Button, Field } from '../ui/parts'

/** The code that the link of the server's first start carries behind its #; such a thing is sent to nobody. */
const from_link = signal('')

/** Takes the code out of the address at once: it would stay in the history, and on the screen. */
export function takeSetupCode(): void {
  const code = new URLSearchParams(location.hash.slice(1)).get('setup')
  if (code === null) return
  from_link.value = code
  history.replaceState(null, '', location.pathname + location.search)
}

function words(answer: Answer<unknown> & { ok: false }): string {
  if (answer.status === 0) return t('error.unreachable')
  return answer.detail || t('error.status', { status: answer.status })
}

interface FormProps {
  path: '/api/setup' | '/api/login'
  title: Key
  intro: Key
  submit: Key
  children: preact.ComponentChildren
}

function GateForm(props: FormProps) {
  const error = useSignal('')
  const busy = useSignal(false)
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    busy.value = true
    const answer = await call<Session>('POST', props.path, Object.fromEntries(new FormData(form)))
    busy.value = false
    if (answer.ok) {
      session.value = answer.data
      return
    }
    error.value = words(answer)
    // A code that was used up, or of another start, is typed.
    if (answer.status === 403) from_link.value = ''
    form.querySelector<HTMLInputElement>('input[type=password]')?.select()
  }
  return (
    <form class="gate card" onSubmit={(event) => void send(event)}>
      <h1>{t(props.title)}</h1>
      <p>{t(props.intro)}</p>
      {props.children}
      <p class="error" role="alert">{error.value}</p>
      <Button kind="primary" type="submit" keys="↵" disabled={busy.value}>{t(props.submit)}</Button>
    </form>
  )
}

function Setup() {
  return (
    <GateForm path="/api/setup" title="setup.title" intro="setup.intro" submit="setup.submit">
      {from_link.value
        ? <><input type="hidden" name="code" value={from_link.value} /><p role="status">{t('setup.from_link')}</p></>
        : <Field label={t('setup.code')} name="code" hint={t('setup.code_hint')} autofocus />}
      <Field label={t('login.name')} name="name" autocomplete="username" autofocus={from_link.value !== ''} />
      <Field label={t('login.password')} name="password" type="password" autocomplete="new-password" minLength={10} hint={t('setup.password_hint')} />
    </GateForm>
  )
}

function Login() {
  return (
    <GateForm path="/api/login" title="login.title" intro="login.intro" submit="login.submit">
      <Field label={t('login.name')} name="name" autocomplete="username" autofocus />
      <Field label={t('login.password')} name="password" type="password" autocomplete="current-password" />
    </GateForm>
  )
}

export function Gate() {
  const it = session.value
  return (
    <div id="gate">
      <header id="top">
        <div class="place"><b><bdi>{it?.server.name ?? 'Cordon'}</bdi></b><small><bdi>{it?.server.version}</bdi></small></div>
        {it?.server.exercise && <b class="stamp">{t('incident.exercise')}</b>}
        <div class="gap" />
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <OtherPage />
      <main>
        {said.value && <p role="status" class="warn">{said.value.text}</p>}
        {boot.value === 'session' && <p role="status">{t('boot.session')}</p>}
        {boot.value === 'unreachable' && <p role="status" class="warn">{t('boot.unreachable')}</p>}
        {boot.value === 'ready' && (it?.needs_setup ? <Setup /> : <Login />)}
      </main>
    </div>
  )
}
