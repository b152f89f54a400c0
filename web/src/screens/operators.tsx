// Accounts (in Admin): who may log in and in which roles. A password goes straight to the server and is kept
// nowhere here: not in the outbox, not in a draft.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { rolesText } from '../base/describe'
import { joined, T, t } from '../base/i18n'
import { fieldText, wordText } from '../base/values'
import { schema } from '../entry/schema'
import { call } from '../net/api'
import { uuid } from '../state/outbox'
import { session } from '../state/session'
import { Icon } from '../ui/icon'
import { Button, Empty, Field } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

interface Operator {
  name: string
  roles: string[]
  agency: string
  disabled: boolean
}

const ADMINISTRATOR = 'administrator'
/** What an account may be: the roles of an incident without the server's own, and who looks after the accounts. */
const roles = () => [ADMINISTRATOR, ...schema.words['ROLE']!.filter((word) => word !== 'system')]

const columns = (): Column<Operator>[] => [
  { id: 'name', title: t('login.name'), by: (it) => it.name, cell: (it) => <bdi>{it.name}</bdi> },
  { id: 'roles', title: t('operator.roles'), cell: (it) => <bdi title={joined(it.roles.map((role) => wordText(role, 'role')), t('comma'))}>{rolesText(it.roles.join(','))}</bdi> },
  { id: 'agency', title: t('col.agency'), by: (it) => it.agency, cell: (it) => <bdi>{it.agency}</bdi> },
  { id: 'state', title: t('col.state'), by: (it) => Number(it.disabled), cell: (it) => (it.disabled ? <b class="warn">{t('operator.off')}</b> : t('operator.on')) },
]

function Roles(props: { value: readonly string[]; set: (value: string[]) => void }) {
  const { value } = props
  return (
    <fieldset class="roles">
      <legend>{t('operator.roles')}</legend>
      {roles().map((role) => (
        <label key={role} class="check">
          <input
            type="checkbox" name="roles" value={role} checked={value.includes(role)}
            onChange={(event) => props.set(event.currentTarget.checked ? [...value, role] : value.filter((it) => it !== role))}
          />
          {wordText(role, 'role')}
        </label>
      ))}
    </fieldset>
  )
}

/** What differs from the account as it stands; a password only when one was typed. */
function changesOf(known: Operator, wanted: Operator, password: string): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  if ([...known.roles].sort().join() !== [...wanted.roles].sort().join()) changes['roles'] = wanted.roles
  if (known.agency !== wanted.agency) changes['agency'] = wanted.agency
  if (known.disabled !== wanted.disabled) changes['disabled'] = wanted.disabled
  if (password) changes['password'] = password
  return changes
}

function AccountForm(props: { known: Operator | null; onDone: (text: string) => void; onClose: () => void }) {
  const { known } = props
  const wanted = useSignal<Operator>(known ?? { name: '', roles: ['loggist'], agency: '', disabled: false })
  const error = useSignal('')
  const busy = useSignal(false)
  const ticket = useSignal(uuid())
  const set = (to: Partial<Operator>) => {
    wanted.value = { ...wanted.value, ...to }
    ticket.value = uuid()
  }
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(name) ?? '').trim()
    const next = { ...wanted.value, agency: text('operator-agency'), name: known?.name ?? text('operator-name') }
    const password = String(form.get('operator-password') ?? '')
    const body = known ? changesOf(known, next, password) : { name: next.name, password, roles: next.roles, agency: next.agency }
    if (Object.keys(body).length === 0) return props.onClose()
    busy.value = true
    const path = known ? `/api/operators/${encodeURIComponent(known.name)}/change` : '/api/operators'
    const answer = await call('POST', path, { id: ticket.value, ...body })
    busy.value = false
    if (answer.ok) return props.onDone(t(known ? 'operator.was_changed' : 'operator.was_made', { name: next.name }))
    error.value = answer.status === 0 ? t('error.unreachable') : answer.detail || t('error.status', { status: answer.status })
    // Another answer is wanted, so it is another request.
    if (answer.status !== 0) ticket.value = uuid()
  }
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="account-title">
      <div class="sechead">
        <h2 id="account-title">{known ? <bdi>{known.name}</bdi> : t('operator.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        {!known && <Field label={t('login.name')} name="operator-name" autofocus />}
        <Field
          label={known ? t('operator.new_password') : t('login.password')} name="operator-password" type="password" autocomplete="new-password"
          required={!known} minLength={10} hint={known ? t('operator.password_kept') : t('setup.password_hint')}
        />
        <div class="field">
          <label for="operator-agency">{fieldText('actor_agency')}</label>
          <input id="operator-agency" name="operator-agency" type="text" autocomplete="off" dir="auto" value={wanted.value.agency} />
        </div>
        <Roles value={wanted.value.roles} set={(list) => set({ roles: list })} />
        {known && (
          <label class="check">
            <input type="checkbox" checked={wanted.value.disabled} onChange={(event) => set({ disabled: event.currentTarget.checked })} />
            {t('operator.disable')}
          </label>
        )}
        {known && <p class="dimmed">{t('operator.change_hint')}</p>}
        <p class="bad" role="alert">{error.value}</p>
      </div>
      <div class="acts"><Button writes="administers" kind="primary" type="submit" keys="↵" disabled={busy.value}>{known ? t('operator.change') : t('operator.make')}</Button></div>
    </form>
  )
}

export default function Operators() {
  const list = useSignal<Operator[] | null>(null)
  const error = useSignal('')
  const said = useSignal('')
  const open = useSignal<Operator | 'new' | null>(null)
  const ask = async () => {
    const answer = await call<{ operators: Operator[] }>('GET', '/api/operators')
    if (answer.ok) list.value = answer.data.operators
    else error.value = answer.detail || t('error.unreachable')
  }
  useEffect(() => void ask(), [])
  const done = (text: string) => {
    said.value = text
    open.value = null
    void ask()
  }
  const it = open.value
  return (
    <section class="screen operators" aria-labelledby="operators-title">
      <div class="bar">
        <h1 id="operators-title">{t('operator.title')}</h1>
        {list.value && <span class="dimmed"><T k="operator.count" n={list.value.length} /></span>}
        <span role="status">{said.value}</span>
        <span class="gap" />
        <Button writes="administers" onClick={() => { open.value = 'new' }}>{t('operator.new')}</Button>
      </div>
      <div class={it ? 'withform' : ''}>
        {list.value === null
          ? <Empty>{error.value || t('entry.fetching')}</Empty>
          : (
            <Table
              id="operatortable" caption={t('operator.title')} columns={columns()} rows={list.value} sort="name" keyOf={(one) => one.name}
              chosen={(one) => it !== 'new' && it?.name === one.name} onRow={(one) => { open.value = one }}
            />
          )}
        {it && <AccountForm key={it === 'new' ? '' : it.name} known={it === 'new' ? null : it} onDone={done} onClose={() => { open.value = null }} />}
      </div>
      {list.value && !list.value.some((one) => one.name !== session.value?.operator?.name) && <Empty>{t('operator.alone')}</Empty>}
    </section>
  )
}
