// About (in Admin): what this server is, how to reach it, until when its certificates count, and what is inside.
import { clockText, dateText } from '../base/format'
import { T, t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { now } from '../state/clock'
import { session } from '../state/session'
import { Facts, Part, Waiting, useAsked } from './admin_ask'

interface About {
  version: string; started: number; web: number; enrol: number; tak: number; names: string; folder: string; words: string; fingerprint: string
  certificates: { file: string; from: number; until: number }[]
}

const DAYS_WARN = 30
const DAY_MS = 86_400_000

/** What is in the program and in this page, with whose terms it is used by. */
const inside = [
  ['Cordon', 'Apache-2.0'], ['OpenSSL 3', 'Apache-2.0'], ['SQLite 3', 'Public domain'], ['libsodium', 'ISC'], ['libwebsockets', 'MIT'], ['jansson', 'MIT'],
  ['Expat', 'MIT'], ['libzip', 'BSD-3-Clause'], ['zlib', 'Zlib'], ['libqrencode', 'LGPL-2.1-or-later'], ['Preact, @preact/signals', 'MIT'], ['OpenLayers', 'BSD-2-Clause'],
  ['milsymbol', 'MIT'], ['idb', 'ISC'], ['mgrs', 'MIT'], ['topojson-client', 'ISC'], ['world-atlas, Natural Earth', 'ISC, public domain'],
  ['Noto Sans, Noto Naskh Arabic, Noto Nastaliq Urdu', 'OFL-1.1'],
] as const

const groups = (hex: string) => hex.match(/.{1,8}/g)?.join(' ') ?? ''

export default function AboutPart() {
  const { data, error } = useAsked<About>('/api/admin/about')
  const about = data.value
  return (
    <Part id="about" title={t('admin.tab.about')} about={t('about.about')} error={about ? error.value : ''}>
      {!about && <Waiting error={error.value} />}
      {about && (
        <div class="twoparts">
          <div class="lists">
            <section class="card" aria-labelledby="about-server">
              <div class="sechead"><h2 id="about-server">{t('admin.server')}</h2></div>
              <Facts
                rows={[
                  [t('admin.name'), <bdi key="n">{session.value?.server.name}</bdi>],
                  [t('admin.version'), <bdi key="v">Cordon {about.version}</bdi>],
                  [t('about.since'), <bdi key="s">{dateText(about.started)} {clockText(about.started)}</bdi>],
                  [t('about.names'), <bdi key="a" dir="ltr">{about.names.split(',').map((it) => it.trim()).join(', ')}</bdi>],
                  [t('about.ports'), <T key="p" k="about.ports_text" p={{ web: about.web, tak: about.tak || '—', enrol: about.enrol || '—' }} />],
                  [t('about.folder'), <bdi key="f" dir="ltr">{about.folder}</bdi>],
                ]}
              />
            </section>
            <section class="card" aria-labelledby="about-certificates">
              <div class="sechead"><h2 id="about-certificates">{t('about.certificates')}</h2></div>
              <p class="certwords" dir="ltr"><b>{about.words}</b></p>
              <p class="dimmed">{t('about.words_how')}</p>
              <Facts
                rows={about.certificates.map((it) => {
                  const days = Math.floor((it.until - now.value) / DAY_MS)
                  return [t(`about.cert.${it.file.replace('.pem', '')}` as Key), it.until
                    ? <span key={it.file} class={days < DAYS_WARN ? 'warn' : ''}><T k="about.until" p={{ date: dateText(it.until), days }} /></span>
                    : <b key={it.file} class="bad">{t('about.no_cert')}</b>] as const
                })}
              />
              <p class="fingerprint dimmed"><small dir="ltr">SHA-256 {groups(about.fingerprint)}</small></p>
            </section>
          </div>
          <section class="card" aria-labelledby="about-inside">
            <div class="sechead"><h2 id="about-inside">{t('about.inside')}</h2></div>
            <dl class="adminfacts" dir="ltr">{inside.map(([name, licence]) => <div key={name} class="pairrow"><dt>{name}</dt><dd>{licence}</dd></div>)}</dl>
          </section>
        </div>
      )}
    </Part>
  )
}
