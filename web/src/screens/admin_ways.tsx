// Ways in (in Admin): inputs beside the phones' own ports. Each says what it opens, before it is opened.
import { useSignal } from '@preact/signals'
import { T, joined, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { call } from '../net/api'
import { Icon } from '../ui/icon'
import { Age, Button, Empty, Field } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { Part, Waiting, refusal, useAsked } from './admin_ask'

const kinds = ['udp', 'multicast', 'tcp', 'auth-tls', 'auth-tcp', 'http'] as const
type Kind = (typeof kinds)[number]
interface Input {
  name: string; kind: Kind; address: string; port: number; open: boolean; conf: boolean; trouble: string; groups: string[]
  rate: number; events: number; refused: number; sources: { address: string; seen: number; events: number; refused: number }[]
}

const ASK_MS = 3_000
const word = (kind: Kind) => t(`ways.kind.${kind}` as Key)
const warning = (kind: Kind) => t(`ways.opens.${kind}` as Key)

/** A value of the line that makes an input; in quotes where a blank is in it. */
const quoted = (text: string) => (text.includes(' ') ? `"${text}"` : text)

/** The line as `cordon input add` takes it. */
export function specOf(kind: Kind, form: FormData): string {
  const text = (name: string) => String(form.get(`way-${name}`) ?? '').trim()
  const list = (key: string) => text(key).split(/[,،]+/).map((it) => it.trim()).filter(Boolean).map((it) => `${key}=${quoted(it)}`)
  const one = (key: string) => (text(key) ? [`${key}=${quoted(text(key))}`] : [])
  const open = kind === 'http' ? [] : [...one('address'), ...one('port')]
  const granted = kind.startsWith('auth') ? [] : [...list('group'), ...list('types')]
  return [text('name'), kind, ...open, ...list('allow'), ...granted].join(' ')
}

function WayForm(props: { onDone: (token: string, name: string) => void; onClose: () => void }) {
  const kind = useSignal<Kind>('udp')
  const error = useSignal('')
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const answer = await call<{ token: string }>('POST', '/api/admin/inputs', { spec: specOf(kind.value, form) })
    if (answer.ok) return props.onDone(answer.data.token, String(form.get('way-name')))
    error.value = refusal(answer)
  }
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="way-title">
      <div class="sechead">
        <h2 id="way-title">{t('ways.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        <div class="field">
          <label for="way-kind">{t('ways.kind')}</label>
          <select id="way-kind" value={kind.value} onChange={(event) => { kind.value = event.currentTarget.value as Kind }}>
            {kinds.map((it) => <option key={it} value={it}>{word(it)}</option>)}
          </select>
        </div>
        <p class="adminnote warn" role="note">{warning(kind.value)}</p>
        <Field label={t('ways.name')} name="way-name" autofocus />
        {kind.value !== 'http' && <Field label={t('ways.address')} name="way-address" hint={t('ways.address_hint')} required={kind.value === 'multicast'} />}
        {kind.value !== 'http' && <Field label={t('ways.port')} name="way-port" />}
        <Field label={t('ways.allow')} name="way-allow" hint={t('ways.allow_hint')} required={false} />
        {!kind.value.startsWith('auth') && <Field label={t('invite.groups')} name="way-group" />}
        {!kind.value.startsWith('auth') && <Field label={t('ways.types')} name="way-types" hint={t('ways.types_hint')} required={false} />}
        <p class="bad" role="alert">{error.value}</p>
      </div>
      <div class="acts"><Button writes="administers" kind="primary" type="submit" keys="↵">{t('ways.open')}</Button></div>
    </form>
  )
}

function Way(props: { input: Input; onClosed: (error: string) => void }) {
  const { input } = props
  const close = async () => props.onClosed(refusal(await call('POST', `/api/admin/inputs/${encodeURIComponent(input.name)}/close`)))
  return (
    <li class="card way">
      <div class="sechead">
        <h2><bdi>{input.name}</bdi> · {word(input.kind)}</h2>
        <b class={input.open ? '' : 'warn'}>{t(input.open ? 'ways.is_open' : 'ways.trouble')}</b>
      </div>
      <p class="warnline"><Icon name="points" /> {warning(input.kind)}</p>
      <p>
        {input.kind !== 'http' && <><bdi>{input.address || '*'}:{input.port}</bdi> · </>}
        {input.groups.length > 0 && <>{t('invite.groups')} <bdi>{joined(input.groups, t('comma'))}</bdi> · </>}
        <T k="ways.counts" p={{ events: input.events, refused: input.refused }} />
      </p>
      {input.trouble && <p class="bad"><bdi>{input.trouble}</bdi></p>}
      {input.sources.length > 0 && (
        <ul class="sources">
          {input.sources.slice(0, 8).map((it) => <li key={it.address}><bdi>{it.address}</bdi> <Age at={it.seen} /> <small><T k="ways.counts" p={{ events: it.events, refused: it.refused }} /></small></li>)}
        </ul>
      )}
      {input.conf ? <p class="dimmed">{t('ways.of_conf')}</p> : <div class="acts"><HoldButton writes="administers" onDone={() => void close()}>{t('ways.close')}</HoldButton></div>}
    </li>
  )
}

export default function Ways() {
  const { data, error, ask } = useAsked<{ inputs: Input[] }>('/api/clients/inputs', ASK_MS)
  const form = useSignal(false)
  const said = useSignal('')
  const failed = useSignal('')
  const token = useSignal('')
  const inputs = data.value?.inputs
  return (
    <Part
      id="ways" title={t('admin.tab.ways')} about={t('ways.about')} said={said.value} error={failed.value || (inputs ? error.value : '')}
      acts={<Button writes="administers" onClick={() => { form.value = true }}>{t('ways.new')}</Button>}
    >
      {token.value && <p class="adminnote">{t('ways.token')} <code dir="ltr">{token.value}</code></p>}
      {!inputs && <Waiting error={error.value} />}
      {inputs && (
        <div class={form.value ? 'withform' : ''}>
          {inputs.length === 0
            ? <Empty>{t('ways.none')}</Empty>
            : <ul class="cards">{inputs.map((it) => <Way key={it.name} input={it} onClosed={(why) => { failed.value = why; void ask() }} />)}</ul>}
          {form.value && (
            <WayForm
              onClose={() => { form.value = false }}
              onDone={(given, name) => {
                form.value = false
                token.value = given
                said.value = t('ways.was_opened', { name })
                void ask()
              }}
            />
          )}
        </div>
      )}
    </Part>
  )
}
