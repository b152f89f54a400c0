// What can be done at a place of the map: with a unit, with what stands there, or on open ground. Asked for by the
// other button of the mouse, by a long press, or by D for the middle of the map.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { withCode } from '../base/code'
import { copyText } from '../base/copy'
import { latLonText, mgrsText } from '../base/geo'
import { joined, t } from '../base/i18n'
import { placeText, shapeText } from '../base/place'
import type { Place } from '../base/place'
import { entity, incident_id } from '../state/incident'
import { addPlace, startDrawing, toggleMeasure } from '../state/drawing'
import type { DrawnAs } from '../state/drawing'
import { map_menu } from '../state/map_menu'
import { whyNot } from '../state/rights'
import { placed } from '../state/places'
import { units_by_uid } from '../state/tracks'
import { said, select, selectEntity, write } from '../state/view'
import { Kbd } from '../ui/parts'
import { unitVerbs } from './verbs'
import type { Verb } from './verbs'

const GAP_PX = 8

function drawThen(kind: string, as: DrawnAs, from: Place): void {
  startDrawing(as, (places) => write(kind, { shape: shapeText(places) }), [from])
}

async function copyPlace(at: Place): Promise<void> {
  const text = `${latLonText(at.lat, at.lon)}, ${mgrsText(at.lat, at.lon)}`
  said.value = (await copyText(text)) ? { text: t('coord.copied', { text }), level: '' } : { text: t('coord.not_copied'), level: 'warn' }
}

/** Marks on open ground: the form of each waits beside the map with the place filled in. */
function groundVerbs(at: Place): Verb[] {
  const measure: Verb = {
    id: 'measure', name: t('act.measure'), keys: 'X',
    run: () => {
      toggleMeasure()
      addPlace(at)
    },
  }
  const copy: Verb = { id: 'copy', name: t('coord.copy', { text: mgrsText(at.lat, at.lon) }), run: () => void copyPlace(at) }
  if (incident_id.value === '') return [measure, copy]
  return [
    { id: 'cordon', name: t('mark.cordon_circle'), writes: 'cordon.set', run: () => drawThen('cordon.set', 'circle', at) },
    { id: 'cordon_area', name: t('mark.cordon_area'), writes: 'cordon.set', run: () => drawThen('cordon.set', 'area', at) },
    { id: 'closure', name: t('mark.closure'), writes: 'closure.set', run: () => drawThen('closure.set', 'line', at) },
    { id: 'tactical', name: t('mark.tactical'), writes: 'tactical.set', run: () => drawThen('tactical.set', 'circle', at) },
    { id: 'point', name: t('mark.point'), writes: 'point.set', run: () => write('point.set', { lat: placeText(at) }) },
    { id: 'hazard', name: t('mark.hazard'), writes: 'hazard.reported', run: () => write('hazard.reported', { lat: placeText(at) }) },
    { id: 'casualty', name: t('mark.casualty'), writes: 'casualty.reported', run: () => write('casualty.reported', { place: mgrsText(at.lat, at.lon) || placeText(at) }) },
    measure, copy,
  ]
}

function entityVerbs(key: string): Verb[] {
  const [kind = '', ...rest] = key.split('/')
  const it = entity(kind, rest.join('/'))
  const change: Verb[] = it
    ? [{ id: 'shape', name: t('place.shape'), keys: 'E', writes: 'writes', run: () => void withCode(() => import('./shaping'), ({ editShape }) => editShape(it)) }]
    : []
  return [{ id: 'card', name: t('place.card'), run: () => selectEntity(key) }, ...change]
}

export function MapMenu() {
  const it = map_menu.value
  const box = useRef<HTMLDivElement>(null)
  const close = () => { map_menu.value = null }
  useLayoutEffect(() => {
    const menu = box.current
    const around = menu?.parentElement
    if (!it || !menu || !around) return
    menu.style.left = `${Math.max(GAP_PX, Math.min(it.at[0], around.clientWidth - menu.offsetWidth - GAP_PX))}px`
    menu.style.top = `${Math.max(GAP_PX, Math.min(it.at[1], around.clientHeight - menu.offsetHeight - GAP_PX))}px`
    menu.querySelector('button')?.focus()
    const outside = (event: Event) => { if (!menu.contains(event.target as Node)) close() }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [it])
  if (!it) return null
  const unit = it.unit ? units_by_uid.get(it.unit) : undefined
  const verbs = unit ? unitVerbs(unit) : it.entity ? [...entityVerbs(it.entity), ...groundVerbs(it.place)] : groundVerbs(it.place)
  const title = unit?.callsign ?? placed.value.find((one) => `${one.entity.kind}/${one.entity.id}` === it.entity)?.name ?? t('mark.here')
  const step = (by: number) => {
    const buttons = [...box.current!.querySelectorAll<HTMLElement>('[role=menuitem]')]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    buttons[(at + by + buttons.length) % buttons.length]?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (by) step(by)
    else if (event.key === 'Escape' || event.key === 'Tab') close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div id="mapmenu" class="over-map" ref={box} role="menu" aria-label={joined([t('mark.menu'), title], t('comma'))} onKeyDown={onKeyDown}>
      <b role="presentation"><bdi>{title}</bdi></b>
      {verbs.filter((verb) => !verb.writes || whyNot(verb.writes) === '').map((verb) => (
        <button
          key={verb.id} type="button" role="menuitem" aria-keyshortcuts={verb.keys}
          onClick={() => {
            close()
            if (unit) select(unit.uid)
            verb.run()
          }}
        >
          <span>{verb.name}</span>{verb.keys && <Kbd>{verb.keys}</Kbd>}
        </button>
      ))}
    </div>
  )
}
