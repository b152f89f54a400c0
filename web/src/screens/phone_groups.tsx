// The groups of a phone's user (in Admin): each is switched on and off, as he himself can on his phone. What he hears
// changes at once; which groups are his, and which way, stays.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { t } from '../base/i18n'
import { call } from '../net/api'
import { uuid } from '../state/outbox'
import { mayDo, writable } from '../state/rights'
import type { Group } from '../state/welcome'
import { refusal } from './admin_ask'

interface Grouped {
  name: string
  groups: Group[]
  /** Those of them that are switched off. */
  off: string[]
}

export function PhoneGroups(props: { user: string }) {
  const user = useSignal<Grouped | null>(null)
  const error = useSignal('')
  const busy = useSignal(false)
  const may = mayDo('administers')
  const ask = async () => {
    const answer = await call<{ users: Grouped[] }>('GET', '/api/users')
    if (answer.ok) user.value = answer.data.users.find((it) => it.name === props.user) ?? null
    error.value = refusal(answer)
  }
  useEffect(() => { if (may) void ask() }, [props.user])
  const it = user.value
  if (!may || !it || it.groups.length === 0) return null
  const flip = async (name: string) => {
    busy.value = true
    const off = it.off.includes(name) ? it.off.filter((one) => one !== name) : [...it.off, name]
    const groups = it.groups.map((one) => ({ name: one.name, in: one.in, out: one.out, active: !off.includes(one.name) }))
    const answer = await call('POST', `/api/users/${encodeURIComponent(it.name)}/groups`, { id: uuid(), groups })
    await ask()
    busy.value = false
    if (!answer.ok) error.value = refusal(answer)
  }
  return (
    <fieldset class="roles phonegroups">
      <legend>{t('device.groups')}</legend>
      {it.groups.map((one) => (
        <label key={one.name} class="check">
          <input type="checkbox" checked={!it.off.includes(one.name)} {...writable('administers')} {...(busy.value ? { disabled: true } : {})} onChange={() => void flip(one.name)} />
          <bdi>{one.name}</bdi>{one.in && one.out ? '' : <small>{t(one.in ? 'device.group_in' : 'device.group_out')}</small>}
        </label>
      ))}
      <small class="dimmed">{t('device.groups_hint')}</small>
      <p class="bad" role="alert">{error.value}</p>
    </fieldset>
  )
}
