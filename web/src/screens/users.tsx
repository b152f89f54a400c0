// Users of the TAK side with a password: for clients that sign in instead of scanning (CloudTAK, node-tak), and for a
// phone that enrols by name and password. A password goes straight to the server and is kept nowhere here.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { Group } from '../state/welcome'
import { Icon } from '../ui/icon'
import { Button, Field } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

interface User {
  name: string
  agency: string
  role: string
  groups: Group[]
  relay: boolean
  disabled: boolean
  password: boolean
}

const columns = (): Column<User>[] => [
  { id: 'name', title: t('login.name'), by: (it) => it.name, cell: (it) => <bdi>{it.name}</bdi> },
  { id: 'agency', title: t('col.agency'), by: (it) => it.agency, cell: (it) => <bdi>{it.agency}</bdi> },
  { id: 'role', title: t('invite.role'), by: (it) => it.role, cell: (it) => <bdi>{it.role}</bdi> },
  { id: 'groups', title: t('invite.groups'), cell: (it) => <bdi>{it.groups.map((one) => one.name).join(', ')}</bdi> },
  { id: 'password', title: t('login.password'), by: (it) => Number(it.password), cell: (it) => (it.password ? t('user.has_password') : <span class="dimmed">{t('user.no_password')}</span>) },
  { id: 'state', title: t('col.state'), by: (it) => Number(it.disabled), cell: (it) => (it.disabled ? <b class="warn">{t('operator.off')}</b> : t('operator.on')) },
]

function UserForm(props: { known: User | null; onDone: (text: string) => void; onClose: () => void }) {
  const { known } = props
  const error = useSignal('')
  const busy = useSignal(false)
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const name = known?.name ?? String(form.get('user-name') ?? '').trim()
    const groups = String(form.get('user-groups') ?? '').split(/[,،]+/).map((it) => it.trim()).filter(Boolean)
    busy.value = true
    const answer = await call('POST', '/api/users', {
      name, password: String(form.get('user-password') ?? ''), ...(known ? {} : { agency: String(form.get('user-agency') ?? '').trim(), groups }),
    })
    busy.value = false
    if (answer.ok) return props.onDone(t('user.was_kept', { name }))
    error.value = answer.detail || t(answer.status === 0 ? 'error.unreachable' : 'error.status', { status: answer.status })
  }
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="user-title">
      <div class="sechead">
        <h2 id="user-title">{known ? <bdi>{known.name}</bdi> : t('user.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        {!known && <Field label={t('login.name')} name="user-name" hint={t('invite.name_hint')} autofocus />}
        <Field label={t(known ? 'operator.new_password' : 'login.password')} name="user-password" type="password" autocomplete="new-password" minLength={10} hint={t('setup.password_hint')} />
        {!known && <Field label={t('col.agency')} name="user-agency" required={false} />}
        {!known && <Field label={t('invite.groups')} name="user-groups" required={false} hint={t('invite.groups_hint')} />}
        <p class="bad" role="alert">{error.value}</p>
      </div>
      <div class="acts"><Button writes="administers" kind="primary" type="submit" keys="↵" disabled={busy.value}>{t(known ? 'operator.change' : 'user.make')}</Button></div>
    </form>
  )
}

export function Users() {
  const list = useSignal<User[]>([])
  const said = useSignal('')
  const open = useSignal<User | 'new' | null>(null)
  const ask = async () => {
    const answer = await call<{ users: User[] }>('GET', '/api/users')
    if (answer.ok) list.value = answer.data.users
  }
  useEffect(() => void ask(), [])
  const it = open.value
  const done = (text: string) => {
    said.value = text
    open.value = null
    void ask()
  }
  return (
    <details class="users">
      <summary>{t('user.title')}</summary>
      <div class="bar">
        <span class="dimmed">{t('user.about')}</span>
        <span role="status">{said.value}</span>
        <span class="gap" />
        <Button writes="administers" onClick={() => { open.value = 'new' }}>{t('user.new')}</Button>
      </div>
      <div class={it ? 'withform' : ''}>
        <Table
          id="usertable" caption={t('user.title')} columns={columns()} rows={list.value} sort="name" keyOf={(one) => one.name}
          chosen={(one) => it !== 'new' && it?.name === one.name} onRow={(one) => { open.value = one }}
        />
        {it && <UserForm key={it === 'new' ? '' : it.name} known={it === 'new' ? null : it} onDone={done} onClose={() => { open.value = null }} />}
      </div>
    </details>
  )
}
