import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity } from '../src/net/incident'
import { pictureType, reportOf, withoutReport } from '../src/state/photos'
import type { FileEntry } from '../src/state/photos'

const bytes = (text: string) => Uint8Array.from(text, (it) => it.charCodeAt(0)).buffer as ArrayBuffer

test('a picture is known by its first bytes, whatever it is called', () => {
  assert.equal(pictureType(bytes('\xff\xd8\xff\xe0 EX')), 'image/jpeg')
  assert.equal(pictureType(bytes('\x89PNG\r\n\x1a\n EX')), 'image/png')
  assert.equal(pictureType(bytes('GIF89a')), 'image/gif')
  assert.equal(pictureType(bytes('RIFF\0\0\0\0WEBPVP8 ')), 'image/webp')
})

test('what could run, and what is none, is not shown', () => {
  for (const text of ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'PK\x03\x04 EX', 'RIFF\0\0\0\0WAVE', '', '\xff\xd8']) assert.equal(pictureType(bytes(text)), '', text)
})

const hash = (digit: string) => digit.repeat(64)
const file = (digit: string, at: number, more: Partial<FileEntry> = {}): FileEntry => ({
  name: `IMG_${digit}.jpg`, sha256: hash(digit), mime: 'image/jpeg', at, user: 'EX-r1', callsign: 'EX-R1', creator: 'EX-PHONE-1', lat: null, lon: null, ...more,
})
const cites = (digit: string, state = 'new'): Entity => ({ kind: 'report', id: 'R-' + digit, made: 1, changed: 1, fields: { origin: 'sha256-' + hash(digit), state } })

test('pictures that no report cites, newest first, each once; a report that was taken back was one', () => {
  const list = [file('1', 10), file('2', 30), file('2', 20), file('3', 40, { mime: 'application/pdf' }), file('4', 50), file('5', 60)]
  assert.deepEqual(withoutReport(list, [cites('4'), cites('5', 'withdrawn')]).map((it) => it.name), ['IMG_2.jpg', 'IMG_1.jpg'])
})

test('the report of a photo says who sent it, when and where, as the server does for a phone', () => {
  const at = Date.UTC(2023, 1, 17, 16, 14)
  const { source, report } = reportOf(file('a', at, { lat: 10.5, lon: 20.25 }), 'Block/1/A')
  assert.deepEqual(source, { source: 'cot:EX-PHONE-1', name: 'EX-R1', source_kind: 'responder' })
  assert.deepEqual(report, {
    predicate: 'note', subject: 'photo', text: 'EX-R1: IMG_a.jpg', origin: 'sha256-' + hash('a'), zone: 'Block/1/A', source: 'cot:EX-PHONE-1',
    grade: 'B3', reported_at: '2023-02-17T16:14:00.000Z', lat: '10.5, 20.25',
  })
})

test('a photo from a computer has its operator as source, whose word nobody has judged', () => {
  const { user: _, ...sent } = file('b', 0, { operator: 'EX officer', callsign: '', creator: '' })
  const { source, report } = reportOf(sent, 'Block/1/A')
  assert.deepEqual(source, { source: 'EX officer', name: 'EX officer', source_kind: 'other' })
  assert.equal(report['grade'], 'F6')
  assert.ok(!('lat' in report))
})
