// The sheet of keys, the palette, the layers of the map, and the account.
import { useComputed, useSignal } from '@preact/signals'
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { wordText } from '../base/values'
import { grid_shown, map_commands, maps, maps_error, toggleGrid } from '../map/commands'
import { logOut } from '../state/live'
import { hidden_maps, show_incident, show_labels } from '../state/prefs'
import { first_asked } from '../state/first'
import { session } from '../state/session'
import { units } from '../state/tracks'
import type { Unit } from '../state/tracks'
import { chooseIncident, incident_id, incidents } from '../state/incident'
import { isOwnObject, placed } from '../state/places'
import { dialog, screen, select, selectEntity, write } from '../state/view'
import { Button, Dialog, Empty, Kbd } from '../ui/parts'
import { PracticeBox } from './practice'
import { actions } from './actions'
import type { Action } from './actions'

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

interface Found {
  key: string
  title: string
  detail: string
  shown: string
  run: () => void
}

const FOUND_MAX = 12

function unitFound(unit: Unit): Found {
  const detail = [unit.agency, unit.user, unit.device].filter(Boolean).join(' · ')
  const run = () => {
    select(unit.uid)
    screen.value = 'map'
    map_commands.value?.showUnit(unit.uid)
  }
  return { key: unit.uid, title: unit.callsign, detail, shown: '', run }
}

function search(words: string): Found[] {
  const wanted = words.trim().toLowerCase()
  const acts = actions
    .filter((action) => action.id !== 'find' && action.id !== 'back')
    .map((action): Found => ({ key: 'a:' + action.id, title: t(action.name), detail: '', shown: action.shown, run: action.run }))
    .filter((found) => found.title.toLowerCase().includes(wanted))
  if (!wanted) return acts.slice(0, FOUND_MAX)
  const starts: Found[] = []
  const holds: Found[] = []
  for (const unit of units.values()) {
    // Found as what it is on the record, below.
    if (isOwnObject(unit.uid)) continue
    const callsign = unit.callsign.toLowerCase()
    if (callsign.startsWith(wanted)) starts.push(unitFound(unit))
    else if (`${callsign} ${unit.uid} ${unit.user} ${unit.agency} ${unit.team}`.toLowerCase().includes(wanted)) holds.push(unitFound(unit))
  }
  for (const { entity: it, name } of placed.value) {
    if (!`${it.id} ${name}`.toLowerCase().includes(wanted)) continue
    const key = `${it.kind}/${it.id}`
    const run = () => {
      screen.value = 'map'
      selectEntity(key)
      map_commands.value?.showEntity(key)
    }
    holds.push({ key, title: name || it.id, detail: t(`place.${it.kind}` as Key), shown: '', run })
  }
  const by_title = (a: Found, b: Found) => a.title.localeCompare(b.title, undefined, { numeric: true })
  return [...starts.sort(by_title), ...acts, ...holds.sort(by_title)].slice(0, FOUND_MAX)
}

function Find() {
  const words = useSignal('')
  const at = useSignal(0)
  const found = useComputed(() => search(words.value))
  const run = (it: Found | undefined) => {
    if (!it) return
    close()
    // After the dialog has given the focus back.
    setTimeout(it.run)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) {
      event.preventDefault()
      at.value = Math.max(0, Math.min(found.value.length - 1, at.value + step))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(found.value[at.value])
    }
  }
  return (
    <Dialog title={t('act.find')} onClose={close} class="find">
      <input
        autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.value.length > 0 ? `found-${at.value}` : undefined}
        aria-label={t('find.label')}
        placeholder={t('find.label')}
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value
          at.value = 0
        }}
        onKeyDown={onKeyDown}
        dir="auto"
        autocomplete="off"
      />
      {found.value.length === 0 && <Empty>{t('find.none')}</Empty>}
      <ul id="found" role="listbox" aria-label={t('act.find')}>
        {found.value.map((it, i) => (
          <li key={it.key} id={`found-${i}`} role="option" aria-selected={i === at.value} onClick={() => run(it)}>
            <b><bdi>{it.title}</bdi></b>
            <small><bdi>{it.detail}</bdi></small>
            {it.shown && <Kbd>{it.shown}</Kbd>}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function Layers() {
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
          kind="primary" keys="I"
          onClick={() => {
            close()
            write('incident.opened')
          }}
        >
          {t('open.title')}
        </Button>
        <Button
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
    default: return null
  }
}
