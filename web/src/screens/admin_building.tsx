// Building import (in Admin): an indoor map is read by the server first, and what it would bring is shown; only then
// is it imported, all of it or nothing.
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { saidText } from '../base/values'
import { sendImport } from '../net/import'
import { entitiesOf, incident_id, textOf } from '../state/incident'
import { screen } from '../state/view'
import { Button, Empty } from '../ui/parts'
import { Facts, Part, refusal } from './admin_ask'

interface Report {
  features: number; used: number; levels: number; zones: number; openings: number; openings_up: number; without_shape: number
  simplified: number; renamed: number; alone: number; passed: Record<string, number>; remark_count: number; remarks: string[]
}
/** What the file's own id is first in; a remark on all of it has none. */
function Remark(props: { text: string }) {
  const [, id, what] = /^([^:]+): (.*)$/.exec(props.text) ?? [, '', props.text]
  return <>{id && <><bdi>{id}</bdi>: </>}<span dir="auto">{saidText(what!)}</span></>
}

interface Dry { commands: number; report: Report | null }
interface Done { commands: number; events: number }

const types: Record<string, string> = { json: 'application/json', geojson: 'application/geo+json', osm: 'application/xml', xml: 'application/xml' }
const typeOf = (name: string) => types[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? ''

/** An id that the core takes, of a name that people gave. */
export function structureId(name: string): string {
  return name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'B1'
}

function DryReport(props: { dry: Dry }) {
  const { report } = props.dry
  if (!report) return null
  const passed = Object.entries(report.passed).filter(([, n]) => n > 0)
  return (
    <section class="card dry" aria-labelledby="dry-title">
      <div class="sechead"><h2 id="dry-title">{t('building.would')}</h2></div>
      <div class="adminfigures">
        {([['levels', report.levels], ['zones', report.zones], ['openings', report.openings], ['stairs', report.openings_up]] as const).map(([name, n]) => (
          <div key={name}><b><bdi>{n}</bdi></b><span>{t(`building.${name}` as Key)}</span></div>
        ))}
      </div>
      <Facts
        rows={[
          [t('building.features'), <T key="f" k="building.used" p={{ used: report.used, of: report.features }} />],
          [t('building.without_shape'), report.without_shape > 0 ? <bdi>{report.without_shape}</bdi> : ''],
          [t('building.simplified'), report.simplified > 0 ? <bdi>{report.simplified}</bdi> : ''],
          [t('building.renamed'), report.renamed > 0 ? <bdi>{report.renamed}</bdi> : ''],
          [t('building.alone'), report.alone > 0 ? <b class="warn"><bdi>{report.alone}</bdi></b> : ''],
          ...passed.map(([name, n]) => [t(`building.passed.${name}` as Key), <bdi key={name}>{n}</bdi>] as const),
        ]}
      />
      {report.remarks.length > 0 && (
        <details>
          <summary><T k="building.remarks" n={report.remark_count} /></summary>
          <ul class="remarks">{report.remarks.map((it) => <li key={it}><Remark text={it} /></li>)}</ul>
        </details>
      )}
    </section>
  )
}

interface Form {
  file: Signal<File | null>
  name: Signal<string>
  scheme: Signal<string>
  missing: Signal<string>
}

/** What the file is, and how its storeys are read; `onChange` hears that what was read before holds no more. */
function Fields(props: Form & { id: string; exists: boolean; onChange: () => void }) {
  const { file, name, scheme, missing, onChange } = props
  return (
    <div class="fields">
      <div class="field">
        <label for="building-file">{t('building.choose')}</label>
        <input
          id="building-file" type="file" accept=".json,.geojson,.osm,.xml" required
          onChange={(event) => {
            file.value = event.currentTarget.files?.[0] ?? null
            if (!name.value) name.value = (file.value?.name ?? '').replace(/\.[^.]*$/, '')
            onChange()
          }}
        />
        <small>{t('building.kinds')}</small>
      </div>
      <div class="field">
        <label for="building-name">{t('building.name')}</label>
        <input id="building-name" type="text" required dir="auto" autocomplete="off" value={name.value} onInput={(event) => { name.value = event.currentTarget.value; onChange() }} />
        <small><T k={props.exists ? 'building.id_exists' : 'building.id'} p={{ id: props.id }} /></small>
      </div>
      <div class="field">
        <label for="building-scheme">{t('building.scheme')}</label>
        <select id="building-scheme" value={scheme.value} onChange={(event) => { scheme.value = event.currentTarget.value; onChange() }}>
          <option value="">{t('building.scheme_file')}</option>
          <option value="ground=0">{t('building.scheme_0')}</option>
          <option value="ground=1">{t('building.scheme_1')}</option>
        </select>
      </div>
      <div class="field">
        <label for="building-missing">{t('building.missing')}</label>
        <input id="building-missing" type="text" dir="ltr" autocomplete="off" value={missing.value} onInput={(event) => { missing.value = event.currentTarget.value.trim(); onChange() }} />
        <small>{t('building.missing_hint')}</small>
      </div>
    </div>
  )
}

/** The file is read by the server, then imported. */
function useImport(form: Form, id: string, exists: boolean) {
  const dry = useSignal<Dry | null>(null)
  const busy = useSignal(false)
  const said = useSignal('')
  const error = useSignal('')
  const query = () => ({
    structure: id, ...(form.name.value ? { name: form.name.value } : {}), ...(form.scheme.value ? { scheme: form.scheme.value } : {}),
    ...(form.missing.value ? { level_missing: form.missing.value } : {}), ...(exists ? { exists: '1' } : {}),
  })
  const forget = () => {
    dry.value = null
    said.value = ''
    error.value = ''
  }
  const look = async (event: SubmitEvent) => {
    event.preventDefault()
    forget()
    const file = form.file.value
    const type = typeOf(file?.name ?? '')
    if (!file || !type) {
      error.value = t('building.no_file')
      return
    }
    busy.value = true
    const answer = await sendImport<Dry>(incident_id.peek(), file, type, { ...query(), dry_run: '1' })
    busy.value = false
    if (answer.ok) dry.value = answer.data
    error.value = refusal(answer)
  }
  const bring = async () => {
    const file = form.file.value!
    busy.value = true
    const answer = await sendImport<Done>(incident_id.peek(), file, typeOf(file.name), query())
    busy.value = false
    error.value = refusal(answer)
    if (!answer.ok) return
    dry.value = null
    said.value = t('building.was_imported', { n: answer.data.events })
  }
  return { dry: dry.value, busy: busy.value, said: said.value, error: error.value, forget, look, bring }
}

export default function Building() {
  const form: Form = { file: useSignal<File | null>(null), name: useSignal(''), scheme: useSignal(''), missing: useSignal('') }
  const id = structureId(form.name.value)
  const exists = entitiesOf('structure').some((it) => it.id === id)
  const { dry, busy, said, error, forget, look, bring } = useImport(form, id, exists)
  return (
    <Part id="building" title={t('admin.tab.building')} about={t('building.about')} said={said} error={error}>
      <div class="withform building">
        <form class="card account-form" onSubmit={(event) => void look(event)} aria-labelledby="building-form-title">
          <div class="sechead"><h2 id="building-form-title">{t('building.file')}</h2></div>
          <Fields {...form} id={id} exists={exists} onChange={forget} />
          <div class="acts"><Button writes="structure.defined" kind={dry ? 'plain' : 'primary'} type="submit" keys="↵" disabled={busy}>{t(busy ? 'building.reading' : 'building.look')}</Button></div>
        </form>
        <div class="lists">
          {dry
            ? <><DryReport dry={dry} /><div class="acts"><Button writes="structure.defined" kind="primary" disabled={busy} onClick={() => void bring()}>{t('building.import', { n: dry.commands })}</Button></div></>
            : <Empty>{said ? <Button onClick={() => { screen.value = 'floors' }} keys="2">{t('building.to_floors')}</Button> : t('building.nothing')}</Empty>}
          <ul class="knownbuildings">
            {entitiesOf('structure').map((it) => <li key={it.id}><bdi>{textOf(it, 'name') || it.id}</bdi> <small><bdi>{it.id}</bdi></small></li>)}
          </ul>
        </div>
      </div>
    </Part>
  )
}
