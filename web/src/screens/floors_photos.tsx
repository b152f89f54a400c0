// Photos of a zone in its card: small pictures that open large, and a way to place one that a phone sent.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import '../css/photos.css'
import { T, joined, t } from '../base/i18n'
import { timeText } from '../base/values'
import { entityText } from '../base/written'
import type { Entity } from '../net/incident'
import { act } from '../state/acts'
import { entity, shown_now, textOf, timeOf } from '../state/incident'
import { placeName } from '../state/names'
import { askFiles, hashOf, photoName, photosBeside, photosOf, pictureUrl, placeFile, senderOf } from '../state/photos'
import type { FileEntry } from '../state/photos'
import { whyNot } from '../state/rights'
import { Button, Dialog } from '../ui/parts'

const BESIDE_MAX = 24

function Picture(props: { hash: string }) {
  const url = useSignal<string | null>(null)
  useEffect(() => {
    let wanted = true
    url.value = null
    void pictureUrl(props.hash).then((it) => { if (wanted) url.value = it })
    return () => { wanted = false }
  }, [props.hash])
  if (url.value === '') return <span class="nopicture">{t('photo.failed')}</span>
  // What it shows nobody wrote down; whose it is and when stands beside it.
  return url.value === null ? <span class="nopicture" aria-busy="true" /> : <img src={url.value} alt="" draggable={false} />
}

/** "EX-R1, 21:14": who sent it, and when. */
function byText(report: Entity): string {
  const source = textOf(report, 'source')
  return joined([source ? placeName('source', source) : '', timeText(timeOf(report.fields['reported_at'] ?? report.fields['recorded_at']), shown_now.value)], t('comma'))
}

function Photo(props: { report: Entity; large: boolean; onClick: () => void }) {
  const { report } = props
  const zone = textOf(report, 'zone')
  return (
    <button type="button" class="photo" data-report={report.id} onClick={props.onClick} aria-label={joined([t(props.large ? 'photo.large' : 'photo.here'), photoName(report), byText(report)], t('comma'))}>
      <Picture hash={hashOf(report)} />
      <span><b><bdi>{photoName(report)}</bdi></b><small>{byText(report)}</small>{!props.large && entity('zone', zone) && <small><T k="photo.elsewhere" p={{ zone: placeName('zone', zone) }} /></small>}</span>
    </button>
  )
}

/** One that came while no incident was open, or from a computer. */
function Loose(props: { file: FileEntry; onClick: () => void }) {
  const { file } = props
  const by = joined([senderOf(file), timeText(file.at, shown_now.value)], t('comma'))
  return (
    <button type="button" class="photo" data-file={file.sha256} onClick={props.onClick} aria-label={joined([t('photo.here'), file.name, by, t('photo.unreported')], t('comma'))}>
      <Picture hash={file.sha256} />
      <span><b><bdi>{file.name}</bdi></b><small>{by}</small><small>{t('photo.unreported')}</small></span>
    </button>
  )
}

/** Which photo shows this zone: one press places it. */
function Choose(props: { zone: string; onDone: (why: string) => void; onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const list = photosBeside(props.zone).filter((it) => 'kind' in it || whyNot('report.received') === '').slice(0, BESIDE_MAX)
  const busy = useSignal(false)
  useLayoutEffect(() => {
    box.current?.querySelector('button')?.focus()
    box.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const place = async (it: Entity | FileEntry) => {
    if (busy.value) return
    busy.value = true
    props.onDone(await ('kind' in it ? act('report.placed', { report: it.id, zone: props.zone }) : placeFile(it, props.zone)))
  }
  return (
    <div class="whobox" ref={box} role="group" aria-label={t('photo.which')}>
      <h3>{t('photo.which')}</h3>
      {list.length === 0 && <p class="empty">{t('photo.none_beside')}</p>}
      <div class="photos">{list.map((it) => ('kind' in it
        ? <Photo key={it.id} report={it} large={false} onClick={() => void place(it)} />
        : <Loose key={it.sha256} file={it} onClick={() => void place(it)} />))}</div>
      <div class="acts"><Button keys="Esc" onClick={props.onClose}>{t('entry.cancel')}</Button></div>
    </div>
  )
}

export function Photos(props: { zone: string }) {
  const { zone } = props
  const asking = useSignal(false)
  const failed = useSignal('')
  const large = useSignal('')
  const begin = useRef<HTMLDivElement>(null)
  const shown = entity('report', large.value)
  const photos = photosOf(zone)
  // Nobody asks where no report cites a file.
  useEffect(() => { if (photos.length > 0) void askFiles() }, [photos.length])
  useLayoutEffect(() => {
    asking.value = false
    failed.value = ''
  }, [zone])
  const end = (why = '') => {
    asking.value = false
    failed.value = why
    requestAnimationFrame(() => begin.current?.querySelector('button')?.focus())
  }
  // Escape closes what was opened last; the card has its own.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !(asking.value || shown)) return
    event.stopPropagation()
    if (!asking.value) return
    event.preventDefault()
    end()
  }
  return (
    <div onKeyDown={onKeyDown}>
      <h3>{t('photo.title')}{photos.length > 0 && <> <bdi>{photos.length}</bdi></>}</h3>
      {photos.length > 0 && <div class="photos">{photos.map((it) => <Photo key={it.id} report={it} large onClick={() => { large.value = it.id }} />)}</div>}
      {asking.value ? <Choose zone={zone} onDone={end} onClose={() => end()} /> : (
        <div class="acts" ref={begin}><Button writes="report.placed" class="small" onClick={() => { void askFiles(); asking.value = true }}>{t('photo.place')}</Button></div>
      )}
      <p class="floorsaid warn" role="alert">{failed.value}</p>
      {shown && (
        <Dialog title={joined([photoName(shown), byText(shown)], t('comma'))} onClose={() => { large.value = '' }} class="photolarge">
          <Picture hash={hashOf(shown)} />
          <p dir="auto">{entityText(shown, 'text')}</p>
        </Dialog>
      )}
    </div>
  )
}
