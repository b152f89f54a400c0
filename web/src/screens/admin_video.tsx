// Video (in Admin): the list of sources that phones share. Nothing is played here: the stream stays between the camera
// and whoever opens it on a phone.
import { useSignal } from '@preact/signals'
import { t } from '../base/i18n'
import { call } from '../net/api'
import { uuid } from '../state/outbox'
import { mayDo } from '../state/rights'
import type { Writes } from '../state/rights'
import { Icon } from '../ui/icon'
import { Button, Empty, Field } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'
import { Part, Waiting, refusal, useAsked } from './admin_ask'

interface Feed { uuid?: string; alias?: string; url: string; latitude?: string | null; longitude?: string | null; [more: string]: unknown }
interface Source { uuid: string; active: boolean; alias: string; thumbnail?: string | null; classification?: string | null; feeds: Feed[] }

const ASK_MS = 10_000
/** Who writes in the record, or looks after the server. */
const changes = (): Writes => (mayDo('writes') ? 'writes' : 'administers')
const pathOf = (uid: string) => `/Marti/api/video/${encodeURIComponent(uid)}`

const columns = (): Column<Source>[] => [
  { id: 'alias', title: t('video.alias'), by: (it) => it.alias, cell: (it) => <bdi>{it.alias || it.uuid}</bdi> },
  { id: 'url', title: t('video.url'), by: (it) => it.feeds[0]?.url ?? '', cell: (it) => <bdi dir="ltr">{it.feeds[0]?.url}</bdi> },
  { id: 'feeds', title: t('video.feeds'), by: (it) => it.feeds.length, end: true, cell: (it) => <bdi>{it.feeds.length}</bdi> },
  { id: 'active', title: t('col.state'), by: (it) => Number(it.active), cell: (it) => (it.active ? t('video.active') : <b class="warn">{t('video.off')}</b>) },
]

function SourceForm(props: { known: Source | null; onDone: (text: string) => void; onClose: () => void }) {
  const { known } = props
  const error = useSignal('')
  const active = useSignal(known?.active ?? true)
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(`video-${name}`) ?? '').trim()
    const alias = text('alias')
    const first: Feed = { ...known?.feeds[0], alias, url: text('url'), latitude: text('lat') || null, longitude: text('lon') || null }
    const groups = text('groups').split(/[,،]+/).map((it) => it.trim()).filter(Boolean).map((it) => `group=${encodeURIComponent(it)}`).join('&')
    const path = pathOf(known?.uuid ?? uuid()) + (groups ? `?${groups}` : '')
    const answer = await call('PUT', path, { ...known, alias, active: active.value, feeds: [first, ...(known?.feeds.slice(1) ?? [])] })
    if (answer.ok) return props.onDone(t('video.was_kept', { name: alias }))
    error.value = refusal(answer)
  }
  const drop = async () => {
    const answer = await call('DELETE', pathOf(known!.uuid))
    if (answer.ok) return props.onDone(t('video.was_deleted', { name: known!.alias }))
    error.value = refusal(answer)
  }
  const field = (name: string, label: string, value: string, more: { required?: boolean; hint?: string } = {}) => (
    <div class="field">
      <label for={`video-${name}`}>{label}</label>
      <input id={`video-${name}`} name={`video-${name}`} type="text" autocomplete="off" dir="auto" required={more.required} defaultValue={value} />
      {more.hint && <small>{more.hint}</small>}
    </div>
  )
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="video-form-title">
      <div class="sechead">
        <h2 id="video-form-title">{known ? <bdi>{known.alias || known.uuid}</bdi> : t('video.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        {field('alias', t('video.alias'), known?.alias ?? '', { required: true })}
        {field('url', t('video.url'), known?.feeds[0]?.url ?? '', { required: true, hint: t('video.url_hint') })}
        <div class="twofields">
          {field('lat', t('video.lat'), String(known?.feeds[0]?.latitude ?? ''))}
          {field('lon', t('video.lon'), String(known?.feeds[0]?.longitude ?? ''))}
        </div>
        {!known && <Field label={t('invite.groups')} name="video-groups" required={false} hint={t('video.groups_hint')} />}
        <label class="check"><input type="checkbox" checked={active.value} onChange={(event) => { active.value = event.currentTarget.checked }} />{t('video.active')}</label>
        <p class="bad" role="alert">{error.value}</p>
      </div>
      <div class="acts">
        <Button writes={changes()} kind="primary" type="submit" keys="↵">{t('video.keep')}</Button>
        {known && <HoldButton writes={changes()} onDone={() => void drop()}>{t('video.delete')}</HoldButton>}
      </div>
    </form>
  )
}

export default function Video() {
  const { data, error, ask } = useAsked<{ videoConnections: Source[] }>('/Marti/api/video', ASK_MS)
  const open = useSignal<Source | 'new' | null>(null)
  const said = useSignal('')
  const list = data.value?.videoConnections
  const it = open.value
  const done = (text: string) => {
    said.value = text
    open.value = null
    void ask()
  }
  return (
    <Part
      id="video" title={t('admin.tab.video')} about={t('video.about')} said={said.value} error={list ? error.value : ''}
      acts={<Button writes={changes()} onClick={() => { open.value = 'new' }}>{t('video.new')}</Button>}
    >
      {!list && <Waiting error={error.value} />}
      {list && (
        <div class={it ? 'withform' : ''}>
          {list.length === 0
            ? <Empty>{t('video.none')}</Empty>
            : <Table
                id="videotable" caption={t('admin.tab.video')} columns={columns()} rows={list} sort="alias" keyOf={(one) => one.uuid}
                chosen={(one) => it !== 'new' && it?.uuid === one.uuid} {...(mayDo(changes()) ? { onRow: (one: Source) => { open.value = one } } : {})}
              />}
          {it && <SourceForm key={it === 'new' ? '' : it.uuid} known={it === 'new' ? null : it} onDone={done} onClose={() => { open.value = null }} />}
        </div>
      )}
    </Part>
  )
}
