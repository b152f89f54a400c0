// Phones that wait to be admitted, told to who may admit them, on every screen: they hear nothing until then.
import { T, joined, t } from '../base/i18n'
import { held_clients, mayWelcome } from '../state/welcome'
import { screen } from '../state/view'
import { Button } from '../ui/parts'

export function WaitingBar() {
  const waiting = held_clients.value
  if (waiting.length === 0 || screen.value === 'admin' || !mayWelcome()) return null
  return (
    <div id="waitingbar" role="status">
      <b><T k="device.waiting" n={waiting.length} /></b>
      <bdi>{joined(waiting.slice(0, 3).map((it) => it.callsign || it.user), t('comma'))}</bdi>
      <span class="gap" />
      <Button class="small" onClick={() => { screen.value = 'admin' }}>{t('device.look')}</Button>
    </div>
  )
}
