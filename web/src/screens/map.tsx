// Map (1). The canvas stays while other screens are shown, so that coming back costs nothing.
import { useEffect, useRef } from 'preact/hooks'
import { metresText, squareText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { ahead, areaOf, bearing, distance, pathLength } from '../base/measure'
import { lazy } from '../base/lazy'
import type { Place } from '../base/place'
import { startMap } from '../map/engine'
import { grid_shown, map_commands, maps, scale_bar, toggleGrid } from '../map/commands'
import { dim_map, hidden_maps, show_incident, show_labels } from '../state/prefs'
import { silence, text_changed, units } from '../state/tracks'
import { now } from '../state/clock'
import { addPlace, chooseCorner, cornersOf, drawing, enough, finishDrawing, insertCorner, measured, moveCorner, stepCorner, stopDrawing, stopMeasure, toggleMeasure, undoPlace } from '../state/drawing'
import type { Drawing } from '../state/drawing'
import { floors } from '../state/incident'
import { placed, unplaced } from '../state/places'
import { centre, dialog } from '../state/view'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { Button } from '../ui/parts'
import { MapMenu } from './mapmenu'
import { PrintMap, printMap } from './mapprint'
import '../css/map.css'

const FloorStack = lazy(() => import('../ui/stack'))

function Tool(props: { icon: IconName; name: Key; keys: string; pressed?: boolean; onClick: () => void }) {
  return (
    <button
      type="button" aria-label={t(props.name)} title={`${t(props.name)} (${props.keys})`}
      aria-pressed={props.pressed} aria-keyshortcuts={props.keys} onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  )
}

const flip = (it: { value: 'on' | 'off' }) => () => { it.value = it.value === 'on' ? 'off' : 'on' }

function Tools() {
  const measuring = drawing.value?.as === 'measure' || measured.value.length > 0
  return (
    <div id="tools" class="over-map" role="toolbar" aria-label={t('map.tools')} aria-orientation="vertical">
      <Tool icon="plus" name="act.zoom_in" keys="+" onClick={() => map_commands.value?.zoom(1)} />
      <Tool icon="minus" name="act.zoom_out" keys="−" onClick={() => map_commands.value?.zoom(-1)} />
      <Tool icon="fit" name="act.fit" keys="Home" onClick={() => map_commands.value?.fit()} />
      <Tool icon="draw" name="act.draw" keys="D" onClick={() => map_commands.value?.menuAtMiddle()} />
      <Tool icon="measure" name="act.measure" keys="X" pressed={measuring} onClick={toggleMeasure} />
      <Tool icon="label" name="act.labels" keys="L" pressed={show_labels.value === 'on'} onClick={flip(show_labels)} />
      <Tool icon="grid" name="act.grid" keys="G" pressed={grid_shown.value} onClick={toggleGrid} />
      <Tool icon="dim" name="act.dim" keys="M" pressed={dim_map.value === 'on'} onClick={flip(dim_map)} />
      <Tool icon="layers" name="act.layers" keys="Y" onClick={() => { dialog.value = 'layers' }} />
      <Tool icon="print" name="print.map" keys="Ctrl P" onClick={() => void printMap()} />
    </div>
  )
}

/** What there is and what of it is not normal: the map in one line. */
function Legend() {
  void text_changed.value
  let people = 0
  let silent = 0
  let without_fix = 0
  for (const unit of units.values()) {
    if (!unit.presence) continue
    people++
    if (silence(unit, now.value)) silent++
    if (unit.x !== unit.x) without_fix++
  }
  return (
    <div id="legend" class="over-map">
      <span class="scalebar"><i style={{ width: `${scale_bar.value.px}px` }} /><bdi>{scale_bar.value.text}</bdi></span>
      <span><b class="frame" aria-hidden="true" /><T k="legend.units" n={people} /></span>
      {silent > 0 && <span><b class="frame hollow" aria-hidden="true" /><T k="legend.silent" n={silent} /></span>}
      {without_fix > 0 && <span><T k="legend.no_fix" n={without_fix} /></span>}
      {placed.value.length > 0 && show_incident.value === 'on' && <span><T k="legend.places" n={placed.value.length} /></span>}
      {unplaced.value.length > 0 && <span title={joined(unplaced.value.map((it) => it.id), t('comma'))}><T k="legend.unplaced" n={unplaced.value.length} /></span>}
      {people === 0 && <span>{t('map.empty')}</span>}
    </div>
  )
}

/** How long it is, which way its last side goes, and what lies within. */
function Measures(props: { places: readonly Place[]; turn: boolean }) {
  const { places } = props
  const [before, last] = places.slice(-2)
  if (!before || !last) return null
  return (
    <output class="measures">
      <span>{t('measure.length', { n: metresText(pathLength(places)) })}</span>
      {props.turn && <span>{t('measure.bearing', { n: `${Math.round(bearing(before, last)) % 360}°` })}</span>}
      {places.length > 2 && <span>{t('measure.area', { n: squareText(areaOf(places)) })}</span>}
    </output>
  )
}

/** A circle has its radius typed, too: there need be no rim to point at. */
function Radius(props: { it: Drawing }) {
  const [centre, rim] = props.it.places
  if (!centre) return null
  const metres = rim ? Math.round(distance(centre, rim)) : ''
  return (
    <label class="radius">
      <span>{t('draw.radius')}</span>
      <input
        type="text" inputMode="numeric" size={5} dir="ltr" autocomplete="off" value={metres}
        onInput={(event) => {
          const typed = Number(event.currentTarget.value)
          if (!(typed > 0)) return
          const place = ahead(centre, 90, typed)
          if (drawing.peek()!.places[1]) moveCorner(1, place)
          else addPlace(place)
        }}
        onKeyDown={(event) => { if (event.key === 'Enter') finishDrawing() }}
      />
      <span>m</span>
    </label>
  )
}

/** What the chosen corner can be told. */
function CornerKeys(props: { it: Drawing }) {
  const { it } = props
  if (it.places.length === 0) return null
  const between = it.as !== 'circle' && it.places.length > 1
  return (
    <>
      <Button class="small" keys="J" onClick={() => stepCorner(1)}>{t('draw.corner')}</Button>
      {it.at >= 0 && between && <Button class="small" keys="Ins" onClick={() => insertCorner(it.at)}>{t('draw.insert')}</Button>}
      {it.at >= 0 && <span class="hint">{t('draw.arrows')}</span>}
    </>
  )
}

/** What is being pointed out: by clicks, or by moving the map under its middle and Space; corners by J and the arrows. */
function DrawBar() {
  const it = drawing.value
  if (!it) return null
  const middle = centre.value
  const more = enough[it.as] - it.places.length
  const cancel = it.at >= 0 ? () => chooseCorner(-1) : it.as === 'measure' ? stopMeasure : stopDrawing
  const remove = it.at >= 0 ? t('draw.remove') : t('draw.undo')
  return (
    <div id="drawbar" class="over-map" role="toolbar" aria-label={t(`draw.${it.as}`)}>
      <b>{it.name ? <T k="draw.change" p={{ name: it.name }} /> : t(`draw.${it.as}`)}</b>
      <span role="status"><T k="draw.points" n={it.places.length} /></span>
      {it.as === 'circle' && <Radius it={it} />}
      {it.as !== 'place' && it.as !== 'circle' && <Measures places={cornersOf(it)} turn={it.as === 'measure'} />}
      {it.at < 0 && <Button class="small" keys="Space" disabled={!middle} onClick={() => middle && addPlace(middle)}>{t('draw.middle')}</Button>}
      {it.as !== 'place' && <CornerKeys it={it} />}
      {it.places.length > 0 && <Button class="small" keys="⌫" onClick={undoPlace}>{remove}</Button>}
      {it.as !== 'place' && <Button class="small" kind="primary" keys="↵" disabled={more > 0} onClick={finishDrawing}>{t('draw.done')}</Button>}
      <Button class="small" keys="Esc" onClick={cancel}>{t('entry.cancel')}</Button>
    </div>
  )
}

/** What was measured stays in sight until it is put away. */
function Measured() {
  if (drawing.value || measured.value.length === 0) return null
  return (
    <div id="measured" class="over-map" role="region" aria-label={t('act.measure')}>
      <Measures places={measured.value} turn />
      <Button class="small" keys="X" onClick={toggleMeasure}>{t('measure.on')}</Button>
      <Button class="small" keys="Esc" onClick={stopMeasure}>{t('measure.away')}</Button>
    </div>
  )
}

function Attribution() {
  const texts = maps.value.filter((map) => map.attribution && !hidden_maps.value.has(map.name)).map((map) => map.attribution.replace(/<[^>]*>/g, ''))
  if (texts.length === 0) return null
  return <div id="attribution"><bdi>{[...new Set(texts)].join(' · ')}</bdi></div>
}

export default function MapScreen() {
  const target = useRef<HTMLDivElement>(null)
  useEffect(() => startMap(target.current!), [])
  return (
    <>
      <div id="map" ref={target} role="application" aria-label={t('map.label')} />
      {floors.value.length > 0 && <div id="stackbox" class="over-map"><FloorStack until={null} /></div>}
      <Tools />
      <Legend />
      {drawing.value && <i id="crosshair" aria-hidden="true" />}
      <DrawBar />
      <Measured />
      <MapMenu />
      <PrintMap />
      <Attribution />
    </>
  )
}
