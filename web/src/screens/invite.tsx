// What is handed to somebody who shall join: a code to scan, and a sheet of them to print.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ageText } from '../base/format'
import { T, t } from '../base/i18n'
import { timeText } from '../base/values'
import { now, serverNow } from '../state/clock'
import { invites } from '../state/welcome'
import type { Invite } from '../state/welcome'
import { session } from '../state/session'
import { Button, Dialog } from '../ui/parts'

const kinds = ['page', 'atak', 'itak'] as const
type Kind = (typeof kinds)[number]

const code = (invite: Invite, kind: Kind) => `/api/invites/${invite.id}/qr.svg?kind=${kind}`

/** Twelve on a page of A4; the token stands there too, for a phone whose camera does not read. */
const PER_PAGE = 12

function Left(props: { until: number }) {
  const left = props.until - now.value
  return left > 0 ? <T k="invite.left" p={{ age: ageText(left) }} /> : <b class="warn">{t('invite.state.expired')}</b>
}

/** Works on a page whose certificate the browser does not trust, where there is no clipboard object. */
function CopyLine(props: { label: string; value: string; name: string }) {
  const input = useRef<HTMLInputElement>(null)
  const copied = useSignal(false)
  const copy = () => {
    input.current?.select()
    copied.value = document.execCommand('copy')
  }
  return (
    <div class="field copyline">
      <label for={props.name}>{props.label}</label>
      <div>
        <input id={props.name} ref={input} type="text" dir="ltr" readOnly value={props.value} />
        <Button onClick={copy}>{copied.value ? t('invite.copied') : t('invite.copy')}</Button>
      </div>
    </div>
  )
}

function Facts(props: { invite: Invite }) {
  const { invite } = props
  return (
    <dl class="invitefacts">
      <dt>{t('invite.words')}</dt><dd><b class="words"><bdi>{invites.value?.words}</bdi></b></dd>
      <dt>{t('invite.uses')}</dt><dd><bdi>{invite.uses} / {invite.uses_max}</bdi></dd>
      <dt>{t('invite.until')}</dt><dd><Left until={invite.expires} /></dd>
      {invite.agency && <><dt>{t('col.agency')}</dt><dd><bdi>{invite.agency}</bdi></dd></>}
      {!invite.admits && <><dt>{t('device.waits')}</dt><dd>{t('invite.waits')}</dd></>}
    </dl>
  )
}

/** One invite, large: to be held before a phone. */
export function InviteDialog(props: { invite: Invite; onPrint: () => void; onClose: () => void }) {
  const { invite } = props
  const kind = useSignal<Kind>('page')
  return (
    <Dialog title={t('invite.for', { name: invite.name })} onClose={props.onClose} class="invite">
      <div class="invitebox">
        <div class="codeside">
          <img class="code" src={code(invite, kind.value)} alt={t(`invite.alt.${kind.value}`, { name: invite.name })} width="360" height="360" />
          <div class="chips" role="group" aria-label={t('invite.code_for')}>
            {kinds.map((it) => (
              <Button key={it} class="small" pressed={kind.value === it} onClick={() => { kind.value = it }}>{t(`invite.kind.${it}`)}</Button>
            ))}
          </div>
          <p class="dimmed">{t(`invite.about.${kind.value}`)}</p>
        </div>
        <div class="saidside">
          <Facts invite={invite} />
          <CopyLine label={t('invite.link')} name="invite-link" value={invite.link ?? ''} />
          <CopyLine label={t('invite.token')} name="invite-token" value={invite.token ?? ''} />
          <p class="dimmed">{t('invite.once')}</p>
          <p class="dimmed">{t('invite.untested')}</p>
          <div class="acts"><Button onClick={props.onPrint}>{t('invite.print')}</Button></div>
        </div>
      </div>
    </Dialog>
  )
}

function Slip(props: { invite: Invite }) {
  const { invite } = props
  return (
    <li class="slip">
      <img class="code" src={code(invite, 'page')} alt={t('invite.alt.page', { name: invite.name })} width="150" height="150" />
      <div>
        <b><bdi>{invite.name}</bdi></b>
        {invite.agency && <span><bdi>{invite.agency}</bdi></span>}
        <span class="words"><bdi>{invites.value?.words}</bdi></span>
        <span><T k="invite.good_until" p={{ time: timeText(invite.expires, serverNow()) }} /></span>
        <span class="mono" dir="ltr">{invite.token}</span>
      </div>
    </li>
  )
}

/** What comes out of the printer: nothing else of the page is printed while this is open. */
export function SheetDialog(props: { list: readonly Invite[]; onClose: () => void }) {
  const pages: Invite[][] = []
  for (let i = 0; i < props.list.length; i += PER_PAGE) pages.push(props.list.slice(i, i + PER_PAGE))
  return (
    <Dialog title={t('invite.sheet')} onClose={props.onClose} class="sheet">
      <div class="sheetbar">
        <p>{t('invite.sheet_hint')}</p>
        <Button kind="primary" onClick={() => print()}>{t('invite.print')}</Button>
      </div>
      {pages.map((page, i) => (
        <section key={i} class="sheetpage">
          <h3><bdi>{session.value?.server.name}</bdi>. {t('invite.sheet_how')}</h3>
          <ul>{page.map((it) => <Slip key={it.id} invite={it} />)}</ul>
        </section>
      ))}
    </Dialog>
  )
}
