import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { unacknowledged, attention } from '../state/attention'
import { now } from '../state/clock'
import { entitiesOf, isLateNeed, isOverdue, strip } from '../state/incident'
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

const places: Place[] = [
  { to: 'map', name: 'nav.map', icon: 'map', key: '1' },
  { to: 'floors', name: 'nav.floors', icon: 'floors', key: '2' },
  { to: 'log', name: 'nav.log', icon: 'log', key: '3' },
  { to: 'people', name: 'nav.people', icon: 'people', key: '4' },
  { to: 'casualties', name: 'nav.casualties', icon: 'casualties', key: '5' },
  { to: 'tasks', name: 'nav.tasks', icon: 'tasks', key: '6' },
  { to: 'statements', name: 'nav.statements', icon: 'statements', key: '7' },
  { to: 'replay', name: 'nav.replay', icon: 'replay', key: '8' },
  { to: 'admin', name: 'nav.admin', icon: 'admin', key: '9', end: true },
]

/** What waits on a screen, and how bad that is. */
function waits(to: Screen): { count: number; crit: boolean } {
  const it = strip.value
  const count = (n: number, crit = false) => ({ count: n, crit })
  switch (to) {
    case 'map': return count(unacknowledged.value.length, true)
    case 'people': return count((it?.par?.due ?? 0) + (it?.par?.missed ?? 0), (it?.par?.missed ?? 0) > 0)
    case 'tasks': {
      const needs = entitiesOf('need').filter((need) => isLateNeed(need, now.value))
      return count(entitiesOf('task').filter((task) => isOverdue(task, now.value)).length + needs.length)
    }
    case 'admin': return count(attention.value.filter((item) => item.alarm && item.level !== 'calm').length)
    default: return count(0)
  }
}

function Badge(props: { to: Screen }) {
  const { count, crit } = waits(props.to)
  if (count === 0) return null
  return <i class={crit ? '' : 'warnbg'}>{count}</i>
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
