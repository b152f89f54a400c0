// Phones (in Admin): who is invited, which devices have joined, who waits, and who has a password.
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { joined, T, t } from '../base/i18n'
import { timeText } from '../base/values'
import { call } from '../net/api'
import { now, serverNow } from '../state/clock'
import { mayDo } from '../state/rights'
import { clients } from '../state/record'
import { askDevices, askInvites, devices, invites, welcome_error } from '../state/welcome'
import type { Device, Invite } from '../state/welcome'
import { Icon } from '../ui/icon'
import { Age, Button, Empty, Field } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'
import { InviteDialog, SheetDialog } from './invite'
import { PhoneGroups } from './phone_groups'
import { Users } from './users'

function stateOf(device: Device): ComponentChildren {
  if (device.revoked) return <span class="bad">{t('device.revoked')}</span>
  if (device.held) return <span class="warn">{t('device.held')}</span>
  return device.online ? t('device.online') : <span class="dimmed">{t('device.offline')}</span>
}

const deviceColumns = (): Column<Device>[] => [
  { id: 'user', title: t('col.user'), by: (it) => it.user, cell: (it) => <bdi>{it.user}</bdi> },
  { id: 'callsign', title: t('col.callsign'), by: (it) => it.callsign, cell: (it) => <bdi>{it.callsign}</bdi> },
  { id: 'agency', title: t('col.agency'), by: (it) => it.agency, cell: (it) => <bdi>{it.agency}</bdi> },
  { id: 'state', title: t('col.state'), by: (it) => Number(it.revoked > 0) * 4 - Number(it.held) * 2 - Number(it.online), cell: stateOf },
  { id: 'seen', title: t('device.seen'), by: (it) => -it.seen, end: true, cell: (it) => (it.seen ? <Age at={it.seen} /> : '') },
  { id: 'since', title: t('col.since'), by: (it) => -it.since, end: true, cell: (it) => <bdi>{it.since ? timeText(it.since, serverNow()) : ''}</bdi> },
  { id: 'until', title: t('device.until'), by: (it) => it.until, end: true, cell: (it) => <bdi>{timeText(it.until, serverNow())}</bdi> },
  { id: 'uid', title: t('device.uid'), by: (it) => it.uid, cell: (it) => <bdi title={it.serial}>{it.uid}</bdi> },
]

const inviteColumns = (): Column<Invite>[] => [
  { id: 'name', title: t('login.name'), by: (it) => it.name, cell: (it) => <bdi>{it.name}</bdi> },
  { id: 'agency', title: t('col.agency'), by: (it) => it.agency, cell: (it) => <bdi>{it.agency}</bdi> },
  { id: 'uses', title: t('invite.uses'), by: (it) => it.uses, end: true, cell: (it) => <bdi>{it.uses} / {it.uses_max}</bdi> },
  { id: 'state', title: t('col.state'), by: (it) => it.state, cell: (it) => (it.state === 'open' ? t('invite.state.open') : <span class="dimmed">{t(`invite.state.${it.state}`)}</span>) },
  { id: 'until', title: t('invite.until'), by: (it) => -it.expires, end: true, cell: (it) => <bdi>{timeText(it.expires, serverNow())}</bdi> },
  { id: 'by', title: t('invite.by'), by: (it) => it.made_by, cell: (it) => <bdi>{it.made_by}</bdi> },
]

/** Tells what came of a call, and asks again for what it changed. */
function useDoing() {
  const said = useSignal('')
  const error = useSignal('')
  const busy = useSignal(false)
  const act = async (path: string, body: unknown, done: string): Promise<unknown> => {
    busy.value = true
    const answer = await call<unknown>('POST', path, body)
    busy.value = false
    error.value = answer.ok ? '' : answer.detail || t(answer.status === 0 ? 'error.unreachable' : 'error.status', { status: answer.status })
    said.value = answer.ok ? done : ''
    await Promise.all([askDevices(), askInvites()])
    return answer.ok ? answer.data : null
  }
  return { said, error, busy, act }
}

type Doing = ReturnType<typeof useDoing>

