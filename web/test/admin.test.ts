// What Admin works out by itself: cover of an area, hours of a disk, names of files and buildings.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaOf, coverOf, share } from '../src/base/cover'

const town = [9, 19, 11, 21] as const

test('an area is what lies around the places, and none without them', () => {
  assert.equal(areaOf([]), null)
  assert.deepEqual(areaOf([{ lat: 20, lon: 10 }, { lat: 20.5, lon: 9.5 }], 0.5), [9, 19.5, 10.5, 21])
})

test('the share of an area counts two maps that lie side by side as one', () => {
  assert.equal(share(town, []), 0)
  assert.equal(share(town, [[0, 0, 20, 40]]), 1)
  assert.ok(Math.abs(share(town, [[9, 19, 10, 21]]) - 0.5) < 0.03)
  assert.equal(share(town, [[9, 19, 10, 21], [10, 19, 11, 21]]), 1)
})

test('zooms with the same cover are one row', () => {
  const spans = coverOf(town, [{ minzoom: 0, maxzoom: 6, bounds: [-180, -85, 180, 85] }, { minzoom: 5, maxzoom: 14, bounds: [9, 19, 10, 21] }])
  assert.deepEqual(spans.map((it) => [it.from, it.to, Math.round(it.share * 10)]), [[0, 6, 10], [7, 14, 5], [15, 22, 0]])
})
