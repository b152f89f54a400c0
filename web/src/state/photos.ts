// Photos of a zone: reports that cite a file as their origin. A phone's photo is such a report when an incident was open as
// it came; one that came before, or that somebody sent from a computer, gets its report when it is placed. The bytes are
// asked for when a picture is looked at, and shown only when they are a picture, whatever their sender called them.
import { signal } from '@preact/signals'
import { call, fetchBytes } from '../net/api'
import type { Entity } from '../net/incident'
import { act } from './acts'
import { entitiesOf, entity, textOf } from './incident'
import { hasRight } from './rights'

/** `user` has a device, `operator` sent it from a page. */
export interface FileEntry {
  name: string
  sha256: string
  mime: string
  at: number
  user?: string
  operator?: string
  callsign: string
  creator: string
  lat: number | null
  lon: number | null
}

const ORIGIN = /^sha256-([0-9a-f]{64})$/
const PICTURES_MAX = 60
const over = new Set(['withdrawn', 'refuted', 'discounted', 'merged-into'])
const files = signal<readonly FileEntry[]>([])

/** The list of files, for their names and for which of them are pictures. */
export async function askFiles(): Promise<void> {
  if (!hasRight('picture')) return
  const answer = await call<{ files: FileEntry[] }>('GET', '/api/files')
  if (answer.ok) files.value = answer.data.files
}

export const hashOf = (report: Entity) => ORIGIN.exec(textOf(report, 'origin'))?.[1] ?? ''
const fileOf = (report: Entity) => files.value.find((it) => it.sha256 === hashOf(report))
export const photoName = (report: Entity) => fileOf(report)?.name ?? report.id

/** A file that came as a photo, or that its sender called a picture. */
const isPhoto = (report: Entity) => hashOf(report) !== '' && !over.has(textOf(report, 'state')) &&
  (textOf(report, 'subject') === 'photo' || (fileOf(report)?.mime.startsWith('image/') ?? false))

const newestFirst = (a: Entity, b: Entity) => b.made - a.made

/** Somebody placed them here, so they are shown even when the list of files does not know them any more. */
export function photosOf(zone: string): Entity[] {
  return entitiesOf('report').filter((it) => textOf(it, 'zone') === zone && hashOf(it) !== '' && !over.has(textOf(it, 'state'))).sort(newestFirst)
}

/** Photos that could be placed in a zone: those that are nowhere yet first, then those of another zone of the record. */
export function photosBeside(zone: string): (Entity | FileEntry)[] {
  const others = entitiesOf('report').filter((it) => isPhoto(it) && textOf(it, 'zone') !== zone).sort(newestFirst)
  const isPlaced = (it: Entity) => entity('zone', textOf(it, 'zone')) !== undefined
  return [...others.filter((it) => !isPlaced(it)), ...withoutReport(files.value, entitiesOf('report')), ...others.filter(isPlaced)]
}

/** Pictures that no report cites, the newest first; a report that was taken back was one. */
export function withoutReport(list: readonly FileEntry[], reports: readonly Entity[]): FileEntry[] {
  const known = new Set(reports.map(hashOf))
  const firsts = list.filter((it, i) => list.findIndex((one) => one.sha256 === it.sha256) === i)
  return firsts.filter((it) => it.mime.startsWith('image/') && !known.has(it.sha256)).sort((a, b) => b.at - a.at)
}

export const senderOf = (file: FileEntry) => file.callsign || file.user || file.operator || ''

const SOURCE_MAX = 64

/** The report that a photo gets, as the server makes one of a phone's: who sent it is its source, and the words are names. */
export function reportOf(file: FileEntry, zone: string): { source: Record<string, unknown>; report: Record<string, unknown> } {
  const by_phone = file.user !== undefined
  const source = by_phone ? 'cot:' + (file.creator || file.user!).slice(0, SOURCE_MAX) : senderOf(file)
  return {
    source: { source, name: senderOf(file), source_kind: by_phone ? 'responder' : 'other' },
    report: {
      predicate: 'note', subject: 'photo', text: `${senderOf(file)}: ${file.name}`, origin: 'sha256-' + file.sha256, zone, source,
      grade: by_phone ? 'B3' : 'F6', reported_at: new Date(file.at).toISOString(), ...(file.lat === null ? {} : { lat: `${file.lat}, ${file.lon}` }),
    },
  }
}

/** '' when it is on the record, else why not. */
export async function placeFile(file: FileEntry, zone: string): Promise<string> {
  const { source, report } = reportOf(file, zone)
  const why = entity('source', String(source['source'])) ? '' : await act('source.registered', source)
  return why || act('report.received', report)
}

const kinds: readonly (readonly [type: string, at: number, bytes: string])[] = [
  ['image/jpeg', 0, '\xff\xd8\xff'], ['image/png', 0, '\x89PNG\r\n\x1a\n'], ['image/gif', 0, 'GIF8'], ['image/webp', 8, 'WEBP'],
]

/** What a browser shows without running anything in it, by the first bytes; '' for the rest. */
export function pictureType(bytes: ArrayBuffer): string {
  const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, 16)))
  return kinds.find(([, at, mark]) => head.startsWith(mark, at))?.[0] ?? ''
}

const urls = new Map<string, Promise<string>>()

async function fetchPicture(hash: string): Promise<string> {
  const bytes = await fetchBytes('/api/files/' + hash)
  const type = bytes ? pictureType(bytes) : ''
  if (type !== '') return URL.createObjectURL(new Blob([bytes!], { type }))
  // Asked for again when it is looked at again: the server may only have been away.
  urls.delete(hash)
  return ''
}

/** An address for <img>; '' when there are no bytes or they are no picture. The longest not asked for gives way. */
export function pictureUrl(hash: string): Promise<string> {
  const url = urls.get(hash) ?? fetchPicture(hash)
  urls.delete(hash)
  urls.set(hash, url)
  const [oldest] = urls
  if (urls.size > PICTURES_MAX && oldest) {
    urls.delete(oldest[0])
    void oldest[1].then(URL.revokeObjectURL)
  }
  return url
}
