// Beside the floors while no zone is chosen: all kinds of search at a glance, how fast it goes, who is inside, and
// what a building needs before people go back in.
import { joined, T, t, tMaybe } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import { wordsOf } from '../entry/schema'
import type { StructureView } from '../net/incident'
import { heads, insideOf, isClear, rateOf, searchesOf, stateOf, strangers } from '../state/clearing'
import type { Rate } from '../state/clearing'
import { chooseLevel, chooseZone, clearance_kind, floorLabel, floorName, level as chosen_level, zoneName } from '../state/floor'
import { entitiesOf, entity, par, shown_now, strip, textOf } from '../state/incident'
import { write } from '../state/view'
import { Button } from '../ui/parts'
import { levelOf } from '../ui/plan_data'

const shaking = new Set(['blast', 'collapse', 'fire'])

/** A building in which something went off, burnt or came down is looked at by an engineer before anybody goes back in. */
export function needsStruct(structure: StructureView): boolean {
  const levels = new Set(structure.levels.map((level) => level.id))
  const zones = new Set(structure.levels.flatMap((level) => level.zones.map((zone) => zone.id)))
  const here = (zone: string, level: string) => zones.has(zone) || levels.has(level)
  return entitiesOf('detonation').some((it) => here(textOf(it, 'zone'), textOf(it, 'level')))
    || entitiesOf('hazard').some((it) => shaking.has(textOf(it, 'hazard_kind')) && here(textOf(it, 'zone'), ''))
}

export function rateNow(structure: StructureView, kind: string): Rate {
  return rateOf(structure.levels.map((level) => level.zones.map((zone) => zone.id)), searchesOf(kind), shown_now.value)
}

/** "14 rooms an hour", "1 floor in 42 min": parts of a list, as a list inside a list has no direction of its own. */
export function rateParts(rate: Rate): string[] {
  return [
    rate.per_hour > 0 ? t('floor.per_hour', { n: rate.per_hour }) : t('floor.standing'), ...(rate.floor_min === null ? [] : [t('floor.one_floor', { n: rate.floor_min })]),
  ]
}

