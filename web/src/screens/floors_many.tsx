// Several zones at once: one unit began or ended its search of all of them. Each is an entry of its own; what the
// record refuses is told, and the others stand.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { T, joined, t } from '../base/i18n'
import { wordText } from '../base/values'
import type { ZoneView } from '../net/incident'
import { clearanceOf, lookText, looks, tally } from '../state/clearing'
import { findZone, floorName, marked_zones, markZones, zoneName } from '../state/floor'
import { may_write } from '../state/past'
import { write } from '../state/view'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { ClearBar } from '../ui/stack'
import { VoidBox, Who, doneText } from './floors_card'
import { candidates, enterStep, stepsOf, whoField } from './floors_steps'
import type { Done, Step } from './floors_steps'

/** What may be said of several zones in one go. */
const steps = ['zone.search_started', 'zone.search_ended', 'zone.confirmed', 'zone.voided'] as const

/** Of zones that are being searched, those that a unit searches. */
const searchedBy = (zones: readonly ZoneView[], kind: string, unit: string) =>
  zones.filter((zone) => ((clearanceOf(zone.id, kind)?.fields['units'] ?? []) as readonly string[]).includes(unit))

export function SeveralCard(props: { kind: string }) {
  const { kind } = props
  const asking = useSignal<Step | null>(null)
  const busy = useSignal(false)
  const said = useSignal<ReturnType<typeof doneText> | null>(null)
  const box = useRef<HTMLElement>(null)
  const found = [...marked_zones.value].map(findZone).filter((it) => it !== null)
  const zones = found.map((it) => it.zone)
  const sum = tally(zones, kind)
  const can = (step: Step) => zones.filter((zone) => stepsOf(zone, kind).includes(step))
  useEffect(() => { asking.value = null }, [marked_zones.value])
  useEffect(() => {
    if (document.activeElement === document.body) box.current?.querySelector<HTMLElement>('.next .btn:not(:disabled)')?.focus()
  })
  const finish = (done: Done) => {
    busy.value = false
    asking.value = null
    said.value = doneText(done)
  }
  const run = async (step: Step, unit: string) => {
    if (busy.value) return
    busy.value = true
    const possible = step === 'zone.search_ended' ? searchedBy(can(step), kind, unit) : can(step)
    finish(await enterStep(step, possible.map((zone) => zone.id), kind, { [whoField[step]!]: unit }))
  }
  const close = () => {
    if (asking.value) asking.value = null
    else markZones([])
  }
  const step = asking.value
  const ids = step ? can(step).map((zone) => zone.id) : []
  const first = steps.find((it) => can(it).length > 0)
  return (
    <section
      class="card zonecard" ref={box} aria-label={t('floor.several')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        close()
      }}
    >
      <div class="sechead">
        <h2><T k="floor.zones_n" n={zones.length} /></h2>
        <button type="button" class="square" aria-label={t('close')} onClick={() => markZones([])}><Icon name="close" /></button>
      </div>
      <div class="pad">
        <ClearBar sum={sum} />
        <p>{joined(looks.filter((look) => sum.looks.has(look)).map((look) => t('floor.n_look', { n: sum.looks.get(look)!, look: lookText(look) })), t('comma'))}</p>
        <p class="dimmed">{joined(found.slice(0, 12).map((it) => `${floorName(it.level)} ${zoneName(it.zone)}`), t('comma'))}{found.length > 12 ? ' …' : ''}</p>
      </div>
      <h3>{t('floor.search_of', { kind: wordText(kind, 'kind') })}</h3>
      {step === null && may_write.value && (
        <div class="acts next column">
          {steps.map((it) => {
            const n = can(it).length
            return n > 0 && <Button writes={it} key={it} kind={it === first ? 'primary' : 'plain'} keys={it === first ? '↵' : undefined} disabled={busy.value} onClick={() => { asking.value = it }}>{t(`step.${it}`)} <bdi>{n}</bdi></Button>
          })}
          {!first && <p class="empty">{t('floor.nothing_for_all')}</p>}
        </div>
      )}
      {step === 'zone.voided' && <VoidBox zones={ids} kind={kind} onDone={finish} onClose={close} />}
      {step !== null && step !== 'zone.voided' && (
        <Who
          title={t('floor.who', { step: t(`step.${step}`) })} units={candidates(step, ids, kind)} onUnit={(unit) => void run(step, unit)}
          onAnother={() => write(step, { kind })} onClose={close}
        />
      )}
      <p class={`floorsaid ${said.value?.level ?? ''}`} role="status">{said.value?.text}</p>
      <p class="hint">{t('floor.several_how')}</p>
    </section>
  )
}
