import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { unacknowledged, attention } from '../state/attention'
import { screen } from '../state/view'
import type { Screen } from '../state/view'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { Kbd } from '../ui/parts'

interface Place {
  to: Screen
  name: Key
  icon: IconName
  key: string
  end?: boolean
}

// 2 floors, 5 casualties, 6 tasks, 7 statements and 8 replay have their numbers reserved.
const places: Place[] = [
  { to: 'map', name: 'nav.map', icon: 'map', key: '1' },
  { to: 'log', name: 'nav.log', icon: 'log', key: '3' },
  { to: 'people', name: 'nav.people', icon: 'people', key: '4' },
  { to: 'admin', name: 'nav.admin', icon: 'admin', key: '9', end: true },
]

function Badge(props: { to: Screen }) {
  const alarms = attention.value.filter((item) => item.alarm && item.level !== 'calm').length
  const count = props.to === 'map' ? unacknowledged.value.length : props.to === 'admin' ? alarms : 0
  if (count === 0) return null
  return <i class={props.to === 'admin' ? 'warnbg' : ''}>{count}</i>
}

export function Rail() {
  return (
    <nav id="rail" aria-label={t('nav')}>
      {places.map((place) => (
        <button
          key={place.to}
          type="button"
          class={place.end ? 'end' : ''}
          aria-current={screen.value === place.to ? 'page' : undefined}
          aria-keyshortcuts={place.key}
          onClick={() => { screen.value = place.to }}
        >
          <Icon name={place.icon} />
          <span class="word">{t(place.name)}</span>
          <Kbd>{place.key}</Kbd>
          <Badge to={place.to} />
        </button>
      ))}
    </nav>
  )
}
