// Connections (in Admin): the TAK clients that are connected, how far behind each is, and this page's own link.
import { bytesText, clockText } from '../base/format'
import { T, t } from '../base/i18n'
import type { Client } from '../net/protocol'
import { now } from '../state/clock'
import { link } from '../state/live'
import { clients } from '../state/record'
import { client_filter, select } from '../state/view'
import { Age, Empty } from '../ui/parts'
import { Table } from '../ui/table'
import type { Column } from '../ui/table'

const LAG_WARN_MS = 2_000

function columns(): Column<Client>[] {
  return [
    { id: 'user', title: t('col.user'), by: (it) => it.user, cell: (it) => <bdi>{it.user}</bdi> },
    { id: 'callsign', title: t('col.callsign'), by: (it) => it.callsign, cell: (it) => <bdi>{it.callsign}</bdi> },
    { id: 'agency', title: t('col.agency'), by: (it) => it.agency, cell: (it) => <bdi>{it.agency}</bdi> },
    { id: 'state', title: t('col.state'), by: (it) => it.state, cell: (it) => (it.state === 'live' ? t('client.live') : t('client.joining')) },
    {
      id: 'lag', title: t('col.lag'), by: (it) => it.lag_ms, end: true,
      cell: (it) => <bdi class={it.lag_ms >= LAG_WARN_MS ? 'warn' : ''}>{it.lag_ms < 1000 ? it.lag_ms + ' ms' : (it.lag_ms / 1000).toFixed(1) + ' s'}</bdi>,
    },
    { id: 'form', title: t('col.form'), by: (it) => it.form, cell: (it) => <bdi>{it.form === 'v1' ? 'protobuf' : 'XML'}</bdi> },
    { id: 'tls', title: t('col.tls'), by: (it) => it.tls, cell: (it) => (it.tls ? <bdi>{it.tls}</bdi> : <span class="warn">{t('client.no_tls')}</span>) },
    { id: 'sent', title: t('col.sent'), by: (it) => it.sent_bytes, end: true, cell: (it) => <bdi>{bytesText(it.sent_bytes)}</bdi> },
    { id: 'conflated', title: t('col.conflated'), by: (it) => it.conflated, end: true, cell: (it) => <bdi>{it.conflated}</bdi> },
    { id: 'since', title: t('col.since'), by: (it) => -it.since, end: true, cell: (it) => <bdi>{clockText(it.since)}</bdi> },
    { id: 'address', title: t('col.address'), by: (it) => it.address, cell: (it) => <bdi>{it.address}</bdi> },
  ]
}

function PageLink() {
  // Once a second is enough for the counters.
  void now.value
  return (
    <p class="pagelink dimmed">
      {t('admin.page')}: {t('admin.heard')} <Age at={link.last_heard + (now.value - Date.now())} />, {t('admin.received')} <bdi>{bytesText(link.received_bytes)}</bdi>,
      {' '}{t('admin.reconnects')} <bdi>{link.reconnects}</bdi>{t('comma')}{t('admin.gaps')} <bdi>{link.gaps}</bdi>
    </p>
  )
}

export default function Connections() {
  const wanted = client_filter.value.trim().toLowerCase()
  const rows = clients.value.filter((it) => !wanted || `${it.user} ${it.callsign} ${it.uid} ${it.agency} ${it.address}`.toLowerCase().includes(wanted))
  return (
    <section class="screen" aria-labelledby="clients-title">
      <div class="bar">
        <h1 id="clients-title">{t('clients.title')}</h1>
        <span class="dimmed"><T k="clients.count" n={rows.length} /></span>
        <span class="gap" />
        <input
          type="search" class="filter" aria-label={t('filter')} placeholder={t('filter')} dir="auto"
          value={client_filter.value} onInput={(event) => { client_filter.value = event.currentTarget.value }}
        />
      </div>
      {rows.length === 0
        ? <Empty>{clients.value.length === 0 ? t('clients.empty') : t('people.none')}</Empty>
        : <Table id="clienttable" caption={t('clients.title')} columns={columns()} rows={rows} sort="-lag" keyOf={(it) => it.id} onRow={(it) => select(it.uid)} />}
      <PageLink />
    </section>
  )
}
