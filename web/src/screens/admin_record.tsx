// Record and backup (in Admin): how large it is and who else holds its head, checking all of it, and copies of it.
import { useSignal } from '@preact/signals'
import { bytesText, clockText, dateText } from '../base/format'
import { T, t } from '../base/i18n'
import { call } from '../net/api'
import type { RecordEvent } from '../net/protocol'
import { now } from '../state/clock'
import { Age, Button, Empty } from '../ui/parts'
import { HoldButton } from '../ui/hold'
import { Facts, Part, Share, Waiting, refusal, useAsked } from './admin_ask'

interface Head { seq: number; hash: string; at?: number }
interface Job {
  job: 'verify' | 'backup'; state: 'running' | 'done' | 'failed'; done: number; of: number; began: number; ended: number; text: string
  rows?: number; erased?: number; checkpoints?: number; witnesses?: number; bad?: number; finding?: string; name?: string; head?: Head
}
interface Backup { name: string; made: string; head: string; bytes: number; files: { name: string; bytes: number }[] }
interface RecordState {
  bytes: number; rows: number; commits: number; failures: number; sync_us: number; sync_us_max: number; writing: boolean
  head: Head | null; witness: RecordEvent | null; job: Job | null; backups: Backup[]
}

const ASK_MS = 2_000
const WITNESS_OLD_MS = 15 * 60_000
const msText = (us: number) => `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`
const shortHash = (hash: string) => `${hash.slice(0, 8)}…${hash.slice(-8)}`
const whenText = (at: number) => `${dateText(at)} ${clockText(at)}`

function HeadCard(props: { state: RecordState }) {
  const { state } = props
  const { head, witness } = state
  const held = typeof witness?.data?.['number'] === 'number' ? witness.data['number'] : 0
  const old = !witness || now.value - witness.at > WITNESS_OLD_MS
  return (
    <section class="card" aria-labelledby="head-title">
      <div class="sechead"><h2 id="head-title">{t('record.head')}</h2></div>
      <Facts
        rows={[
          [t('record.size'), <bdi key="b">{bytesText(state.bytes)}</bdi>],
          [t('record.rows'), <bdi key="r">{state.rows}</bdi>],
          [t('record.newest'), head?.at ? <bdi key="n">{whenText(head.at)}</bdi> : ''],
          [t('record.sync'), <span key="s" class={state.writing ? '' : 'bad'}>{state.writing ? <T k="record.sync_text" p={{ last: msText(state.sync_us), most: msText(state.sync_us_max) }} /> : t('record.not_writing')}</span>],
          [t('record.failures'), state.failures ? <b class="bad"><bdi>{state.failures}</bdi></b> : ''],
          [t('record.head_is'), head ? <><bdi dir="ltr">{head.seq}:</bdi><wbr /><code dir="ltr" title={head.hash}>{shortHash(head.hash)}</code></> : ''],
          [t('record.witness'), witness
            ? <span key="w" class={old ? 'warn' : ''}><T k="record.witness_text" p={{ who: String(witness.data?.['by'] ?? ''), seq: held }} /> · <Age at={witness.at} /></span>
            : <b key="w" class="warn">{t('record.witness_none')}</b>],
        ]}
      />
      <p class="dimmed">{t('record.witness_how')}</p>
    </section>
  )
}

function JobLine(props: { job: Job | null; which: Job['job'] }) {
  const { job, which } = props
  if (job?.job !== which) return null
  if (job.state === 'running') {
    const label = which === 'verify' ? t('record.checking', { done: job.done, of: job.of }) : t('record.copying', { done: bytesText(job.done), of: bytesText(job.of) })
    return <p class="carejob"><Share part={job.done} whole={job.of} label={label} /> <span role="status">{label}</span></p>
  }
  if (job.state === 'failed') return <p class="bad" role="alert"><bdi>{job.text}</bdi></p>
  if (job.bad) return <p class="bad" role="alert"><T k="record.broken" p={{ seq: job.bad, finding: job.finding ?? '' }} /></p>
  const values = { rows: job.rows ?? 0, erased: job.erased ?? 0, witnesses: job.witnesses ?? 0, at: clockText(job.ended), name: job.name ?? '' }
  return <p role="status">✓ <T k={which === 'verify' ? 'record.holds' : 'record.copied'} p={values} /></p>
}

function BackupCard(props: { backup: Backup; onDone: (error: string) => void }) {
  const { backup } = props
  const path = `/api/admin/backups/${encodeURIComponent(backup.name)}`
  const made = Date.parse(backup.made)
  const drop = async () => props.onDone(refusal(await call('POST', `${path}/delete`)))
  return (
    <li class="card">
      <div class="sechead"><h2><bdi>{Number.isNaN(made) ? backup.name : whenText(made)}</bdi></h2><span class="dimmed"><bdi>{bytesText(backup.bytes)}</bdi></span></div>
      <p><T k="record.backup_head" p={{ head: backup.head.split(':')[0] ?? '' }} /> · <bdi dir="ltr">{`backups/${backup.name}`}</bdi></p>
      <div class="acts">
        {backup.files.filter((it) => it.name.endsWith('.db')).map((it) => (
          <a key={it.name} class="btn" href={`${path}/${encodeURIComponent(it.name)}`} download={`${backup.name}-${it.name}`}><bdi>{it.name}</bdi> <small><bdi>{bytesText(it.bytes)}</bdi></small></a>
        ))}
        <HoldButton writes="administers" onDone={() => void drop()}>{t('record.delete')}</HoldButton>
      </div>
    </li>
  )
}

export default function RecordPart() {
  const { data, error, ask } = useAsked<RecordState>('/api/admin/record', ASK_MS)
  const failed = useSignal('')
  const begin = async (path: string) => {
    failed.value = refusal(await call('POST', path))
    void ask()
  }
  const state = data.value
  const busy = state?.job?.state === 'running'
  return (
    <Part id="record" title={t('admin.tab.record')} about={t('record.about')} error={failed.value || (state ? error.value : '')}>
      {!state && <Waiting error={error.value} />}
      {state && (
        <div class="twoparts">
          <div class="lists">
            <HeadCard state={state} />
            <section class="card" aria-labelledby="check-title">
              <div class="sechead"><h2 id="check-title">{t('record.check')}</h2></div>
              <p>{t('record.check_about')}</p>
              <JobLine job={state.job} which="verify" />
              <div class="acts"><Button writes="administers" disabled={busy} onClick={() => void begin('/api/admin/record/verify')}>{t('record.verify')}</Button></div>
            </section>
          </div>
          <div class="lists">
            <section class="card" aria-labelledby="backup-title">
              <div class="sechead"><h2 id="backup-title">{t('record.backups')}</h2></div>
              <p>{t('record.backup_about')}</p>
              <JobLine job={state.job} which="backup" />
              <div class="acts"><Button writes="administers" kind="primary" disabled={busy} onClick={() => void begin('/api/admin/backups')}>{t('record.backup')}</Button></div>
            </section>
            {state.backups.length === 0
              ? <Empty>{t('record.no_backup')}</Empty>
              : <ul class="cards">{[...state.backups].sort((a, b) => b.name.localeCompare(a.name)).map((it) => <BackupCard key={it.name} backup={it} onDone={(why) => { failed.value = why; void ask() }} />)}</ul>}
            <p class="dimmed">{t('record.keys')}</p>
          </div>
        </div>
      )}
    </Part>
  )
}
