// Map (1). The canvas stays while other screens are shown, so that coming back costs nothing.
import { useEffect, useRef } from 'preact/hooks'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { startMap } from '../map/engine'
import { grid_shown, map_commands, maps, scale_bar, toggleGrid } from '../map/commands'
import { dim_map, hidden_maps, show_incident, show_labels } from '../state/prefs'
import { silence, text_changed, units } from '../state/tracks'
import { now } from '../state/clock'
import { addPlace, drawing, enough, finishDrawing, stopDrawing, undoPlace } from '../state/drawing'
import { placed, unplaced } from '../state/places'
import { centre, dialog } from '../state/view'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'
import { Button } from '../ui/parts'

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
  return (
    <div id="tools" class="over-map" role="toolbar" aria-label={t('map.tools')} aria-orientation="vertical">
      <Tool icon="plus" name="act.zoom_in" keys="+" onClick={() => map_commands.value?.zoom(1)} />
      <Tool icon="minus" name="act.zoom_out" keys="−" onClick={() => map_commands.value?.zoom(-1)} />
      <Tool icon="fit" name="act.fit" keys="Home" onClick={() => map_commands.value?.fit()} />
      <Tool icon="label" name="act.labels" keys="L" pressed={show_labels.value === 'on'} onClick={flip(show_labels)} />
      <Tool icon="grid" name="act.grid" keys="G" pressed={grid_shown.value} onClick={toggleGrid} />
      <Tool icon="dim" name="act.dim" keys="M" pressed={dim_map.value === 'on'} onClick={flip(dim_map)} />
      <Tool icon="layers" name="act.layers" keys="Y" onClick={() => { dialog.value = 'layers' }} />
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
      {unplaced.value.length > 0 && <span title={unplaced.value.map((it) => it.id).join(', ')}><T k="legend.unplaced" n={unplaced.value.length} /></span>}
      {people === 0 && <span>{t('map.empty')}</span>}
    </div>
  )
}

/** What is being pointed out: by clicks, or by moving the map under its middle and Space. */
function DrawBar() {
  const it = drawing.value
  if (!it) return null
  const middle = centre.value
  const more = enough[it.as] - it.places.length
  return (
    <div id="drawbar" class="over-map" role="toolbar" aria-label={t(`draw.${it.as}`)}>
      <b>{t(`draw.${it.as}`)}</b>
      <span role="status"><T k="draw.points" n={it.places.length} /></span>
      <Button class="small" keys="Space" disabled={!middle} onClick={() => middle && addPlace(middle)}>{t('draw.middle')}</Button>
      {it.places.length > 0 && <Button class="small" keys="⌫" onClick={undoPlace}>{t('draw.undo')}</Button>}
      {it.as !== 'place' && <Button class="small" kind="primary" keys="↵" disabled={more > 0} onClick={finishDrawing}>{t('draw.done')}</Button>}
      <Button class="small" keys="Esc" onClick={stopDrawing}>{t('entry.cancel')}</Button>
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
      <Tools />
      <Legend />
      {drawing.value && <i id="crosshair" aria-hidden="true" />}
      <DrawBar />
      <Attribution />
    </>
  )
}
