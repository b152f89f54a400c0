// Maps (in Admin): which files there are, how much of the incident's area they cover at which zoom, and one more file.
import { useEffect, useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { coverOf, areaOf } from '../base/cover'
import type { Span } from '../base/cover'
import { bytesText } from '../base/format'
import { T, t } from '../base/i18n'
import { maps } from '../map/commands'
import { call } from '../net/api'
import type { MapInfo } from '../net/protocol'
import { sendFile } from '../net/send'
import { placed } from '../state/places'
import { Button, Empty } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { Part, Share, Waiting, refusal, useAsked } from './admin_ask'

interface MapFile { file: string; bytes: number; whole: boolean }
interface MapFiles { files: MapFile[]; bytes: number; quota: number }

const stem = (file: string) => file.replace(/\.(mbtiles|pmtiles)$/, '')
const degrees = (n: number) => n.toFixed(2)

/** What the server takes as a name: others are made to fit, so that nobody has to rename a file on a tired night. */
export function fileName(name: string): string {
  const ending = /\.(mbtiles|pmtiles)$/i.exec(name)?.[0].toLowerCase() ?? ''
  const rest = name.slice(0, name.length - ending.length).replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '')
  return ending && rest ? rest.slice(0, 60) + ending : ''
}

function spanText(it: Span): string {
  const zoom = it.from === it.to ? String(it.from) : `${it.from}–${it.to}`
  if (it.share === 0) return t('maps.zoom_none', { zoom })
  return it.share === 1 ? t('maps.zoom_all', { zoom }) : t('maps.zoom_part', { zoom, percent: Math.round(it.share * 100) })
}

function Cover() {
  const area = areaOf(placed.value.flatMap((it) => it.places))
  if (!area) return <Empty>{t('maps.no_area')}</Empty>
  return (
    <section class="card mapcover" aria-labelledby="cover-title">
      <div class="sechead"><h2 id="cover-title">{t('maps.cover')}</h2></div>
      <ul>
        {coverOf(area, maps.value).map((it) => (
          <li key={it.from}><Share part={it.share} whole={1} label={spanText(it)} /> <span class={it.share === 0 && it.from < 17 ? 'warn' : ''}>{spanText(it)}</span></li>
        ))}
      </ul>
    </section>
  )
}

function MapCard(props: { file: MapFile; known: MapInfo | undefined; onDone: (text: string, error: string) => void }) {
  const { file, known } = props
  const drop = async () => {
    const answer = await call('POST', `/api/admin/maps/${encodeURIComponent(file.file)}/delete`)
    props.onDone(answer.ok ? t('maps.was_deleted', { name: file.file }) : '', refusal(answer))
  }
  return (
    <li class="card mapcard">
      <div class="sechead"><h2><bdi>{file.file}</bdi></h2><span class="dimmed"><bdi>{bytesText(file.bytes)}</bdi></span></div>
      {!file.whole && <p class="warn">{t('maps.partly')}</p>}
      {file.whole && !known && <p class="warn">{t('maps.unread')}</p>}
      {known && (
        <p>
          <bdi>{known.format}</bdi> · <T k="maps.zooms" p={{ zoom: `${known.minzoom}–${known.maxzoom}` }} /> ·{' '}
          <bdi>{degrees(known.bounds[1])}…{degrees(known.bounds[3])} N, {degrees(known.bounds[0])}…{degrees(known.bounds[2])} E</bdi>
        </p>
      )}
      {known?.attribution && <p class="dimmed"><bdi>{known.attribution.replace(/<[^>]*>/g, '')}</bdi></p>}
      <div class="acts"><HoldButton writes="administers" onDone={() => void drop()}>{t('maps.delete')}</HoldButton></div>
    </li>
  )
}

/** One file on its way; what was sent of the same one before is gone on behind. */
function Upload(props: { files: MapFile[]; onDone: (text: string, error: string) => void }) {
  const at = useSignal(-1)
  const size = useSignal(0)
  const stop = useRef<AbortController | null>(null)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => () => stop.current?.abort(), [])
  const send = async (file: File) => {
    const name = fileName(file.name)
    if (!name) return props.onDone('', t('maps.no_map'))
    const before = props.files.find((it) => it.file === name && !it.whole)
    stop.current = new AbortController()
    size.value = file.size
    const answer = await sendFile(`/api/admin/maps/${name}`, file, before && before.bytes < file.size ? before.bytes : 0, (n) => { at.value = n }, stop.current.signal)
    at.value = -1
    if (stop.current.signal.aborted) return props.onDone(t('maps.was_stopped'), '')
    props.onDone(answer.ok ? t('maps.was_taken', { name }) : '', refusal(answer))
  }
  if (at.value >= 0) {
    const label = t('maps.sending', { done: bytesText(at.value), of: bytesText(size.value) })
    return <span class="sending"><Share part={at.value} whole={size.value} label={label} /> <span role="status">{label}</span> <Button onClick={() => stop.current?.abort()}>{t('maps.stop')}</Button></span>
  }
  return (
    <>
      <input
        ref={input} id="map-file" class="hidden" type="file" accept=".mbtiles,.pmtiles" aria-label={t('maps.add')} tabIndex={-1}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
          if (file) void send(file)
        }}
      />
      <Button writes="administers" onClick={() => input.current?.click()}>{t('maps.add')}</Button>
    </>
  )
}

export default function Maps() {
  const { data, error, ask } = useAsked<MapFiles>('/api/admin/maps')
  const said = useSignal('')
  const failed = useSignal('')
  const done = async (text: string, why: string) => {
    said.value = text
    failed.value = why
    void ask()
    const known = await call<MapInfo[]>('GET', '/api/maps')
    if (known.ok) maps.value = known.data
  }
  useEffect(() => void done('', ''), [])
  const list = data.value
  return (
    <Part
      id="maps" title={t('admin.tab.maps')} about={t('maps.about')} said={said.value} error={failed.value || (list ? error.value : '')}
      acts={list && <Upload files={list.files} onDone={(text, why) => void done(text, why)} />}
    >
      {!list && <Waiting error={error.value} />}
      {list && (
        <>
          {list.files.length === 0
            ? <Empty>{t('maps.none_yet')}</Empty>
            : <ul class="cards">{list.files.map((it) => <MapCard key={it.file} file={it} known={maps.value.find((one) => one.name === stem(it.file) || one.name === it.file)} onDone={(text, why) => void done(text, why)} />)}</ul>}
          <Cover />
          <p class="dimmed"><T k="maps.quota" p={{ used: bytesText(list.bytes), quota: bytesText(list.quota) }} /></p>
        </>
      )}
    </Part>
  )
}
