// The sheet of keys, the layers of the map, the incidents, and the account.
import { useEffect } from 'preact/hooks'
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { wordText } from '../base/values'
import { askMaps } from '../map/ask'
import { grid_shown, maps, maps_error, toggleGrid } from '../map/commands'
import { logOut } from '../state/live'
import { hidden_maps, show_incident, show_labels } from '../state/prefs'
import { first_asked } from '../state/first'
import { session } from '../state/session'
import { chooseIncident, incident_id, incidents } from '../state/incident'
import { dialog, screen, write } from '../state/view'
import { Button, Dialog, Empty, Kbd } from '../ui/parts'
import { PracticeBox } from './practice'
import { actions } from './actions'
import type { Action } from './actions'
import { Find } from './find'
import { Admit } from './later'

const close = () => { dialog.value = null }

const groups: { id: Action['group']; name: Key }[] = [
  { id: 'screens', name: 'keys.screens' },
  { id: 'decide', name: 'keys.decide' },
  { id: 'map', name: 'keys.map' },
  { id: 'general', name: 'keys.general' },
]

function Keys() {
  return (
    <Dialog title={t('act.keys')} onClose={close} class="keys">
      <div class="columns">
        {groups.map((group) => (
          <section key={group.id}>
            <h3>{t(group.name)}</h3>
            <dl>
              {actions.filter((action) => action.group === group.id).map((action) => (
                <div key={action.id}><dt><Kbd>{action.shown}</Kbd></dt><dd>{t(action.name)}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}

function Layers() {
  useEffect(() => void askMaps(), [])
  const toggle = (name: string) => {
    const next = new Set(hidden_maps.value)
    if (!next.delete(name)) next.add(name)
    hidden_maps.value = next
  }
  const check = (label: string, on: boolean, change: () => void) => (
    <label class="check"><input type="checkbox" checked={on} onChange={change} /><bdi>{label}</bdi></label>
  )
  const flip = (it: { value: 'on' | 'off' }) => () => { it.value = it.value === 'on' ? 'off' : 'on' }
  return (
    <Dialog title={t('act.layers')} onClose={close} class="layers">
      {maps.value.map((map) => <div key={map.name}>{check(map.name, !hidden_maps.value.has(map.name), () => toggle(map.name))}</div>)}
      {maps.value.length === 0 && <Empty>{maps_error.value || t('maps.none')}</Empty>}
      {check(t('layer.incident'), show_incident.value === 'on', flip(show_incident))}
      {check(t('act.grid'), grid_shown.value, toggleGrid)}
      {check(t('act.labels'), show_labels.value === 'on', flip(show_labels))}
    </Dialog>
  )
}

/** The incidents that the server keeps, and the way to open another. */
function Incidents() {
  return (
    <Dialog title={t('incident.title')} onClose={close} class="incidents">
      {incidents.value.length === 0 && <Empty>{t('incident.empty')}</Empty>}
      <ul>
        {incidents.value.map((it) => (
          <li key={it.id}>
            <button
              type="button" aria-current={it.id === incident_id.value ? 'true' : undefined}
              onClick={() => {
                chooseIncident(it.id)
                close()
              }}
            >
              <b><bdi>{it.strip?.name ?? it.id}</bdi></b>
              <small>
                <bdi>{it.id}</bdi> {it.strip && <>{wordText(it.strip.type, 'type')}, {wordText(it.strip.state)}</>}
                {it.strip?.exercise && <b> {t('incident.exercise')}</b>}
              </small>
            </button>
          </li>
        ))}
      </ul>
      <div class="acts">
        <Button
          writes="incident.opened" kind="primary" keys="I"
          onClick={() => {
            close()
            write('incident.opened')
          }}
        >
          {t('open.title')}
        </Button>
        <Button
          writes="incident.opened"
          onClick={() => {
            close()
            screen.value = 'map'
            first_asked.value = true
          }}
        >
          {t('first.title')}
        </Button>
      </div>
      <PracticeBox />
    </Dialog>
  )
}

function Account() {
  const operator = session.value?.operator
  return (
    <Dialog title={t('account')} onClose={close} class="account">
      <p><b><bdi>{operator?.name}</bdi></b> <bdi>{operator?.role}</bdi></p>
      <Button
        onClick={() => {
          close()
          void logOut()
        }}
      >
        {t('logout')}
      </Button>
    </Dialog>
  )
}

export function Dialogs() {
  switch (dialog.value) {
    case 'keys': return <Keys />
    case 'find': return <Find />
    case 'layers': return <Layers />
    case 'account': return <Account />
    case 'incident': return <Incidents />
    case 'admit': return <Admit until={null} />
    default: return null
  }
}
