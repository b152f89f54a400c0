// Floors (2): each building from the top down, each floor as its zones, with what was searched of one kind; beside it
// the plan of a floor, and the zone that is chosen. A zone says by sign and word what is known; nothing here promises
// that nobody can come to harm.
import '../css/floors.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import type { LevelView, StructureView } from '../net/incident'
import { glyphs, lookText, looks, tally } from '../state/clearing'
import {
  chooseLevel, chooseStructure, chooseZone, chosen, clearance_kind, level as chosen_level, markZone, markZones, marked_zones, structure,
} from '../state/floor'
import { floors, strip } from '../state/incident'
import { floors_as } from '../state/prefs'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Plan } from '../ui/plan'
import { printPage } from '../ui/print'
import { ZoneCard } from './floors_card'
import { SeveralCard } from './floors_many'
import { FloorPaper } from './floors_print'
import { Side, rateNow, rateParts } from './floors_side'
import { Strips } from './floors_strips'
import { Storeys } from '../ui/stack'

function Legend() {
  return <p class="zonelegend">{looks.map((look) => <span key={look}><b class={`glyph small ${look}`}>{glyphs[look]}</b> {lookText(look)}</span>)}</p>
}

function Sum(props: { structure: StructureView; kind: string }) {
  const sum = tally(props.structure.levels.flatMap((level) => level.zones), props.kind)
  return <span class="dimmed">{joined([t('floor.rooms_clear', { n: sum.clear, total: sum.total }), ...rateParts(rateNow(props.structure, props.kind))], t('comma'))}</span>
}

/** `several`: each tap takes one more zone, as there is no Shift on a screen that is touched. */
function Bar(props: { several: { value: boolean } }) {
  const it = structure.value
  const kind = clearance_kind.value
  return (
    <>
      <div class="bar no-print">
        <h1 id="floors-title">{t('nav.floors')}</h1>
        {floors.value.length > 1 && (
          <div class="chips" role="group" aria-label={t('floor.buildings')}>
            {floors.value.map((one) => <Button key={one.id} pressed={one === it} onClick={() => chooseStructure(one.id)}><bdi>{one.name}</bdi></Button>)}
          </div>
        )}
        <div class="chips" role="group" aria-label={t('floor.kinds')}>
          {wordsOf('kind').map((one) => <Button key={one} pressed={kind === one} onClick={() => { clearance_kind.value = one }}>{wordText(one, 'short')}</Button>)}
        </div>
      </div>
      <div class="bar second no-print">
        {it && <Sum structure={it} kind={kind} />}
        <span class="gap" />
        {it && (
          <div class="chips" role="group" aria-label={t('floor.as')}>
            <Button class="small" pressed={floors_as.value === 'strips'} onClick={() => { floors_as.value = 'strips' }}>{t('floor.as_strips')}</Button>
            <Button class="small" pressed={floors_as.value === 'plan'} onClick={() => { floors_as.value = 'plan' }}>{t('floor.as_plan')}</Button>
          </div>
        )}
        {it && <Button writes="zone.search_started" class="small" pressed={props.several.value} onClick={() => { props.several.value = !props.several.value }}>{t('floor.several')}</Button>}
        {it && <Button class="small" keys="Ctrl P" onClick={() => void printPage()}>{t('floor.print')}</Button>}
        {strip.value && (
          <Button writes="structure.defined" class="small" onClick={() => write('structure.defined', { structure: `B${floors.value.length + 1}` })}>{t('floor.add')}</Button>
        )}
      </div>
    </>
  )
}

function Body(props: { structure: StructureView; several: { value: boolean } }) {
  const { structure: it, several } = props
  const kind = clearance_kind.value
  const level = chosen_level.value
  const found = chosen.value
  const open = (event: MouseEvent | null, id: string) => (several.value || event?.shiftKey ? markZone(id) : chooseZone(id))
  const onFloor = (event: MouseEvent, at: LevelView) => {
    chooseLevel(at.id)
    if (several.value || event.shiftKey) markZones([...new Set([...marked_zones.value, ...at.zones.map((zone) => zone.id)])])
  }
  return (
    <div class={`floors no-print as-${floors_as.value}`}>
      {floors_as.value === 'strips' || !level ? (
        <div class="levels">
          <Strips structure={it} kind={kind} onOpen={open} onFloor={onFloor} />
          <Legend />
        </div>
      ) : (
        <div class="planwork">
          <Plan structure={it} level={level} kind={kind} onOpen={(id) => open(null, id)} onMark={markZone} />
          <Legend />
        </div>
      )}
      <div class="besides">
        {floors_as.value === 'plan' && <Storeys />}
        {marked_zones.value.size > 0 ? <SeveralCard kind={kind} /> : found ? <ZoneCard found={found} kind={kind} /> : <Side structure={it} kind={kind} />}
      </div>
    </div>
  )
}

export default function FloorScreen() {
  const several = useSignal(false)
  const it = structure.value
  useEffect(() => {
    // A link may name a kind that there is not.
    if (!wordsOf('kind').includes(clearance_kind.value)) clearance_kind.value = wordsOf('kind')[0]!
  }, [clearance_kind.value])
  return (
    <section class="screen floorscreen" aria-labelledby="floors-title">
      <Bar several={several} />
      {it ? <Body structure={it} several={several} /> : <Empty>{strip.value ? t('floor.empty') : t('incident.none_hint')}</Empty>}
      {it && <FloorPaper structure={it} kind={clearance_kind.value} />}
    </section>
  )
}

