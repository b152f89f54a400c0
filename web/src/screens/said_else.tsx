// Beside our own statements: alerts to residents, which pass the same guard; what others say in the media; and claims
// of responsibility, which are assessed and never repeated.
import { useSignal } from '@preact/signals'
import { T, t } from '../base/i18n'
import { timeText, wordText } from '../base/values'
import type { Entity } from '../net/incident'
import { act } from '../state/acts'
import { entitiesOf, shown_now, textOf, timeOf } from '../state/incident'
import { may_write } from '../state/past'
import { session } from '../state/session'
import { wordOnAlert } from '../state/statements'
import { openEvent, write } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { Judgement } from './statement_line'

const time = (it: Entity, name: string) => timeText(timeOf(it.fields[name]), shown_now.value)
const newest = (kind: string) => entitiesOf(kind).reverse()

function AlertActs(props: { it: Entity; onWrong: (text: string) => void }) {
  const { it } = props
  const state = textOf(it, 'state')
  const run = async (kind: string, fields: Record<string, unknown> = {}) => props.onWrong(await act(kind, { alert: it.id, ...fields }))
  const operator = session.value?.operator?.name ?? ''
  return (
    <span class="acts no-print">
      {state === 'draft' && <Button writes="alert.approved" class="small" onClick={() => void run('alert.approved', { approved_by: operator })}>{t('statement.approve')}</Button>}
      {state === 'approved' && <HoldButton writes="alert.sent" class="small" onDone={() => void run('alert.sent')}>{t('alert.send')}</HoldButton>}
      {['draft', 'approved', 'sent', 'questioned'].includes(state) && (
        <Button writes="alert.cancelled" class="small" onClick={() => write('alert.cancelled', { alert: it.id })}>{t('alert.cancel')}</Button>
      )}
    </span>
  )
}

export function Alerts() {
  const wrong = useSignal('')
  const rows = newest('alert')
  return (
    <section class="card said-else" aria-labelledby="alerts-title">
      <div class="sechead">
        <h2 id="alerts-title">{t('alert.title')}</h2>
        <Button writes="alert.drafted" class="small" onClick={() => write('alert.drafted', { by: session.value?.operator?.name ?? '', expires_at: '+120' })}>{t('alert.draft')}</Button>
      </div>
      <p class="bad" role="alert" dir="auto">{wrong.value}</p>
      {rows.length === 0 && <Empty>{t('alert.empty')}</Empty>}
      <ul>
        {rows.map((it) => {
          const word = wordOnAlert(it)
          return (
            <li key={it.id} data-alert={it.id}>
              <p><bdi>{it.id}</bdi> <b>{wordText(textOf(it, 'state'), 'statement')}</b> <small>{wordText(textOf(it, 'audience'), 'audience')} <bdi>{textOf(it, 'area')}</bdi></small></p>
              <p class="quote" dir="auto">{textOf(it, 'text')}</p>
              <small><T k="alert.until" p={{ time: time(it, 'expires_at') }} /></small>
              {word && <div class="verdict"><Judgement word={word} /></div>}
              {may_write.value && <AlertActs it={it} onWrong={(text) => { wrong.value = text }} />}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Said(props: { it: Entity; who: string; more?: string }) {
  const { it } = props
  return (
    <li>
      <p><button type="button" class="link" onClick={() => openEvent(it.made)}><bdi>#{it.made}</bdi></button> <b><bdi>{props.who}</bdi></b> <small><bdi>{time(it, it.fields['at'] === undefined ? 'made_at' : 'at')}</bdi> {props.more}</small></p>
      {textOf(it, 'text') !== '' && <p class="quote" dir="auto">{textOf(it, 'text')}</p>}
    </li>
  )
}

export function Media() {
  const rows = newest('media')
  return (
    <section class="card said-else" aria-labelledby="media-title">
      <div class="sechead">
        <h2 id="media-title">{t('media.title')}</h2>
        <Button writes="media.logged" class="small" onClick={() => write('media.logged')}>{t('media.log')}</Button>
      </div>
      <p class="hint">{t('media.hint')}</p>
      {rows.length === 0 && <Empty>{t('media.empty')}</Empty>}
      <ul>{rows.map((it) => <Said key={it.id} it={it} who={textOf(it, 'speaker')} />)}</ul>
    </section>
  )
}

export function Responsibility() {
  const rows = newest('responsibility')
  const due = (it: Entity) => (it.fields['due_at'] === undefined ? '' : t('responsibility.due', { time: time(it, 'due_at') }))
  return (
    <section class="card said-else" aria-labelledby="responsibility-title">
      <div class="sechead"><h2 id="responsibility-title">{t('responsibility.title')}</h2></div>
      <p class="hint warn"><b aria-hidden="true">!</b> {t('responsibility.never')}</p>
      {rows.length === 0 && <Empty>{t('responsibility.empty')}</Empty>}
      <ul>{rows.map((it) => <Said key={it.id} it={it} who={textOf(it, 'group')} more={`${wordText(textOf(it, 'state'), 'statement')} ${due(it)}`} />)}</ul>
    </section>
  )
}
