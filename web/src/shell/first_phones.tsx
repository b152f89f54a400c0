// Card 2 of the first minute: a code to scan, who joined by it, and letting them in.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ageText, metresText } from '../base/format'
import { T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import { call } from '../net/api'
import { chooseKind, confirm, confirmed, joined_phones } from '../state/arrivals'
import type { Joined } from '../state/arrivals'
import { now, serverNow } from '../state/clock'
import { moved } from '../state/tracks'
import { askDevices, askInvites, devices, held_clients, invites, mayWelcome } from '../state/welcome'
import type { Invite } from '../state/welcome'
import { Button } from '../ui/parts'
import { CardHead } from './first_head'

/** The station's own: enough for everybody on the first evening, and nobody hears anything before he is admitted. */
const MANY = { uses: 60, hours: 12 }

async function makeInvite(): Promise<string> {
  const name = `phones-${(invites.peek()?.invites.length ?? 0) + 1}`
  const answer = await call('POST', '/api/invites', { name, ...MANY })
  await askInvites()
  return answer.ok ? '' : answer.detail || t('error.status', { status: answer.status })
}

/** The newest one of many uses whose code this session may show. */
function shownInvite(): Invite | undefined {
  return invites.value?.invites.filter((it) => it.token && it.state === 'open' && it.uses_max > 1).sort((a, b) => b.made - a.made)[0]
}

function Code(props: { invite: Invite }) {
  const { invite } = props
  const left = invite.expires - now.value
  return (
    <div class="firstcode">
      <img class="code" src={`/api/invites/${invite.id}/qr.svg?kind=page`} alt={t('invite.alt.page', { name: invite.name })} width="240" height="240" />
      <dl>
        <dt>{t('first.address')}</dt><dd><bdi>{/^https:\/\/([^/]+)/.exec(invite.link ?? '')?.[1]}</bdi></dd>
        <dt>{t('first.code')}</dt><dd class="token"><bdi>{invite.token}</bdi></dd>
        <dt>{t('first.valid')}</dt>
        <dd>{left > 0 ? <T k="first.valid_for" p={{ age: ageText(left), used: `${invite.uses} / ${invite.uses_max}` }} /> : <b class="warn">{t('invite.state.expired')}</b>}</dd>
        <dt>{t('invite.words')}</dt><dd><b class="words"><bdi>{invites.value?.words}</bdi></b></dd>
      </dl>
    </div>
  )
}

function fixText({ unit }: Joined): string {
  if (!unit || Number.isNaN(unit.lat)) return t('first.no_fix')
  return Number.isNaN(unit.ce) ? t('first.fix') : t('first.fix_within', { m: metresText(unit.ce) })
}

/** The agency that its call sign suggests; one tap confirms. */
export function AgencyOf(props: { it: Joined; done: boolean; onConfirm: () => void }) {
  const { it, done } = props
  if (done) return <span class="agency">{wordText(it.kind, 'agency_kind')} ✓</span>
  return (
    <span class="agency">
      <select aria-label={t('first.agency_of', { name: it.client.callsign })} value={it.kind} onChange={(event) => chooseKind(it.client.uid, event.currentTarget.value)}>
        <option value="">{t('first.agency')}</option>
        {wordsOf('agency_kind').map((word) => <option key={word} value={word}>{wordText(word, 'agency_kind')}</option>)}
      </select>
      <Button writes="unit.checked_in" class="small" disabled={!it.kind} label={t('first.confirm_of', { name: it.client.callsign })} onClick={props.onConfirm}>{t('first.confirm')}</Button>
    </span>
  )
}

function Phone(props: { it: Joined }) {
  const { it } = props
  return (
    <li>
      <b><bdi>{it.client.callsign}</bdi></b>
      <small><bdi>{it.unit?.device}</bdi></small>
      <span class="fix">{it.client.admitted === false && <b class="warn">{t('device.held')}</b>} <bdi>{timeText(it.client.since, serverNow())}</bdi>{t('comma')}{fixText(it)}</span>
      <AgencyOf it={it} done={confirmed.value.has(it.client.uid)} onConfirm={() => confirm(it.client.uid)} />
    </li>
  )
}

function JoinedList() {
  void moved.value
  const busy = useSignal(false)
  const list = joined_phones.value
  const held = held_clients.value.length
  const admit = async () => {
    busy.value = true
    await askDevices()
    const serials = (devices.value ?? []).filter((it) => it.held && !it.revoked).map((it) => it.serial)
    if (serials.length > 0) await call('POST', '/api/devices/admit', { serials })
    await askDevices()
    busy.value = false
  }
  return (
    <div class="firstjoined">
      <div class="sechead">
        <h3><span role="status"><T k="first.joined" n={list.length} /></span></h3>
        {held > 0 && <Button writes="welcomes" kind="primary" disabled={busy.value} onClick={() => void admit()}><T k="first.admit" n={held} /></Button>}
      </div>
      <ul>{list.map((it) => <Phone key={it.client.id} it={it} />)}</ul>
      <p class="dimmed">{t('first.more')}</p>
      <p><b>{t('first.held')}</b></p>
    </div>
  )
}

export function PhonesCard() {
  const error = useSignal('')
  const may = mayWelcome()
  useEffect(() => {
    if (!may) return
    void askInvites().then(async () => {
      // From an empty folder the code is there at once; later a code is made by whoever wants one.
      if (invites.peek()?.invites.length === 0) error.value = await makeInvite()
    })
  }, [])
  const invite = shownInvite()
  return (
    <section class="card" aria-labelledby="first-phones">
      <CardHead n={2} id="first-phones" title={t('first.phones')} about={t('first.phones_about')} />
      {invite && <Code invite={invite} />}
      {may && !invite && <Button writes="welcomes" onClick={() => void makeInvite().then((text) => { error.value = text })}>{t('first.make_code')}</Button>}
      {!may && <p>{t('first.not_welcoming')}</p>}
      <p class="wrong" role="alert">{error.value}</p>
      <JoinedList />
    </section>
  )
}
