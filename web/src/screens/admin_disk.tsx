// Disk (in Admin): what is free, what uses it, and how long it lasts at the present rate.
import { bytesText } from '../base/format'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { Part, Share, Waiting, useAsked } from './admin_ask'

interface Disk { free: number; total: number; kept: number; rate: number | null; uses: { what: string; bytes: number }[] }

const ASK_MS = 30_000
const HOURS_WARN = 12

/** Hours until only what is kept for the record is left; null: it does not fill. */
export function hoursLeft(disk: Pick<Disk, 'free' | 'kept' | 'rate'>): number | null {
  if (disk.rate === null || disk.rate <= 0) return null
  return Math.max(0, (disk.free - disk.kept) / disk.rate)
}

function hoursText(hours: number): string {
  if (hours < 1) return t('disk.hour_less')
  return hours > 24 * 14 ? t('disk.weeks') : t('age.hours', { n: Math.floor(hours) })
}

export default function DiskPart() {
  const { data, error } = useAsked<Disk>('/api/admin/disk', ASK_MS)
  const disk = data.value
  const hours = disk ? hoursLeft(disk) : null
  const uses = [...(disk?.uses ?? [])].sort((a, b) => b.bytes - a.bytes)
  const most = uses[0]?.bytes ?? 0
  const low = disk ? disk.free < 2 * disk.kept : false
  return (
    <Part id="disk" title={t('admin.tab.disk')} about={t('disk.about')} error={disk ? error.value : ''}>
      {!disk && <Waiting error={error.value} />}
      {disk && (
        <>
          <div class="adminfigures">
            <div class={low ? 'warn' : ''}><b><bdi>{bytesText(disk.free)}</bdi></b><span><T k="disk.free_of" p={{ total: bytesText(disk.total) }} /></span></div>
            <div class={hours !== null && hours < HOURS_WARN ? 'warn' : ''}>
              <b><bdi>{hours === null ? '—' : hoursText(hours)}</bdi></b>
              <span>{disk.rate === null ? t('disk.measuring') : hours === null ? t('disk.still') : <T k="disk.left" p={{ rate: bytesText(disk.rate) }} />}</span>
            </div>
            <div><b><bdi>{bytesText(disk.kept)}</bdi></b><span>{t('disk.kept')}</span></div>
          </div>
          <section class="card uses" aria-labelledby="uses-title">
            <div class="sechead"><h2 id="uses-title">{t('disk.uses')}</h2></div>
            <ul>
              {uses.map((it) => {
                const name = t(`disk.use.${it.what}` as Key)
                return <li key={it.what}><span>{name}</span><Share part={it.bytes} whole={most} label={`${name}: ${bytesText(it.bytes)}`} /><bdi>{bytesText(it.bytes)}</bdi></li>
              })}
            </ul>
          </section>
        </>
      )}
    </Part>
  )
}