function Waiting(props: { doing: Doing }) {
  const { act, busy } = props.doing
  const held = (devices.value ?? []).filter((it) => it.held)
  if (held.length === 0) return null
  const names = held.map((it) => it.callsign || it.user)
  return (
    <div class="card waitingcard" role="region" aria-label={t('device.waiting_title')}>
      <div class="sechead">
        <h2><T k="device.waiting" n={held.length} /></h2>
        <Button writes="welcomes" kind="primary" disabled={busy.value} onClick={() => void act('/api/devices/admit', { serials: held.map((it) => it.serial) }, t('device.was_admitted', { name: joined(names, t('comma')) }))}>
          <T k="device.admit_all" n={held.length} />
        </Button>
      </div>
      <ul>
        {held.map((it) => (
          <li key={it.serial}>
            <b><bdi>{it.callsign || it.user}</bdi></b>
            <span class="dimmed"><bdi>{[it.user, it.agency].filter(Boolean).join(', ')}</bdi></span>
            <span>{it.online ? t('device.online') : it.seen ? <Age at={it.seen} /> : t('device.never')}</span>
            <span class="gap" />
            <Button writes="welcomes" class="small" disabled={busy.value} onClick={() => void act(`/api/devices/${it.serial}/admit`, {}, t('device.was_admitted', { name: it.callsign || it.user }))}>
              {t('device.admit')}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** A device's facts; to revoke takes two steps, as it cuts somebody off. */
function DeviceCard(props: { device: Device; doing: Doing; onClose: () => void }) {
  const { device, doing } = props
  const sure = useSignal(false)
  const name = device.callsign || device.user
  return (
    <div class="card devicecard" role="region" aria-label={name}>
      <div class="sechead">
        <h2><bdi>{name}</bdi></h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <dl>
        <dt>{t('col.user')}</dt><dd><bdi>{device.user}</bdi></dd>
        <dt>{t('col.state')}</dt><dd>{stateOf(device)}</dd>
        <dt>{t('device.uid')}</dt><dd><bdi>{device.uid || t('device.never')}</bdi></dd>
        <dt>{t('device.serial')}</dt><dd><bdi>{device.serial}</bdi></dd>
      </dl>
      <div class="acts">
        {device.held && <Button writes="welcomes" kind="primary" disabled={doing.busy.value} onClick={() => void doing.act(`/api/devices/${device.serial}/admit`, {}, t('device.was_admitted', { name }))}>{t('device.admit')}</Button>}
        {!device.revoked && !sure.value && <Button writes="administers" onClick={() => { sure.value = true }}>{t('device.revoke')}</Button>}
        {sure.value && !device.revoked && (
          <Button writes="administers" kind="critical" disabled={doing.busy.value} onClick={() => void doing.act(`/api/devices/${device.serial}/revoke`, {}, t('device.was_revoked', { name }))}>
            {t('device.revoke_now')}
          </Button>
        )}
      </div>
      {sure.value && !device.revoked && <p class="dimmed">{t('device.revoke_hint')}</p>}
      {!device.revoked && <PhoneGroups key={device.user} user={device.user} />}
    </div>
  )
}

const listOf = (text: string) => text.split(/[\n,،]+/).map((it) => it.trim()).filter(Boolean)

function Choice(props: { name: string; label: string; values: readonly string[]; none?: string }) {
  return (
    <div class="field">
      <label for={props.name}>{props.label}</label>
      <select id={props.name} name={props.name}>
        {props.none !== undefined && <option value="">{props.none}</option>}
        {props.values.map((it) => <option key={it} value={it}>{it}</option>)}
      </select>
    </div>
  )
}

function NumberField(props: { name: string; label: string; value: number; max: number; onInput?: (value: number) => void }) {
  return (
    <div class="field">
      <label for={props.name}>{props.label}</label>
      <input
        id={props.name} name={props.name} type="number" inputMode="numeric" min={1} max={props.max} required defaultValue={String(props.value)} dir="ltr"
        onInput={(event) => props.onInput?.(event.currentTarget.valueAsNumber)}
      />
    </div>
  )
}

/** One invite, or with `sheet` one for each name. */
function InviteForm(props: { sheet: boolean; doing: Doing; onMade: (list: Invite[]) => void; onClose: () => void }) {
  const { sheet, doing } = props
  const uses = useSignal(1)
  const known = invites.value!
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(name) ?? '').trim()
    const body: Record<string, unknown> = {
      agency: text('invite-agency'), role: text('invite-role'), groups: listOf(text('invite-groups')), hours: Number(text('invite-hours')), host: text('invite-host'),
    }
    if (sheet) body['names'] = listOf(text('invite-names'))
    else Object.assign(body, { name: text('invite-name'), uses: Number(text('invite-uses')) })
    if (uses.value > 1 && form.get('invite-admits')) body['admits'] = true
    const made = await doing.act(sheet ? '/api/invites/batch' : '/api/invites', body, '') as { invite?: Invite; invites?: Invite[] } | null
    if (made) props.onMade(made.invites ?? [made.invite!])
  }
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="invite-title">
      <div class="sechead">
        <h2 id="invite-title">{t(sheet ? 'invite.new_sheet' : 'invite.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        {sheet
          ? (
            <div class="field">
              <label for="invite-names">{t('invite.names')}</label>
              <textarea id="invite-names" name="invite-names" rows={6} required dir="auto" spellcheck={false} aria-describedby="invite-names-hint" />
              <small id="invite-names-hint">{t('invite.names_hint')}</small>
            </div>
          )
          : <Field label={t('login.name')} name="invite-name" hint={t('invite.name_hint')} autofocus />}
        <Field label={t('col.agency')} name="invite-agency" required={false} />
        <Choice label={t('invite.role')} name="invite-role" values={known.roles} none={t('invite.no_role')} />
        <Field label={t('invite.groups')} name="invite-groups" required={false} hint={t('invite.groups_hint')} />
        <NumberField label={t('invite.hours')} name="invite-hours" value={12} max={8784} />
        {!sheet && <NumberField label={t('invite.uses')} name="invite-uses" value={1} max={10_000} onInput={(n) => { uses.value = n }} />}
        {!sheet && uses.value > 1 && <p class="dimmed">{t('invite.many_hint')}</p>}
        {!sheet && uses.value > 1 && mayDo('administers') && (
          <label class="check"><input type="checkbox" name="invite-admits" /> {t('invite.admits')}</label>
        )}
        <Choice label={t('invite.host')} name="invite-host" values={known.hosts} />
        <p class="bad" role="alert">{doing.error.value}</p>
      </div>
      <div class="acts"><Button writes="welcomes" kind="primary" type="submit" keys="↵" disabled={doing.busy.value}>{t(sheet ? 'invite.make_sheet' : 'invite.make')}</Button></div>
    </form>
  )
}

function InviteCard(props: { invite: Invite; doing: Doing; onShow: () => void; onClose: () => void }) {
  const { invite, doing } = props
  return (
    <div class="card devicecard" role="region" aria-label={invite.name}>
      <div class="sechead">
        <h2><bdi>{invite.name}</bdi></h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <dl>
        <dt>{t('col.state')}</dt><dd>{t(`invite.state.${invite.state}`)}</dd>
        <dt>{t('invite.role')}</dt><dd><bdi>{invite.role || t('invite.no_role')}</bdi></dd>
        <dt>{t('invite.groups')}</dt><dd><bdi>{invite.groups.map((it) => it.name + (it.in && it.out ? '' : it.in ? ':in' : ':out')).join(', ')}</bdi></dd>
      </dl>
      {invite.state === 'open' && !invite.token && <p class="dimmed">{t('invite.token_gone')}</p>}
      <div class="acts">
        {invite.token && invite.state === 'open' && <Button kind="primary" onClick={props.onShow}>{t('invite.show')}</Button>}
        {invite.state === 'open' && <Button writes="welcomes" disabled={doing.busy.value} onClick={() => void doing.act(`/api/invites/${invite.id}/end`, {}, t('invite.was_ended', { name: invite.name }))}>{t('invite.end')}</Button>}
      </div>
    </div>
  )
}

type Open = { what: 'one' } | { what: 'sheet' } | { what: 'device'; serial: string } | { what: 'invite'; id: number } | null

/** What stands beside the tables. */
function Beside(props: { open: Open; set: (open: Open) => void; doing: Doing; onMade: (list: Invite[]) => void; onShow: (invite: Invite) => void }) {
  const { open, set, doing } = props
  const close = () => set(null)
  if (!open) return null
  if (open.what === 'one' || open.what === 'sheet') return <InviteForm key={open.what} sheet={open.what === 'sheet'} doing={doing} onMade={props.onMade} onClose={close} />
  const device = open.what === 'device' && devices.value?.find((it) => it.serial === open.serial)
  if (device) return <DeviceCard key={device.serial} device={device} doing={doing} onClose={close} />
  const invite = open.what === 'invite' && invites.value?.invites.find((it) => it.id === open.id)
  return invite ? <InviteCard key={invite.id} invite={invite} doing={doing} onShow={() => props.onShow(invite)} onClose={close} /> : null
}

/** Many come at once; one question is enough. */
const SETTLE_MS = 300

/** Again when the server tells of a change by itself: who waits, who came or went. */
function useLists() {
  const seen = clients.value.map((it) => `${it.id} ${it.callsign} ${String(it.admitted)}`).sort().join()
  const first = devices.value === null
  useEffect(() => {
    const timer = setTimeout(() => {
      void askInvites()
      void askDevices()
    }, first ? 0 : SETTLE_MS)
    return () => clearTimeout(timer)
  }, [seen])
}

function Lists(props: { open: Open; set: (open: Open) => void }) {
  const { open, set } = props
  const list = devices.value
  const made = invites.value?.invites
  return (
    <div class="lists">
      {list === null || list.length === 0
        ? <Empty key="none">{list === null ? welcome_error.value || t('entry.fetching') : t('device.none')}</Empty>
        : (
          <Table
            key="devices" id="devicetable" caption={t('device.title')} columns={deviceColumns()} rows={list} sort="state" keyOf={(it) => it.serial}
            chosen={(it) => open?.what === 'device' && open.serial === it.serial} onRow={(it) => set({ what: 'device', serial: it.serial })}
          />
        )}
      {made && made.length > 0 && <h2 key="invites-title" class="listhead">{t('invite.title')}</h2>}
      {made && made.length > 0 && (
        <Table
          key="invites" id="invitetable" caption={t('invite.title')} columns={inviteColumns()} rows={made} sort="until" keyOf={(it) => it.id}
          chosen={(it) => open?.what === 'invite' && open.id === it.id} onRow={(it) => set({ what: 'invite', id: it.id })}
        />
      )}
    </div>
  )
}

export default function Phones() {
  void now.value // ages and countdowns
  const doing = useDoing()
  const open = useSignal<Open>(null)
  const shown = useSignal<Invite | null>(null)
  const sheet = useSignal<readonly Invite[] | null>(null)
  useLists()
  const made = (list: Invite[]) => {
    open.value = null
    if (list.length === 1) shown.value = list[0]!
    else sheet.value = list
  }
  const set = (to: Open) => {
    doing.error.value = ''
    open.value = to
  }
  return (
    <section class="screen operators phones" aria-labelledby="phones-title">
      <div class="bar">
        <h1 id="phones-title">{t('phones')}</h1>
        {devices.value && <span class="dimmed"><T k="device.count" n={devices.value.filter((it) => !it.revoked).length} /></span>}
        <span role="status">{doing.said.value}</span>
        {open.value?.what !== 'one' && open.value?.what !== 'sheet' && <span class="bad" role="alert">{doing.error.value}</span>}
        <span class="gap" />
        {invites.value && <Button writes="welcomes" onClick={() => set({ what: 'sheet' })}>{t('invite.new_sheet')}</Button>}
        {invites.value && <Button writes="welcomes" kind="primary" onClick={() => set({ what: 'one' })}>{t('invite.new')}</Button>}
      </div>
      <Waiting doing={doing} />
      <div class={open.value ? 'withform' : ''}>
        <Lists open={open.value} set={set} />
        <Beside open={open.value} set={set} doing={doing} onMade={made} onShow={(it) => { shown.value = it }} />
      </div>
      {mayDo('administers') && <Users />}
      {shown.value && <InviteDialog invite={shown.value} onPrint={() => { sheet.value = [shown.value!]; shown.value = null }} onClose={() => { shown.value = null }} />}
      {sheet.value && <SheetDialog list={sheet.value} onClose={() => { sheet.value = null }} />}
    </section>
  )
}
