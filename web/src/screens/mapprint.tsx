// The map on one sheet of paper: the picture as it is seen, with grid, scale and north, and the names of what is drawn.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ageText } from '../base/format'
import { coordinateText } from '../base/geo'
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { map_commands, maps, scale_bar } from '../map/commands'
import { serverNow } from '../state/clock'
import { placed } from '../state/places'
import { hidden_maps, show_incident, theme } from '../state/prefs'
import { silence, units } from '../state/tracks'
import { centre } from '../state/view'
import { printPage } from '../ui/print'

interface Sheet {
  url: string
  /** Of the picture, so that the scale bar fits it at any size. */
  width: number
  at: number
}

const sheet = signal<Sheet | null>(null)

export async function printMap(): Promise<void> {
  const picture = await map_commands.peek()?.picture()
  const blob = picture && (await new Promise<Blob | null>((done) => picture.toBlob(done)))
  if (!picture || !blob) return
  const url = URL.createObjectURL(blob)
  const image = new Image()
  image.src = url
  await image.decode()
  sheet.value = { url, width: picture.width / window.devicePixelRatio, at: serverNow() }
}

/** What stands on the record within the picture, by kind. */
function Names() {
  const shown = show_incident.value === 'on' ? placed.value : []
  return (
    <ul class="names">
      {shown.map((it) => (
        <li key={`${it.entity.kind}/${it.entity.id}`}><b><bdi>{it.name || it.entity.id}</bdi></b> {t(`place.${it.entity.kind}` as Key)}</li>
      ))}
    </ul>
  )
}

/** Who is silent stands there by name, as paper cannot be asked. */
function Silent(props: { at: number }) {
  const silent = [...units.values()].filter((unit) => unit.presence && silence(unit, props.at) > 0).slice(0, 24)
  if (silent.length === 0) return null
  return <p>{t('print.silent')} {silent.map((unit, i) => <span key={unit.uid}>{i > 0 && t('comma')}<bdi>{unit.callsign}</bdi> <bdi>{ageText(props.at - unit.heard)}</bdi></span>)}</p>
}

export function PrintMap() {
  const it = sheet.value
  useEffect(() => {
    if (!it) return
    const after = () => {
      URL.revokeObjectURL(it.url)
      sheet.value = null
    }
    addEventListener('afterprint', after, { once: true })
    // The sheet is in the page when the browser has drawn it once.
    const frame = requestAnimationFrame(() => requestAnimationFrame(() => void printPage(t('nav.map'))))
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('afterprint', after)
    }
  }, [it])
  // Of the browser's own menu: its canvases would not lie where they lie on the screen, so it is no map.
  if (!it) return <p id="mappaper" class="print-only">{t('print.map_by_key')}</p>
  const at = centre.value
  const sources = maps.value.filter((map) => map.attribution && !hidden_maps.value.has(map.name)).map((map) => map.attribution.replace(/<[^>]*>/g, ''))
  return (
    <section id="mapsheet" class="print-only" aria-hidden="true">
      <figure>
        <img class={theme.value} src={it.url} alt="" />
        <span class="north" aria-hidden="true">↑<br />N</span>
        <span class="scalebar"><i style={{ width: `${(scale_bar.value.px / it.width) * 100}%` }} /><bdi>{scale_bar.value.text}</bdi></span>
      </figure>
      <p class="key">
        <span><b class="frame" /> {t('print.unit')}</span><span><b class="frame hollow" /> {t('print.silent_unit')}</span>
        <span>{t('print.lines')}</span>
        {at && <span>{t('print.middle')} <bdi>{coordinateText('degrees', at.lat, at.lon)}</bdi>{t('comma')}<bdi>{coordinateText('mgrs', at.lat, at.lon)}</bdi></span>}
      </p>
      <Names />
      <Silent at={it.at} />
      {sources.length > 0 && <small><bdi>{[...new Set(sources)].join(' · ')}</bdi></small>}
    </section>
  )
}
