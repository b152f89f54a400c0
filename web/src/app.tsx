import { useEffect } from 'preact/hooks'
import { lazy } from './base/lazy'
import { t } from './base/i18n'
import { keepAskingMaps } from './map/ask'
import { AdminScreen } from './screens/admin'
import { Card } from './screens/card'
import { PlaceCard } from './shell/later'
import { Gate } from './screens/gate'
import { EventCard, LogScreen } from './screens/log'
import { Dialogs } from './shell/dialogs'
import { Foot } from './shell/foot'
import { Rail } from './shell/rail'
import { EntryPanel, Side } from './shell/side'
import { PastBar } from './shell/past'
import { Strip } from './shell/strip'
import { startKeys } from './shell/actions'
import { Top } from './shell/top'
import { WaitingBar } from './shell/waiting'
import { OtherPage } from './ui/other_page'
import { startPrint } from './ui/print'
import { callerName, emergencyName } from './base/describe'
import { live_unacknowledged } from './state/attention'
import { incident_id } from './state/incident'
import { startLive } from './state/live'
import { startOutbox } from './state/outbox'
import { askFirst, first_shown, just_opened } from './state/first'
import { boot, isObserver, session } from './state/session'
import { screen, selected, selected_entity } from './state/view'

const later = {
  floors: lazy(() => import('./screens/floors')),
  casualties: lazy(() => import('./screens/casualties')),
  tasks: lazy(() => import('./screens/tasks')),
  statements: lazy(() => import('./screens/statements')),
  replay: lazy(() => import('./screens/replay')),
  people: lazy(() => import('./screens/people')),
  points: lazy(() => import('./screens/points')),
}

const MapScreen = lazy(() => import('./screens/map'))
const First = lazy(() => import('./shell/first'))
const FirstHint = lazy(() => import('./shell/first_hint'))
const Observer = lazy(() => import('./screens/observer'))

function Title() {
  const first = live_unacknowledged.value[0]
  const name = session.value?.server.name ?? 'Cordon'
  const count = live_unacknowledged.value.length
  useEffect(() => {
    document.title = first ? `(${count}) ${emergencyName(first.type)} ${callerName(first.unit_uid, first.from)}` : name
  })
  return null
}

function Work() {
  switch (screen.value) {
    case 'log': return <LogScreen />
    case 'admin': return <AdminScreen />
    case 'map': return null
    default: {
      const Board = later[screen.value]
      return <Board until={<p class="stage" role="status">{t('boot.board')}</p>} />
    }
  }
}

/** The boards are on this computer before the server can be lost. */
function usePreload(): void {
  const wanted = incident_id.value !== ''
  useEffect(() => {
    if (wanted) for (const part of [EntryPanel, EventCard, PlaceCard, ...Object.values(later)]) part.preload()
  }, [wanted])
}

function Shell(props: { operator: string }) {
  usePreload()
  useEffect(() => {
    startLive(props.operator)
    void askFirst()
    void startOutbox()
    startPrint()
    const stops = [keepAskingMaps(), startKeys()]
    return () => stops.forEach((stop) => stop())
  }, [props.operator])
  const first = first_shown.value
  return (
    <div id="shell" class={first ? 'first' : ''}>
      <Title />
      <Top />
      <div id="stripbox">
        <PastBar />
        <OtherPage />
        <WaitingBar />
        <Strip />
      </div>
      <Rail />
      <main id="work" class={(selected.value || selected_entity.value) && screen.value !== 'map' ? 'beside' : ''}>
        <div class="mapbox" hidden={screen.value !== 'map'}>
          <MapScreen until={<p class="stage" role="status">{t('boot.map')}</p>} />
        </div>
        {first && <First until={<p class="stage" role="status">{t('boot.board')}</p>} />}
        {!first && just_opened.value !== '' && screen.value === 'map' && <FirstHint until={null} />}
        <Work />
        <Card />
        {selected_entity.value && <PlaceCard until={null} />}
      </main>
      {!first && <Side />}
      <Foot />
      <Dialogs />
    </div>
  )
}

export function App() {
  const operator = session.value?.operator
  if (boot.value !== 'ready' || !operator) return <Gate />
  if (isObserver()) return <Observer until={<p class="stage" role="status">{t('boot.board')}</p>} />
  return <Shell operator={operator.name} />
}
