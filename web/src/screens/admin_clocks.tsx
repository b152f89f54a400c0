// Clocks (in Admin): who keeps the server's, how far this browser is off, and the phones whose own time is wrong.
import { clockText, dateText } from '../base/format'
import { T, t } from '../base/i18n'
import { skew_ms } from '../state/clock'
import { select } from '../state/view'
import { Age, Empty } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'
import { Facts, Part, Waiting, useAsked } from './admin_ask'

interface Phone { uid: string; callsign: string; off_ms: number; seen: number }
interface Clocks { now: number; steered: boolean; error_us: number; exercise: boolean; source: string; phones: Phone[] }

const ASK_MS = 5_000
const OFF_MS = 5_000

function amountText(s: number): string {
  if (s < 120) return t('age.seconds', { n: s.toFixed(1) })
  if (s < 7200) return t('age.minutes', { n: Math.round(s / 60) })
  if (s < 172_800) return t('age.hours', { n: Math.round(s / 3600) })
  return t('age.days', { n: Math.round(s / 86_400) })
}

/** How far a clock is off, with its direction in words: a sign alone is misread at night. */
export function offText(ms: number): string {
  const s = Math.abs(ms) / 1000
  return t(ms < 0 ? 'clocks.behind' : 'clocks.ahead', { amount: amountText(s) })
}

const columns = (): Column<Phone>[] => [
  { id: 'callsign', title: t('col.callsign'), by: (it) => it.callsign, cell: (it) => <bdi>{it.callsign || it.uid}</bdi> },
  { id: 'off', title: t('clocks.off'), by: (it) => Math.abs(it.off_ms), cell: (it) => <b class="warn"><bdi>{offText(it.off_ms)}</bdi></b> },
  { id: 'seen', title: t('clocks.seen'), by: (it) => -it.seen, end: true, cell: (it) => <Age at={it.seen} /> },
]

export default function ClocksPart() {
  const { data, error } = useAsked<Clocks>('/api/admin/clocks', ASK_MS)
  const clocks = data.value
  const own = -skew_ms.value
  return (
    <Part id="clocks" title={t('admin.tab.clocks')} about={t('clocks.about')} error={clocks ? error.value : ''}>
      {!clocks && <Waiting error={error.value} />}
      {clocks && (
        <>
          <section class="card" aria-labelledby="clocks-server">
            <div class="sechead"><h2 id="clocks-server">{t('clocks.server')}</h2></div>
            <Facts
              rows={[
                [t('clocks.now'), <bdi key="n">{dateText(clocks.now)} {clockText(clocks.now)}</bdi>],
                [t('clocks.keeper'), clocks.exercise
                  ? t('clocks.exercise')
                  : clocks.steered
                    ? <T key="k" k="clocks.steered" p={{ error: `${(clocks.error_us / 1000).toFixed(0)} ms` }} />
                    : <b key="k" class="warn">{t('clocks.free')}</b>],
                [t('clocks.counter'), <bdi key="c" dir="ltr">{clocks.source}</bdi>],
                [t('clocks.browser'), <span key="b" class={Math.abs(own) > OFF_MS ? 'warn' : ''}><bdi>{Math.abs(own) < 1000 ? t('clocks.same') : offText(own)}</bdi></span>],
              ]}
            />
          </section>
          <section class="card phonesoff" aria-labelledby="clocks-phones">
            <div class="sechead"><h2 id="clocks-phones">{t('clocks.phones')}</h2><span class="count"><bdi>{clocks.phones.length}</bdi></span></div>
            {clocks.phones.length === 0
              ? <Empty>{t('clocks.all_right')}</Empty>
              : <Table id="clocktable" caption={t('clocks.phones')} columns={columns()} rows={clocks.phones} sort="-off" keyOf={(it) => it.uid} onRow={(it) => select(it.uid)} />}
          </section>
        </>
      )}
    </Part>
  )
}
