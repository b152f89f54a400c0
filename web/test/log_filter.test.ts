import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line } from '../src/base/describe'
import type { RecordEvent } from '../src/net/protocol'
import { countOf, fitsLine, no_filter } from '../src/screens/log_filter'
import type { LogFilter } from '../src/screens/log_filter'

const event: RecordEvent = { seq: 12, prev: 11, kind: 'zone.search_ended', at: 1_000, observed: null, incident: 'I', fields: { zone: 'B1/2/A', unit: 'RRF-1', kind: 'threat' } }
const line: Line = { source: 'EX keeper', text: 'Search ends · RRF-1', level: 'warn', unit: 'RRF-1', said: false }
const known = { zonesOf: (level: string) => new Set(level === 'B1/2' ? ['B1/2/A'] : []), corrected: (seq: number) => seq === 12 }
const fits = (it: Partial<LogFilter>) => fitsLine({ ...no_filter, ...it }, event, 'incident', event.at, () => line, known)

const rows: [Partial<LogFilter>, boolean][] = [
  [{}, true], [{ family: 'chat' }, false], [{ family: 'incident' }, true], [{ kind: 'zone.voided' }, false], [{ kind: 'zone.search_ended' }, true],
  [{ source: 'EX keeper' }, true], [{ source: 'RRF-1' }, false], [{ about: 'zone/B1/2/A' }, true], [{ about: 'zone/B1/2/B' }, false],
  [{ about: 'level/B1/2' }, true], [{ about: 'level/B1/3' }, false], [{ about: 'unit/RRF-1' }, true], [{ about: 'unit/RRF-2' }, false],
  [{ about: 'person/P-1' }, false], [{ level: 'crit' }, false], [{ level: 'warn' }, true], [{ level: 'corrected' }, true],
  [{ words: 'search' }, true], [{ words: '#12' }, true], [{ words: 'rrf-2' }, false],
  [{ from: 1_000, to: 1_000 }, true], [{ from: 1_001 }, false], [{ to: 999 }, false],
]

test('each condition of the log lets through what it says', () => {
  for (const [it, expected] of rows) assert.equal(fits(it), expected, JSON.stringify(it))
  assert.equal(countOf({ ...no_filter, kind: 'a', level: 'crit', from: 5, words: 'x', family: 'chat' }), 3)
})

test('what no condition needs is not described: a line in words costs more than all else', () => {
  let described = 0
  const describe = () => {
    described++
    return line
  }
  fitsLine({ ...no_filter, family: 'incident', kind: 'zone.search_ended', from: 1 }, event, 'incident', 1_000, describe, known)
  assert.equal(described, 0)
})
