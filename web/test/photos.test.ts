import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pictureType } from '../src/state/photos'

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
