import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPositions } from '../src/net/protocol'

function frame(records: number[][], more: { size?: number; count?: number; version?: number } = {}): ArrayBuffer {
  const size = more.size ?? 20
  const bytes = new ArrayBuffer(16 + size * records.length)
  const view = new DataView(bytes)
  view.setUint8(0, 1)
  view.setUint8(1, more.version ?? 1)
  view.setUint16(2, size, true)
  view.setUint32(4, more.count ?? records.length, true)
  view.setBigInt64(8, 1_700_000_000_000n, true)
  records.forEach(([n, lat, lon, course, speed, ce, floor, age], i) => {
    const at = 16 + i * size
    view.setUint32(at, n!, true)
    view.setInt32(at + 4, lat!, true)
    view.setInt32(at + 8, lon!, true)
    view.setUint16(at + 12, course!, true)
    view.setUint16(at + 14, speed!, true)
    view.setUint8(at + 16, ce!)
    view.setInt8(at + 17, floor!)
    view.setUint16(at + 18, age!, true)
  })
  return bytes
}

function read(bytes: ArrayBuffer): { ok: boolean; got: number[][] } {
  const got: number[][] = []
  const ok = readPositions(bytes, { frame: () => undefined, position: (...values) => got.push(values) })
  return { ok, got }
}

test('a record comes out as it was meant', () => {
  const { ok, got } = read(frame([[7, -245_000_000, 670_000_000, 9050, 150, 12, -1, 3]]))
  assert.ok(ok)
  assert.deepEqual(got, [[7, -24.5, 67, 90.5, 1.5, 12, -1, 1_699_999_997_000]])
})

test('unknown values are NaN', () => {
  const { got } = read(frame([[1, 0x7fffffff, 0x7fffffff, 65535, 65535, 255, -128, 0]]))
  assert.deepEqual(got[0]!.slice(1, 7), [NaN, NaN, NaN, NaN, NaN, NaN])
})

test('a longer record of a later server is read by its own size', () => {
  const { ok, got } = read(frame([[1, 10, 10, 0, 0, 1, 0, 0], [2, 20, 20, 0, 0, 1, 0, 0]], { size: 24 }))
  assert.ok(ok)
  assert.deepEqual(got.map((record) => record[0]), [1, 2])
})

test('a cut frame, another version and a lying count are refused', () => {
  assert.equal(read(frame([[1, 1, 1, 0, 0, 0, 0, 0]]).slice(0, 30)).ok, false)
  assert.equal(read(new ArrayBuffer(3)).ok, false)
  assert.equal(read(frame([], { version: 2 })).ok, false)
  assert.equal(read(frame([[1, 1, 1, 0, 0, 0, 0, 0]], { count: 4_000_000_000 })).ok, false)
})
