// Paper: the screen in ink on white, with a head that says what it is, of which moment, and who printed it. A loose
// sheet must say so too: incident, exercise and page number stand in the margin of each.
//
// A long list draws all its rows while `printing` is set: on paper nothing scrolls. What is not for paper has the
// class no-print, what is only for paper print-only.
import { signal } from '@preact/signals'
import { render } from 'preact'
import '../css/print.css'
import { clockText, dateText } from '../base/format'
import { dir, joined, lang, T, t } from '../base/i18n'
import { serverNow } from '../state/clock'
import { strip } from '../state/incident'
import { lost_since, picture_at } from '../state/live'
import { past_at } from '../state/moment'
import { session } from '../state/session'
import { screen } from '../state/view'

interface Printing {
  title: string
  /** The moment that the page shows, and that of the printing. */
  as_of: number
  at: number
}

export const printing = signal<Printing | null>(null)
let asked = ''

const moment = (at: number) => `${dateText(at)} ${clockText(at)}`

function Head() {
  const it = printing.value
  if (!it) return null
  const operator = session.value?.operator
  const place = strip.value
  return (
    <header>
      {place?.exercise && <b class="mark">{t('incident.exercise')}</b>}
      <h1>{it.title}</h1>
      <p><b><bdi>{place?.name ?? session.value?.server.name}</bdi></b> <bdi>{place?.id}</bdi></p>
      <p>
        <b><T k={past_at.value === null ? 'print.as_of' : 'print.as_of_past'} p={{ time: moment(it.as_of) }} /></b>{' '}
        <T k="print.by" p={{ who: operator?.name ?? '', time: moment(it.at) }} />
      </p>
    </header>
  )
}

const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\s+/g, ' ')}"`

/** Margins are filled by the browser from a rule: the words of this page's moment are put into one. */
function marginRule(it: Printing): string {
  const place = strip.value
  const words = joined([place?.exercise ? t('incident.exercise') : '', place?.name ?? '', it.title, moment(it.as_of)], ' · ')
  const [start, end] = dir.value === 'rtl' ? ['right', 'left'] : ['left', 'right']
  return `@page { @top-${start} { content: ${quoted(words)}; } @bottom-${end} { content: "\\2066" counter(page) " / " counter(pages) "\\2069"; } }`
}

const margins = typeof CSSStyleSheet === 'undefined' ? null : new CSSStyleSheet()

/** A sheet of slips is a document of its own. */
const isSheet = () => document.querySelector('dialog.sheet[open]') !== null

function begin(): void {
  if (isSheet()) return
  const at = serverNow()
  const as_of = past_at.peek() ?? (lost_since.peek() ? picture_at.peek() : at)
  const it = { title: asked || t(`nav.${screen.peek()}`), as_of, at }
  printing.value = it
  margins?.replaceSync(marginRule(it))
}

function end(): void {
  printing.value = null
  asked = ''
  margins?.replaceSync('')
}

/** Opens the browser's own dialog for the screen that is shown; `title` is what the paper says it is. */
export async function printPage(title = ''): Promise<void> {
  asked = title
  // Nastaliq comes when it is needed; paper does not wait for it.
  if (lang.value === 'ur') await document.fonts.load('12px "Noto Nastaliq Urdu Variable"', 'اردو').catch(() => undefined)
  window.print()
}

/** Also what the browser's own menu prints has its head. */
export function startPrint(): void {
  if (document.getElementById('printhead')) return
  if (margins) document.adoptedStyleSheets.push(margins)
  const box = document.createElement('div')
  box.id = 'printhead'
  document.body.prepend(box)
  render(<Head />, box)
  addEventListener('beforeprint', begin)
  addEventListener('afterprint', end)
}