/** Floors by kinds: how many of the zones are clear. */
export function Matrix(props: { structure: StructureView; plain?: boolean }) {
  const { structure } = props
  const kinds = wordsOf('kind')
  return (
    <table class="floormatrix">
      <caption class="hidden">{t('floor.matrix')}</caption>
      <thead>
        <tr>
          <th scope="col"><span class="hidden">{t('floor.floor')}</span></th>
          {kinds.map((kind) => <th key={kind} scope="col" class={kind === clearance_kind.value ? 'now' : ''}><abbr title={wordText(kind, 'kind')}>{tMaybe('word:tiny:' + kind, wordText(kind, 'short'))}</abbr></th>)}
        </tr>
      </thead>
      <tbody>
        {structure.levels.map((level) => (
          <tr key={level.id}>
            <th scope="row"><bdi>{floorName(level)}</bdi></th>
            {kinds.map((kind) => {
              const n = level.zones.filter((zone) => isClear(zone, kind)).length
              const going = level.zones.filter((zone) => stateOf(zone, kind) === 'entered').length
              const all = level.zones.length
              const text = n === all && all > 0 ? '✓' : n > 0 ? String(n) : going > 0 ? '/' : '·'
              const label = joined([floorLabel(level), wordText(kind, 'kind'), t('floor.of', { n, total: all })], t('comma'))
              const look = n === all && all > 0 ? 'all' : going > 0 ? 'going' : n > 0 ? 'some' : ''
              if (props.plain) return <td key={kind} class={look}><bdi>{n}/{all}</bdi></td>
              return (
                <td key={kind} class={look}>
                  <button
                    type="button" aria-label={label} title={label} aria-pressed={kind === clearance_kind.value && chosen_level.value?.id === level.id}
                    onClick={() => {
                      clearance_kind.value = kind
                      chooseLevel(level.id)
                    }}
                  >
                    <bdi>{text}</bdi>
                  </button>
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function People(props: { structure: StructureView }) {
  const inside = props.structure.levels.map((level) => ({ level, list: insideOf(level) })).filter((it) => it.list.length > 0)
  const all = inside.flatMap((it) => it.list)
  if (all.length === 0) return <p class="empty">{t('floor.nobody')}</p>
  const words = { ok: t('floor.par_ok'), due: t('floor.par_due'), missed: t('floor.par_missed'), '': '' }
  return (
    <table class="insidetable">
      <caption class="hidden">{t('floor.who_inside')}</caption>
      <thead><tr><th scope="col">{t('floor.unit')}</th><th scope="col">{t('floor.where')}</th><th scope="col" class="end">{t('floor.in')}</th><th scope="col">{t('nav.par')}</th></tr></thead>
      <tbody>
        {inside.flatMap(({ level, list }) => list.map((it) => (
          <tr key={it.unit}>
            <th scope="row"><button type="button" onClick={() => chooseZone(it.zone.id)}><bdi>{it.unit}</bdi></button></th>
            <td>{joined([floorName(level), zoneName(it.zone)], t('comma'))}</td>
            <td class="end"><bdi>{it.strength ?? ''}</bdi></td>
            <td class={levelOf(it)}>{words[it.par]}{it.stranger && <b class="warn" title={it.stranger}> ≠</b>}</td>
          </tr>
        )))}
      </tbody>
    </table>
  )
}

/** Structural clearance before people go back in: what is missing, and the commander's word. */
export function Reentry(props: { structure: StructureView; always?: boolean }) {
  const { structure } = props
  if (!props.always && !needsStruct(structure) && clearance_kind.value !== 'struct') return null
  const zones = structure.levels.flatMap((level) => level.zones)
  const n = zones.filter((zone) => isClear(zone, 'struct')).length
  const decision = textOf(entity('structure', structure.id), 'decision')
  return (
    <div class="reentry">
      <h3>{t('floor.reentry')}</h3>
      <p>
        {decision ? <T k="floor.reentry_given" p={{ decision }} /> : <T k="floor.reentry_needs" p={{ n, total: zones.length }} />}
      </p>
      {!decision && (
        <Button writes="structure.reentry_allowed" class="small" disabled={n < zones.length} onClick={() => write('structure.reentry_allowed', { structure: structure.id })}>{t('floor.reentry_allow')}</Button>
      )}
    </div>
  )
}

export function Side(props: { structure: StructureView; kind: string }) {
  const { structure, kind } = props
  const inside = structure.levels.flatMap(insideOf)
  const rate = rateNow(structure, kind)
  const missed = par.value?.units.filter((it) => it.state === 'missed').length ?? 0
  const near = strangers()
  return (
    <section class="card floorside" aria-label={t('floor.at_a_glance')}>
      <div class="sechead"><h2>{t('floor.all_kinds')}</h2></div>
      <Matrix structure={structure} />
      <p class="hint">{t('floor.matrix_signs')}</p>
      <Reentry structure={structure} />
      <h3>{joined([wordText(kind, 'kind'), t('floor.rate')], ': ')}</h3>
      <p class="rate">{joined(rateParts(rate), t('comma'))}</p>
      <h3>{t('floor.who_inside')}{inside.length > 0 && <>: <bdi>{heads(inside)}</bdi></>}{missed > 0 && <b class="bad"> <bdi>{t('strip.missed', { n: missed })}</bdi></b>}</h3>
      <People structure={structure} />
      {near.size > 0 && [...new Set(near.values())].map((text) => <p key={text} class="stranger"><b class="warn">≠</b> <span dir="auto">{text}</span></p>)}
      {strip.value && near.size > 0 && <Button writes="deconfliction.requested" class="small" onClick={() => write('deconfliction.requested')}>{t('floor.deconflict')}</Button>}
      {par.value && inside.length > 0 && <p class="hint"><T k="floor.as_of" p={{ time: timeText(shown_now.value, shown_now.value) }} /></p>}
    </section>
  )
}

