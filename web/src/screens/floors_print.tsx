// The state of the floors on paper: each floor's zones, as a plan where there is one, with who is inside, the kinds at
// a glance and what the signs mean. It is in the document only while it is printed.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { signal } from '@preact/signals'
import { T, joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import type { LevelView, StructureView } from '../net/incident'
import { glyphs, heads, insideOf, lookOf, lookText, looks, openThreats, tally } from '../state/clearing'
import { floorLabel, zoneName } from '../state/floor'
import { gridOf } from '../ui/plan_grid'
import { doorMarks, marksOf, planFor } from '../ui/plan_data'
import { drawPlan, fitView, paper } from '../ui/plan_draw'
import type { Job } from '../ui/plan_draw'
import { shortNames } from '../ui/plan_shape'
import { sumText } from '../ui/stack'
import { Matrix, rateNow, rateParts } from './floors_side'
import { Inside } from './floors_strips'

const media = matchMedia('print')
/** Paper is being made: by the button, by the browser's own menu, or by what watches over a test. */
export const on_paper = signal(media.matches)
media.addEventListener('change', () => { on_paper.value = media.matches })
addEventListener('beforeprint', () => { on_paper.value = true })
addEventListener('afterprint', () => { on_paper.value = media.matches })

const WIDTH = 1_000
const DENSITY = 2

/** A plan from a map, in the inks of paper. */
function PaperPlan(props: { structure: StructureView; level: LevelView; kind: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const plan = planFor(props.structure, props.level)
  const height = Math.round((WIDTH * plan.box.h) / (plan.box.w || 1)) + 16
  useLayoutEffect(() => {
    const ctx = canvas.current!.getContext('2d')!
    ctx.setTransform(DENSITY, 0, 0, DENSITY, 0, 0)
    ctx.clearRect(0, 0, WIDTH, height)
    const job: Job = { plan, view: fitView(plan, WIDTH, height, 6), inks: paper, marks: marksOf(props.level, props.kind), doors: doorMarks(plan), text: 13 }
    drawPlan(ctx, job)
  })
  return <canvas class="paperplan" ref={canvas} width={WIDTH * DENSITY} height={height * DENSITY} role="img" aria-label={t('floor.plan_of', { name: floorLabel(props.level) })} />
}

function PaperStrip(props: { level: LevelView; kind: string }) {
  const { level, kind } = props
  const cells = new Map(gridOf(level.zones).map((cell) => [cell.id, cell]))
  const names = shortNames(level.zones.map(zoneName))
  const pc = (share: number) => `${(share * 100).toFixed(3)}%`
  return (
    <div class={`paperstrip ${level.zones.length === 1 ? 'single' : ''}`}>
      {level.zones.map((zone, i) => {
        const at = cells.get(zone.id)!
        const look = lookOf(zone, kind)
        return (
          <div key={zone.id} class={`pz ${look}`} data-paper-zone={zone.id} style={{ left: pc(at.x), top: pc(at.y), width: pc(at.w), height: pc(at.h) }}>
            <b><bdi>{names[i]}</bdi> {glyphs[look] ?? '?'}</b>
            <span><bdi>{(zone.units ?? []).join(' ')}</bdi></span>
            {(zone.casualties ?? 0) > 0 && <span>✚<bdi>{zone.casualties}</bdi></span>}
          </div>
        )
      })}
    </div>
  )
}

/** What is not quiet, in words: paper has no card to open. */
function Notes(props: { level: LevelView; kind: string }) {
  const rows = props.level.zones.flatMap((zone) => {
    const look = lookOf(zone, props.kind)
    const threats = openThreats(zone)
    const told = ['threat', 'eod', 'no-go', 'void', 'partial', 'entered'].includes(look) || (zone.units?.length ?? 0) > 0 || (zone.casualties ?? 0) > 0
    if (!told) return []
    return [joined([zoneName(zone), lookText(look), ...threats, ...(zone.units ?? []), (zone.casualties ?? 0) > 0 ? t('floor.hurt_n', { n: zone.casualties! }) : ''], t('comma'))]
  })
  if (rows.length === 0) return null
  return <ul class="papernotes">{rows.map((row) => <li key={row}>{row}</li>)}</ul>
}

export function FloorPaper(props: { structure: StructureView; kind: string }) {
  const { structure, kind } = props
  if (!on_paper.value) return null
  const sum = tally(structure.levels.flatMap((level) => level.zones), kind)
  return (
    <section class="print-only floorpaper">
      <h2><bdi>{structure.name}</bdi>: {wordText(kind, 'kind')}</h2>
      <p><T k="floor.rooms_clear" p={{ n: sum.clear, total: sum.total }} />. {joined(rateParts(rateNow(structure, kind)), t('comma'))}</p>
      <p class="paperlegend">{looks.map((look) => <span key={look}><b>{glyphs[look]}</b> {lookText(look)}</span>)}</p>
      {structure.levels.map((level) => {
        const inside = insideOf(level)
        const drawn = planFor(structure, level).to_scale
        return (
          <article key={level.id} class="paperlevel" data-paper-level={level.id}>
            <h3><bdi>{floorLabel(level)}</bdi> <small>{sumText(tally(level.zones, kind))}{inside.length > 0 && <>{t('comma')}<T k="floor.inside_n" n={heads(inside)} /></>}</small></h3>
            {drawn ? <PaperPlan structure={structure} level={level} kind={kind} /> : <PaperStrip level={level} kind={kind} />}
            <Notes level={level} kind={kind} />
            {inside.length > 0 && <div class="paperinside"><Inside inside={inside} /></div>}
          </article>
        )
      })}
      <h3>{t('floor.all_kinds')}</h3>
      <Matrix structure={structure} plain />
    </section>
  )
}
