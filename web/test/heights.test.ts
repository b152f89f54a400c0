import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heights } from '../src/ui/heights'

/** The same, slowly. */
function slowly(rows: number[]) {
  const sum = (count: number) => rows.slice(0, count).reduce((a, b) => a + b, 0)
  const fit = (height: number) => {
    let n = 0
    while (n < rows.length && sum(n + 1) <= height) n++
    return n
  }
  return { sum, fit }
}

test('heights: sums and places agree with counting, whatever is put behind, before or changed', () => {
  let seed = 7
  const chance = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
  const it = new Heights(10)
  let rows: number[] = []
  for (let round = 0; round < 400; round++) {
    const what = chance(4)
    if (what === 0) {
      const more = chance(40)
      rows = [...rows, ...Array<number>(more).fill(10)]
      it.resize(rows.length)
    } else if (what === 1 && rows.length < 3000) {
      const more = chance(30)
      rows = [...Array<number>(more).fill(10), ...rows]
      it.prepend(more)
    } else if (rows.length > 0) {
      const row = chance(rows.length)
      rows[row] = 10 + chance(60)
      it.set(row, rows[row]!)
    }
    const { sum, fit } = slowly(rows)
    assert.equal(it.length, rows.length)
    assert.equal(it.total, sum(rows.length))
    for (let i = 0; i < 5; i++) {
      const n = chance(rows.length + 1)
      assert.equal(it.sum(n), sum(n))
      const height = chance(sum(rows.length) + 50)
      assert.equal(it.fit(height), fit(height), `seed 7, round ${round}`)
    }
  }
})

test('heights: fewer rows begin anew', () => {
  const it = new Heights(30)
  it.resize(50_000)
  assert.equal(it.total, 1_500_000)
  assert.equal(it.fit(1_499_999), 49_999)
  it.clear(20)
  it.resize(10)
  assert.equal(it.total, 200)
})
