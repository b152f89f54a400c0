// All storeys of a building from the top down, each as its zones where they stand: rooms along a corridor. A floor of
// very many zones is a bar with what is not quiet, until it is the chosen one.
import { useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { ageText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import type { LevelView, StructureView, ZoneView } from '../net/incident'
import { glyphs, heads, insideOf, lookOf, lookText, tally, worstOf } from '../state/clearing'
import type { Presence } from '../state/clearing'
import { chooseLevel, floorLabel, floorName, level as chosen_level, marked_zones, zone_id, zoneName } from '../state/floor'
import { entitiesOf, shown_now, textOf } from '../state/incident'
import { wordText } from '../base/values'
import { Icon } from '../ui/icon'
import { byName, gridOf } from '../ui/plan_grid'
import type { Cell } from '../ui/plan_grid'
import { levelOf } from '../ui/plan_data'
import { neighbour, shortNames } from '../ui/plan_shape'
import type { Direction } from '../ui/plan_shape'
import { ClearBar, sumText } from '../ui/stack'

/** More zones than this do not stand side by side. */
const STRIP_MAX = 24
const NOTED_MAX = 10
const quiet = new Set(['unknown', 'complete', 'confirmed', 'held'])

interface CellProps {
  zone: ZoneView
  name: string
  kind: string
  floor: string
  at: Cell | null
  hazard: string
  stop: boolean
  units: readonly Presence[]
  onOpen: (event: MouseEvent | null, id: string) => void
}

function ZoneCell(props: CellProps) {
  const { zone, kind, at, units } = props
  const look = lookOf(zone, kind)
  const by = zone.clearance[kind]?.unit
  const worst = units.some((it) => levelOf(it) === 'crit') ? 'crit' : units.some((it) => levelOf(it) === 'warn') ? 'warn' : ''
  const pc = (share: number) => `${(share * 100).toFixed(3)}%`
  return (
    <button
      type="button" class={`zone ${look} ${marked_zones.value.has(zone.id) ? 'marked' : ''}`} data-zone={zone.id} tabIndex={props.stop ? 0 : -1}
      aria-pressed={zone_id.value === zone.id || marked_zones.value.has(zone.id)} onClick={(event) => props.onOpen(event, zone.id)}
      style={at ? { left: pc(at.x), top: pc(at.y), width: pc(at.w), height: pc(at.h) } : {}}
      aria-label={joined([
        props.floor, zoneName(zone), lookText(look), props.hazard, ...units.map((it) => it.unit), (zone.casualties ?? 0) > 0 ? t('floor.hurt_n', { n: zone.casualties! }) : '',
      ], t('comma'))}
    >
      <span class="zname"><bdi>{props.name}</bdi> <b class="glyph" aria-hidden="true">{glyphs[look] ?? '?'}</b></span>
      {units.length > 0 && (
        <span class={`zunits ${worst}`}><bdi>{units.some((it) => it.stranger) ? '≠ ' : ''}{units.length > 2 ? `${units[0]!.unit} +${units.length - 1}` : units.map((it) => it.unit).join(' ')}</bdi></span>
      )}
      {units.length === 0 && (look === 'threat' || look === 'eod' || look === 'no-go') && <span class="zunits">{lookText(look)}</span>}
      {units.length === 0 && look === 'entered' && by && <span class="zunits"><bdi>{by}</bdi></span>}
      {props.hazard && <span class="zhazard"><i aria-hidden="true">◇</i> {props.hazard}</span>}
      {(zone.casualties ?? 0) > 0 && <span class="zhurt"><Icon name="casualties" />{zone.casualties}</span>}
    </button>
  )
}

const par_words = { ok: '', due: 'floor.par_due', missed: 'floor.par_missed' } as const

/** Who is on a floor, where, since when, and whether they answered. */
export function Inside(props: { inside: readonly Presence[] }) {
  const { inside } = props
  if (inside.length === 0) return <small>{t('floor.nobody')}</small>
  return (
    <>
      {inside.length > 1 && <small class="sum"><T k="floor.inside_n" n={heads(inside)} /></small>}
      {inside.map((it) => {
        const word = it.par === '' ? '' : par_words[it.par]
        return (
          <span key={it.unit} class="in">
            <b class={levelOf(it)}><bdi>{it.unit}</bdi></b>{' '}
            <small>{joined([it.strength ?? '', zoneName(it.zone), Number.isNaN(it.since) ? '' : ageText(shown_now.value - it.since)], t('comma'))}</small>
            {word && <b class={levelOf(it)}> {t(word)}</b>}
            {it.stranger && <b class="warn" title={it.stranger}> ≠ {t('floor.stranger')}</b>}
          </span>
        )
      })}
    </>
  )
}

/** What happened on a floor that its number should say: an explosion, with its time. */
function hazardsOf(): Map<string, string> {
  return new Map(entitiesOf('hazard').filter((it) => textOf(it, 'zone') && textOf(it, 'state') !== 'controlled')
    .map((it) => [textOf(it, 'zone'), wordText(textOf(it, 'hazard_kind'), 'hazard_kind')]))
}

interface StripsProps {
  structure: StructureView
  kind: string
  onOpen: (event: MouseEvent | null, id: string) => void
  onFloor: (event: MouseEvent, level: LevelView) => void
  /** One floor alone, beside its plan. */
  only?: LevelView
}

function Zones(props: { level: LevelView; kind: string; stop: string; inside: readonly Presence[]; hazards: ReadonlyMap<string, string>; onOpen: StripsProps['onOpen'] }) {
  const { level, kind } = props
  const dense = level.zones.length > STRIP_MAX
  const cells = dense ? new Map<string, Cell>() : new Map(gridOf(level.zones).map((cell) => [cell.id, cell]))
  const zones = [...level.zones].sort(byName)
  const names = shortNames(zones.map(zoneName))
  return (
    <div class={dense ? 'zones dense' : 'zones'}>
      {zones.map((zone, i) => (
        <ZoneCell
          key={zone.id} zone={zone} name={names[i]!} kind={kind} floor={floorLabel(level)} at={cells.get(zone.id) ?? null} hazard={props.hazards.get(zone.id) ?? ''}
          stop={props.stop === zone.id} units={props.inside.filter((it) => it.zone === zone)} onOpen={props.onOpen}
        />
      ))}
    </div>
  )
}

/** A large floor that is not looked at: how far it is, and what of it is not quiet. */
function Folded(props: { level: LevelView; kind: string; onOpen: StripsProps['onOpen'] }) {
  const { level, kind } = props
  const sum = tally(level.zones, kind)
  const noted = level.zones.filter((zone) => !quiet.has(lookOf(zone, kind)) || (zone.units?.length ?? 0) > 0)
  return (
    <div class="zones folded">
      <ClearBar sum={sum} />
      <p>
        {noted.slice(0, NOTED_MAX).map((zone) => {
          const look = lookOf(zone, kind)
          return (
            <button key={zone.id} type="button" class={`zone ${look}`} data-zone={zone.id} onClick={(event) => props.onOpen(event, zone.id)}>
              <bdi>{zoneName(zone)}</bdi> <b class="glyph" aria-hidden="true">{glyphs[look] ?? '?'}</b> <span>{lookText(look)}</span>
            </button>
          )
        })}
        {noted.length > NOTED_MAX && <small><T k="floor.more_zones" n={noted.length - NOTED_MAX} /></small>}
        <button type="button" class="btn small" onClick={() => chooseLevel(level.id)}>{t('floor.show_all', { n: level.zones.length })}</button>
      </p>
    </div>
  )
}

const ways: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' }

export function Strips(props: StripsProps) {
  const { structure, kind, only } = props
  const list = useRef<HTMLOListElement>(null)
  const focus = useSignal('')
  const levels = only ? [only] : structure.levels
  const ids = levels.flatMap((level) => level.zones.map((zone) => zone.id))
  const stop = [focus.value, zone_id.value, ids[0] ?? ''].find((id) => id && ids.includes(id)) ?? ''
  const hazards = hazardsOf()
  /** Arrow keys walk over the zones as they stand on the screen. */
  const onKey = (event: KeyboardEvent) => {
    const way = ways[event.key]
    const from = (event.target as HTMLElement).dataset['zone']
    if (!way || !from || event.ctrlKey || event.altKey) return
    event.preventDefault()
    const cells = [...list.current!.querySelectorAll<HTMLElement>('[data-zone]')].map((it) => {
      const { left, top, width, height } = it.getBoundingClientRect()
      return { it, id: it.dataset['zone']!, box: { x: left, y: top, w: width, h: height } }
    })
    const next = neighbour(cells, from, way)
    if (!next) return
    focus.value = next.id
    next.it.tabIndex = 0
    next.it.focus()
  }
  return (
    <ol class="strips" ref={list} aria-label={structure.name} onKeyDown={onKey}>
      {levels.map((level) => {
        const sum = tally(level.zones, kind)
        const inside = insideOf(level)
        const worst = worstOf(sum)
        const name = floorName(level)
        const chosen = chosen_level.value?.id === level.id
        const folded = level.zones.length > STRIP_MAX && !chosen
        return (
          <li key={level.id} class={`level ${level.zones.length === 1 ? 'single' : ''} ${folded ? 'low' : ''}`} aria-label={floorLabel(level)}>
            <button
              type="button" class={`lname ${worst === 'threat' ? 'crit' : worst === 'eod' ? 'warn' : ''} ${name.length > 2 ? 'word' : ''}`} aria-pressed={chosen}
              data-floor={level.id} onClick={(event) => props.onFloor(event, level)} aria-label={joined([floorLabel(level), sumText(sum)], t('comma'))}
            >
              <b><bdi>{name}</bdi></b>
              <small>{sum.clear === 0 ? t('floor.not_searched') : <T k="strip.of" p={{ n: sum.clear, total: sum.total }} />}</small>
            </button>
            {folded ? <Folded level={level} kind={kind} onOpen={props.onOpen} /> : (
              <Zones level={level} kind={kind} stop={stop} inside={inside} hazards={hazards} onOpen={props.onOpen} />
            )}
            <div class="linside"><Inside inside={inside} /></div>
          </li>
        )
      })}
    </ol>
  )
}
