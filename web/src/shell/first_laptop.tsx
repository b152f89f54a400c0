// Whether this laptop will hold for the night: clock, disk, maps, battery, keys. And what it does not need.
import { useEffect } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { ageText, bytesText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import type { Place } from '../base/place'
import { maps } from '../map/commands'
import { now, skew_ms } from '../state/clock'
import { askOwnBattery, machine, own_battery, watchMachine } from '../state/machine'
import type { Machine } from '../state/machine'
import { units } from '../state/tracks'
import { screen } from '../state/view'
import { Button } from '../ui/parts'

const HOUR_MS = 3_600_000
/** Less than a night's record, or than what a battery should have at the beginning. */
const HOURS_FEW = 24
const PERCENT_FEW = 40
const SKEW_MUCH_MS = 5_000

function Row(props: { name: string; warn?: boolean; children: ComponentChildren }) {
  return <div class="pairrow"><dt>{props.name}</dt><dd class={props.warn ? 'warn' : ''}>{props.children}</dd></div>
}

/** How far the worst phone's clock is from the server's. */
function phoneSkew(): number {
  let worst = 0
  for (const unit of units.values()) if (unit.presence && Math.abs(unit.ahead_ms) > Math.abs(worst)) worst = unit.ahead_ms
  return Math.abs(worst)
}

function Clock(props: { machine: Machine }) {
  void now.value
  const skew = Math.abs(skew_ms.value)
  const phones = phoneSkew()
  const parts = [
    t(`first.clock.${props.machine.clock}`),
    skew > SKEW_MUCH_MS ? t('first.clock_screen', { age: ageText(skew) }) : '',
    phones > SKEW_MUCH_MS ? t('first.clock_phones', { age: ageText(phones) }) : '',
  ]
  return <Row name={t('first.clock')} warn={skew > SKEW_MUCH_MS || phones > SKEW_MUCH_MS}>{joined(parts, t('comma'))}</Row>
}

function Disk(props: { machine: Machine }) {
  const { disk } = props.machine
  if (!disk) return null
  const hours = Math.floor(disk.free / disk.growth)
  return <Row name={t('first.disk')} warn={hours < HOURS_FEW}><T k="first.disk_free" p={{ free: bytesText(disk.free), age: ageText(hours * HOUR_MS) }} /></Row>
}

function Maps(props: { at: Place | null }) {
  const { at } = props
  const list = maps.value
  if (list.length === 0) return <Row name={t('first.map')} warn>{t('first.map_none')}</Row>
  if (!at) return <Row name={t('first.map')}><bdi>{joined(list.map((it) => it.name), t('comma'))}</bdi></Row>
  const there = list.find(({ bounds: [west, south, east, north] }) => at.lon >= west && at.lon <= east && at.lat >= south && at.lat <= north)
  return <Row name={t('first.map')} warn={!there}>{there ? <T k="first.map_covers" p={{ name: there.name }} /> : t('first.map_not_here')}</Row>
}

function Battery(props: { machine: Machine }) {
  const it = own_battery.value ?? props.machine.battery
  if (!it) return <Row name={t('first.battery')}>{t('first.no_battery')}</Row>
  const left = it.left_s === null ? '' : ageText(it.left_s * 1000)
  const parts = [`${it.percent}%`, it.on_mains ? t('first.on_mains') : left && t('first.left', { age: left })]
  return <Row name={t('first.battery')} warn={!it.on_mains && it.percent < PERCENT_FEW}>{joined(parts, t('comma'))}</Row>
}

export function Laptop(props: { at: Place | null }) {
  useEffect(() => {
    void askOwnBattery()
    return watchMachine()
  }, [])
  const it = machine.value
  return (
    <section class="laptop" aria-labelledby="first-laptop">
      <h3 id="first-laptop">{t('first.laptop')}</h3>
      <dl>
        {it && <Clock machine={it} />}
        {it && <Disk machine={it} />}
        <Maps at={props.at} />
        {it && <Battery machine={it} />}
        <Row name={t('first.internet')}>{t('first.not_needed')}</Row>
        <Row name={t('first.keys')}><Button class="small" onClick={() => { screen.value = 'admin' }}>{t('first.keys_copy')}</Button></Row>
      </dl>
    </section>
  )
}
