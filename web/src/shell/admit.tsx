// Phones that wait, by name: who is ticked is admitted. Nobody is by itself, as a photographed code brings strangers too.
import '../css/admit.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { T, joined, t } from '../base/i18n'
import { call } from '../net/api'
import { askDevices, devices, held_clients, welcome_error } from '../state/welcome'
import type { Device } from '../state/welcome'
import { dialog, said } from '../state/view'
import { Age, Button, Dialog, Empty } from '../ui/parts'

const close = () => { dialog.value = null }

function Names(props: { list: readonly Device[]; ticked: ReadonlySet<string>; onTick: (serial: string) => void }) {
  return (
    <ul class="admitlist">
      {props.list.map((it) => (
        <li key={it.serial}>
          <label class="check">
            <input type="checkbox" checked={props.ticked.has(it.serial)} onChange={() => props.onTick(it.serial)} />
            <b><bdi>{it.callsign || it.user}</bdi></b> <bdi>{joined([it.user, it.agency], t('comma'))}</bdi>
          </label>
          <small>{it.online ? t('device.online') : it.seen ? <Age at={it.seen} /> : t('device.never')}</small>
        </li>
      ))}
    </ul>
  )
}

export default function Admit() {
  const ticked = useSignal<ReadonlySet<string>>(new Set())
  const busy = useSignal(false)
  const error = useSignal('')
  const waiting = held_clients.value.length
  useEffect(() => void askDevices(), [waiting])
  const list = (devices.value ?? []).filter((it) => it.held && !it.revoked)
  const chosen = list.filter((it) => ticked.value.has(it.serial))
  const tick = (serial: string) => {
    const next = new Set(ticked.value)
    if (!next.delete(serial)) next.add(serial)
    ticked.value = next
  }
  const admit = async () => {
    busy.value = true
    const answer = await call<{ admitted: number }>('POST', '/api/devices/admit', { serials: chosen.map((it) => it.serial) })
    busy.value = false
    if (!answer.ok) {
      error.value = answer.detail || t('error.unreachable')
      return
    }
    said.value = { text: t('decide.admitted', { n: answer.data.admitted }), level: '' }
    void askDevices()
    close()
  }
  return (
    <Dialog title={t('device.waiting_title')} onClose={close} class="admit">
      <p class="dimmed">{t('admit.about')}</p>
      {list.length === 0 ? <Empty>{devices.value === null ? welcome_error.value || t('entry.fetching') : t('admit.none')}</Empty>
        : <Names list={list} ticked={ticked.value} onTick={tick} />}
      <p class="bad" role="alert">{error.value}</p>
      <div class="acts">
        <Button writes="welcomes" kind="primary" disabled={busy.value || chosen.length === 0} onClick={() => void admit()}><span><T k="admit.chosen" n={chosen.length} /></span></Button>
        <Button disabled={list.length === 0} onClick={() => { ticked.value = new Set(chosen.length === list.length ? [] : list.map((it) => it.serial)) }}>
          {t(list.length > 0 && chosen.length === list.length ? 'unit.tick_none' : 'unit.tick_all')}
        </Button>
        <Button onClick={close} keys="Esc">{t('entry.cancel')}</Button>
      </div>
    </Dialog>
  )
}
