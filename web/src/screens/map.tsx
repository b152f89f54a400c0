// Map (1). The canvas stays while other screens are shown, so that coming back costs nothing.
import { useEffect, useRef } from 'preact/hooks'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { startMap } from '../map/engine'
import { grid_shown, map_commands, maps, scale_bar, toggleGrid } from '../map/commands'
import { dim_map, hidden_maps, show_labels } from '../state/prefs'
import { silence, text_changed, units } from '../state/tracks'
import { now } from '../state/clock'
import { dialog } from '../state/view'
import { Icon } from '../ui/icon'
import type { IconName } from '../ui/icon'

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
      {people === 0 && <span>{t('map.empty')}</span>}
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
      <Attribution />
    </>
  )
}
