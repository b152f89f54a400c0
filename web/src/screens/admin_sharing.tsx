// Sharing (in Admin): what agencies of this incident let each other hear. A rule takes two steps: one proposes it, and
// another confirms it, or the same one after he has read its consequence.
import { useSignal } from '@preact/signals'
import { clockText, dateText } from '../base/format'
import { T, joined, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { call } from '../net/api'
import { serverNow } from '../state/clock'
import { incident_id } from '../state/incident'
import { uuid } from '../state/outbox'
import { whyNot } from '../state/rights'
import { session } from '../state/session'
import { Icon } from '../ui/icon'
import { Button, Empty } from '../ui/parts'
import { Part, Waiting, refusal, useAsked } from './admin_ask'

const classes = ['positions', 'markers', 'chat', 'notes'] as const
type Shares = Record<(typeof classes)[number] | 'emergencies', boolean>
interface Pair { from: string; to: string; shares: Shares; says: string }
interface Rule {
  seq: number; from: string; to: string; classes: string[]; allow: boolean; until: number | null; at: number | null
  why: string; proposed_by: string; by: string; consequence: string
}
interface Sharing { on: boolean; open: boolean; agencies: string[]; matrix: Pair[]; rules: Rule[]; proposals: Rule[] }

const ALL = '*'
const NONE = '-'
const ASK_MS = 5_000

const agencyName = (code: string) => (code === ALL ? t('sharing.all') : code === NONE ? t('sharing.none') : code)
const className = (name: string) => t(`sharing.class.${name}` as Key)

/** Who hears whom, in one line: made here, so that it is in the reader's language. */
function saysText(shares: Shares): string {
  const heard = classes.filter((it) => shares[it]).map(className)
  const kept = classes.filter((it) => !shares[it]).map(className)
  const hears = t('sharing.hears', { what: joined([t('sharing.class.emergencies'), ...heard], t('comma')) })
  return kept.length ? `${hears} ${t('sharing.hears_not', { what: joined(kept, t('comma')) })}` : hears
}

function consequenceText(rule: Rule): string {
  const what = joined(rule.classes.map(className), t('comma'))
  return t(rule.allow ? 'sharing.then_hears' : 'sharing.then_not', { to: agencyName(rule.to), from: agencyName(rule.from), what })
}

function Matrix(props: { sharing: Sharing; onPick: (from: string, to: string) => void }) {
  const { agencies, matrix } = props.sharing
  const pairOf = (from: string, to: string) => matrix.find((it) => it.from === from && it.to === to)
  return (
    <div class="tablebox matrixbox" tabIndex={0} role="region" aria-label={t('sharing.matrix')}>
      <table class="sharematrix">
        <caption>{t('sharing.matrix_how')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('sharing.from')}</th>
            {agencies.map((to) => <th key={to} scope="col"><bdi>{agencyName(to)}</bdi></th>)}
          </tr>
        </thead>
        <tbody>
          {agencies.map((from) => (
            <tr key={from}>
              <th scope="row"><bdi>{agencyName(from)}</bdi></th>
              {agencies.map((to) => {
                const pair = pairOf(from, to)
                if (!pair) return <td key={to} class="same"><span class="hidden">{t('sharing.own')}</span>{from === to ? '·' : ''}</td>
                return (
                  <td key={to}>
                    <button
                      type="button" disabled={whyNot('shares') !== ''} onClick={() => props.onPick(from, to)} title={whyNot('shares') || saysText(pair.shares)}
                      aria-label={`${agencyName(from)} → ${agencyName(to)}: ${saysText(pair.shares)}`}
                    >
                      {classes.map((it) => <i key={it} class={pair.shares[it] ? 'yes' : 'no'} aria-hidden="true">{t(`sharing.short.${it}` as Key)}</i>)}
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function RuleRow(props: { rule: Rule; onConfirm?: (rule: Rule) => void }) {
  const { rule, onConfirm } = props
  return (
    <li class="sharerule">
      <b>{consequenceText(rule)}</b>
      <small>
        <T k="sharing.by" p={{ by: rule.by === rule.proposed_by ? rule.by : `${rule.proposed_by}, ${rule.by}`, at: rule.at ? clockText(rule.at, false) : '' }} />
        {rule.until ? <> · <T k="sharing.until_time" p={{ until: `${dateText(rule.until)} ${clockText(rule.until, false)}` }} /></> : null}
        {' · '}<bdi>{rule.why}</bdi>
      </small>
      {onConfirm && <Button writes="shares" kind="primary" onClick={() => onConfirm(rule)}>{t(rule.by === session.value?.operator?.name ? 'sharing.confirm_own' : 'sharing.confirm')}</Button>}
    </li>
  )
}

interface Draft { from: string; to: string; classes: readonly string[]; allow: boolean }

function RuleForm(props: { draft: Draft; agencies: string[]; onDone: () => void; onClose: () => void }) {
  const rule = useSignal(props.draft)
  const error = useSignal('')
  const set = (to: Partial<Draft>) => { rule.value = { ...rule.value, ...to } }
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const hours = Number(form.get('rule-hours'))
    const answer = await call('POST', `/api/incidents/${encodeURIComponent(incident_id.peek())}/sharing/propose`, {
      id: uuid(), ...rule.value, why: String(form.get('rule-why') ?? '').trim(), until: hours ? serverNow() + hours * 3_600_000 : null,
    })
    if (answer.ok) return props.onDone()
    error.value = refusal(answer)
  }
  const side = (name: 'from' | 'to') => (
    <div class="field">
      <label for={`rule-${name}`}>{t(name === 'from' ? 'sharing.from' : 'sharing.to')}</label>
      <select id={`rule-${name}`} value={rule.value[name]} onChange={(event) => set({ [name]: event.currentTarget.value })}>
        {[ALL, ...props.agencies.filter((it) => it !== NONE)].map((code) => <option key={code} value={code}>{agencyName(code)}</option>)}
      </select>
    </div>
  )
  return (
    <form class="card account-form" onSubmit={(event) => void send(event)} aria-labelledby="rule-title">
      <div class="sechead">
        <h2 id="rule-title">{t('sharing.new')}</h2>
        <button type="button" class="square" aria-label={t('close')} onClick={props.onClose}><Icon name="close" /></button>
      </div>
      <div class="fields">
        {side('from')}
        {side('to')}
        <fieldset class="roles">
          <legend>{t('sharing.what')}</legend>
          {classes.map((it) => (
            <label key={it} class="check">
              <input
                type="checkbox" checked={rule.value.classes.includes(it)}
                onChange={(event) => set({ classes: event.currentTarget.checked ? [...rule.value.classes, it] : rule.value.classes.filter((one) => one !== it) })}
              />
              {className(it)}
            </label>
          ))}
        </fieldset>
        <div class="chips" role="group" aria-label={t('sharing.rule')}>
          {[true, false].map((allow) => <Button key={String(allow)} pressed={rule.value.allow === allow} onClick={() => set({ allow })}>{t(allow ? 'sharing.allow' : 'sharing.deny')}</Button>)}
        </div>
        <div class="field">
          <label for="rule-hours">{t('sharing.until')}</label>
          <select id="rule-hours" name="rule-hours">
            {[0, 4, 12, 24, 72].map((hours) => <option key={hours} value={hours}>{hours ? t('age.hours', { n: hours }) : t('sharing.until_end')}</option>)}
          </select>
        </div>
        <div class="field">
          <label for="rule-why">{t('sharing.why')}</label>
          <input id="rule-why" name="rule-why" type="text" required maxLength={300} dir="auto" autocomplete="off" />
        </div>
        <p class="dimmed">{t('sharing.always')}</p>
        <p class="bad" role="alert">{error.value}</p>
      </div>
      <div class="acts"><Button writes="shares" kind="primary" type="submit" keys="↵" disabled={rule.value.classes.length === 0}>{t('sharing.propose')}</Button></div>
    </form>
  )
}

export default function SharingPart() {
  const { data, error, ask } = useAsked<Sharing>(`/api/incidents/${encodeURIComponent(incident_id.value)}/sharing`, ASK_MS)
  const draft = useSignal<Draft | null>(null)
  const said = useSignal('')
  const failed = useSignal('')
  const confirm = async (rule: Rule) => {
    // The sentence as the server has it proves that it was read: what is shown says the same in this language.
    const answer = await call('POST', `/api/incidents/${encodeURIComponent(incident_id.peek())}/sharing/confirm`, { id: uuid(), proposal: rule.seq, consequence: rule.consequence })
    failed.value = refusal(answer)
    if (answer.ok) said.value = t('sharing.was_confirmed')
    void ask()
  }
  const sharing = data.value
  return (
    <Part
      id="sharing" title={t('admin.tab.sharing')} about={t('sharing.about')} said={said.value} error={failed.value || (sharing ? error.value : '')}
      acts={sharing?.on && <Button writes="shares" onClick={() => { draft.value = { from: ALL, to: ALL, classes: ['markers'], allow: true } }}>{t('sharing.new')}</Button>}
    >
      {!sharing && <Waiting error={error.value} />}
      {sharing && !sharing.on && <p class="adminnote warn">{t('sharing.off')}</p>}
      {sharing && (
        <div class={draft.value ? 'withform' : ''}>
          <div class="lists">
            {sharing.proposals.length > 0 && (
              <section class="card proposals" aria-labelledby="proposals-title">
                <div class="sechead"><h2 id="proposals-title">{t('sharing.waits')}</h2><span class="count"><bdi>{sharing.proposals.length}</bdi></span></div>
                <ul>{sharing.proposals.map((rule) => <RuleRow key={rule.seq} rule={rule} onConfirm={(it) => void confirm(it)} />)}</ul>
              </section>
            )}
            {sharing.agencies.length < 2
              ? <Empty>{t('sharing.alone')}</Empty>
              : <Matrix sharing={sharing} onPick={(from, to) => { draft.value = { from: from === NONE ? ALL : from, to: to === NONE ? ALL : to, classes: ['markers'], allow: true } }} />}
            <section class="card" aria-labelledby="rules-title">
              <div class="sechead"><h2 id="rules-title">{t('sharing.rules')}</h2></div>
              {sharing.rules.length === 0 ? <Empty>{t('sharing.no_rules')}</Empty> : <ul>{sharing.rules.map((rule) => <RuleRow key={`${rule.seq} ${rule.classes.join()}`} rule={rule} />)}</ul>}
            </section>
          </div>
          {draft.value && (
            <RuleForm
              key={`${draft.value.from} ${draft.value.to}`} draft={draft.value} agencies={sharing.agencies} onClose={() => { draft.value = null }}
              onDone={() => {
                draft.value = null
                said.value = t('sharing.was_proposed')
                void ask()
              }}
            />
          )}
        </div>
      )}
    </Part>
  )
}
