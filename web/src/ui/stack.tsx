// The storey stack: each floor with what was searched of one kind and who is on it, and the plan of the chosen one.
// It stands over the map, where it can be folded away to one key a floor.
import '../css/floors.css'
import { T, joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import type { LevelView } from '../net/incident'
import { heads, insideOf, lookText, looks, strangers, tally, worstOf } from '../state/clearing'
import type { Look, Presence, Tally } from '../state/clearing'
import { chooseLevel, chooseStructure, chooseZone, clearance_kind, floorLabel, floorName, level as chosen_level, structure } from '../state/floor'
import { floors } from '../state/incident'
import { stack_open } from '../state/prefs'
import { screen } from '../state/view'
import { Icon } from './icon'
import { levelOf } from './plan_data'
import { Plan } from './plan'

/** Shares of a floor, each with a pattern of its own: it reads without colour. */
export function ClearBar(props: { sum: Tally }) {
  const { sum } = props
  return (
    <span class="clearbar" aria-hidden="true">
      {looks.filter((look) => sum.looks.has(look)).map((look: Look) => <i key={look} class={look} style={{ flexGrow: sum.looks.get(look)! }} />)}
    </span>
  )
}

/** "threat known, 7 of 15 clear", "7 of 15 clear, 1 being searched": what is bad stands first. */
export function sumText(sum: Tally): string {
  const worst = worstOf(sum)
  const look = worst === '' ? '' : t('floor.n_look', { n: sum.looks.get(worst)!, look: lookText(worst) })
  const clear = sum.clear === 0 ? t('floor.not_searched') : t('floor.n_of', { n: sum.clear, total: sum.total })
  return joined(worst === 'entered' ? [clear, look] : [look, clear], t('comma'))
}

/** The same where the bar beside it shows what is being done. */
const shortText = (sum: Tally) => (worstOf(sum) === 'entered' && sum.clear > 0 ? t('floor.n_of', { n: sum.clear, total: sum.total }) : sumText(sum))

/** The call signs on a floor, the ones that need somebody first. */
export function Units(props: { inside: readonly Presence[]; most: number }) {
  const rank = { crit: 0, warn: 1, '': 2 }
  const sorted = [...props.inside].sort((a, b) => rank[levelOf(a)] - rank[levelOf(b)])
  return (
    <>
      {sorted.slice(0, props.most).map((it) => (
        <span key={it.unit} class={`who ${levelOf(it)}`}><bdi>{it.stranger ? '≠ ' : ''}{it.unit}</bdi></span>
      ))}
      {sorted.length > props.most && <span class="who"><T k="floor.more_units" n={sorted.length - props.most} /></span>}
    </>
  )
}

function Floor(props: { level: LevelView }) {
  const { level } = props
  const sum = tally(level.zones, clearance_kind.value)
  const inside = insideOf(level)
  const worst = worstOf(sum)
  const is_bad = worst === 'threat' || worst === 'eod'
  const name = floorName(level)
  return (
    <li>
      <button
        type="button" class={`storey ${is_bad ? worst : ''}`} data-level={level.id} aria-pressed={chosen_level.value?.id === level.id} onClick={() => chooseLevel(level.id)}
        aria-label={joined([floorLabel(level), sumText(sum), ...inside.map((it) => it.unit)], t('comma'))}
      >
        <b class={name.length > 2 ? 'word' : ''}><bdi>{name}</bdi></b>
        <span class="state">
          <small>{shortText(sum)}</small>
          <ClearBar sum={sum} />
        </span>
        <span class="storeywho"><Units inside={inside} most={2} /></span>
      </button>
    </li>
  )
}

export function KindSelect() {
  return (
    <select class="kindselect" aria-label={t('floor.kinds')} value={clearance_kind.value} onChange={(event) => { clearance_kind.value = event.currentTarget.value }}>
      {wordsOf('kind').map((kind) => <option key={kind} value={kind}>{wordText(kind, 'short')}</option>)}
    </select>
  )
}

/** Every storey with its bar: the list alone, as Floors has it beside its plan. */
export function Storeys() {
  return <ol class="storeys">{(structure.value?.levels ?? []).map((one) => <Floor key={one.id} level={one} />)}</ol>
}

export default function FloorStack() {
  const it = structure.value
  if (!it) return null
  const open = stack_open.value === 'on'
  const sum = tally(it.levels.flatMap((level) => level.zones), clearance_kind.value)
  const level = chosen_level.value
  const inside = it.levels.flatMap(insideOf)
  return (
    <section class={open ? 'floorstack' : 'floorstack folded'} aria-label={t('floor.stack')}>
      <header>
        {floors.value.length > 1 ? (
          <select aria-label={t('floor.buildings')} value={it.id} onChange={(event) => chooseStructure(event.currentTarget.value)}>
            {floors.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        ) : <h2><bdi>{it.name}</bdi></h2>}
        <button
          type="button" class="square" aria-expanded={open} aria-label={t(open ? 'floor.fold' : 'floor.unfold')} title={t(open ? 'floor.fold' : 'floor.unfold')}
          onClick={() => { stack_open.value = open ? 'off' : 'on' }}
        >
          <Icon name={open ? 'minus' : 'plus'} />
        </button>
      </header>
      <div class="sums">
        <span><T k="floor.rooms_clear" p={{ n: sum.clear, total: sum.total }} /></span>
        <KindSelect />
      </div>
      <Storeys />
      {open && level && (
        <>
          <Plan
            structure={it} level={level} kind={clearance_kind.value} inset
            onOpen={(zone) => {
              chooseZone(zone)
              screen.value = 'floors'
            }}
          />
          <p class="stackfoot">
            <T k="floor.inside_n" n={heads(inside)} />
            {strangers().size > 0 && <b class="warn"> {t('floor.strangers')}</b>}
          </p>
        </>
      )}
    </section>
  )
}
