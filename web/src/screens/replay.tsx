// Replay (8): the whole incident as a line. What happened when, the figures over it, and one moment of it on all screens.
import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { clockText } from '../base/format'
import { T, t } from '../base/i18n'
import { axisMarks, figuresAt, isStep, nearest, tick_rows } from '../base/timeline'
import type { Figures, Happened, Timeline } from '../base/timeline'
import { rangeText, timeText } from '../base/values'
import { offsetMs } from '../base/zone'
import { live_now, now } from '../state/clock'
import { live_id } from '../state/incident'
import { as_role, askPast, leaveUnasked } from '../state/past'
import { span } from '../state/span'
import { askTexts } from '../state/texts'
import { timeline } from '../state/timeline'
import { Button, Empty } from '../ui/parts'
import { Scrubber } from '../ui/scrubber'
import { printing } from '../ui/print'
import { Steps, TickRows } from '../ui/ticks'
import { compared } from './replay_compare'
import { ReplayCards } from './replay_cards'
import { Report, Exports } from './replay_report'
import '../css/replay.css'

type Clock = 'recorded' | 'observed'

const recorded = (event: Happened) => event.at
const observed = (event: Happened) => event.observed || event.at
/** How near to a tick a pointer means it. */
const REACH_PX = 5
const AXIS_PX = 90

const curves = {
  inside: { lo: (it: Figures) => it.inside },
  killed: { lo: (it: Figures) => it.killed_lo, hi: (it: Figures) => it.killed_hi },
  threat: { lo: (it: Figures) => it.threat },
} as const

function figureText(name: keyof typeof curves, it: Figures | undefined): string {
  if (!it || curves[name].lo(it) === null) return t('count.none')
  if (name === 'killed') return rangeText(it.killed_lo, it.killed_hi)
  return name === 'inside' ? String(it.inside) : t('strip.of', { n: it.threat!, total: it.zones! })
}

function Axis(props: { from: number; to: number }) {
  const { from, to } = props
  const marks = axisMarks(from, to, Math.max(4, Math.floor(window.innerWidth * 0.5 / AXIS_PX)), offsetMs(from))
  return (
    <div class="axis" aria-hidden="true">
      {marks.map((at) => <span key={at} style={{ left: `${((at - from) / (to - from)) * 100}%` }}>{clockText(at, false)}</span>)}
    </div>
  )
}

function Marks(props: { from: number; to: number }) {
  const { from, to } = props
  return (
    <>
      {(['a', 'b'] as const).map((name) => {
        const it = compared[name].value
        return it && <i key={name} class="mark" aria-hidden="true" style={{ insetInlineStart: `${((it.at - from) / (to - from)) * 100}%` }}><b>{name.toUpperCase()}</b></i>
      })}
    </>
  )
}

function Lines(props: { it: Timeline; clock: Clock }) {
  const { events, figures } = props.it
  const { from, to } = span.value!
  const timeOf = props.clock === 'recorded' ? recorded : observed
  const at = figuresAt(figures, now.value)
  const drawn = useMemo(() => (Object.keys(curves) as (keyof typeof curves)[]).map((name) => {
    const { lo, hi } = { hi: undefined, ...curves[name] }
    const most = figures.reduce((most, it) => Math.max(most, lo(it) ?? 0, hi?.(it) ?? 0, name === 'threat' ? it.zones ?? 0 : 0), 0)
    return { name, curve: { lo, most, ...(hi ? { hi } : {}) } }
  }), [figures])
  const snap = (meant: number, event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).querySelector('.ticks')!.getBoundingClientRect()
    const row = tick_rows[Math.floor(((event.clientY - box.top) / box.height) * tick_rows.length)]
    const reach = (REACH_PX / box.width) * (to - from)
    const found = row && event.clientY >= box.top ? nearest(events, row.id, meant, reach, timeOf) : undefined
    return found ? found.at : Math.round(meant / 1000) * 1000
  }
  return (
    <div class="timegrid">
      <div class="names">
        <span />
        {tick_rows.map((row) => <span key={row.id}>{t(`replay.row.${row.id}`)}</span>)}
        {drawn.map(({ name }) => <span key={name} data-figure={name}>{t(`replay.figure.${name}`)} <b><bdi>{figureText(name, at)}</bdi></b></span>)}
      </div>
      <Scrubber from={from} to={to} snap={snap}>
        <Axis from={from} to={to} />
        <TickRows events={events} from={from} to={to} timeOf={timeOf} />
        {drawn.map(({ name, curve }) => <Steps key={name} figures={figures} from={from} to={to} curve={curve} />)}
        <Marks from={from} to={to} />
      </Scrubber>
    </div>
  )
}

export default function ReplayScreen() {
  const clock = useSignal<Clock>('recorded')
  const it = timeline.value
  const head = it?.events.at(-1)?.seq ?? 0
  useEffect(() => {
    askPast()
    return leaveUnasked
  }, [live_id.value])
  useEffect(() => { if (head > 0) void askTexts(head) }, [head, as_role.value])
  if (live_id.value === '') {
    return (
      <section class="screen" aria-labelledby="replay-title">
        <div class="bar"><h1 id="replay-title">{t('nav.replay')}</h1></div>
        <Empty>{t('incident.none_hint')}</Empty>
      </section>
    )
  }
  return (
    <section class="screen replay" aria-labelledby="replay-title">
      <div class="bar">
        <h1 id="replay-title">{t('nav.replay')}</h1>
        {it && span.value && (
          <span class="dimmed">
            <T k="replay.span" p={{ from: timeText(span.value.from, live_now.value), n: it.events.filter(isStep).length }} />
          </span>
        )}
        {it?.cut && <span class="warn">{t('replay.cut')}</span>}
        <span class="gap" />
        <div class="chips" role="group" aria-label={t('replay.clock')}>
          <span class="dimmed">{t('replay.clock')}</span>
          {(['recorded', 'observed'] as const).map((name) => (
            <Button key={name} class="small" pressed={clock.value === name} onClick={() => { clock.value = name }}>{t(`replay.${name}`)}</Button>
          ))}
        </div>
        <Exports />
      </div>
      {!it || !span.value ? <Empty>{t('replay.loading')}</Empty> : (
        <>
          <section class="card timelinecard no-print" aria-label={t('replay.line')}><Lines it={it} clock={clock.value} /></section>
          <ReplayCards it={it} clock={clock.value} />
        </>
      )}
      {printing.value && <Report />}
    </section>
  )
}
