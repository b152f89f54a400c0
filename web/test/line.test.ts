import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complete, completionOf, noteFields, parseLogLine } from '../src/entry/line'

const units = ['RRF-1', 'RRF-10', 'SP South']
const zones = ['B1/2/A', 'B1/2/stairs']

test('a line of the log: its time, whom and where', () => {
  const rows: [string, ReturnType<typeof parseLogLine>][] = [
    ['[21:43] two buses at the gate', { text: 'two buses at the gate', at: '21:43', about: false, unit: '', zone: '' }],
    ['[~2143] shots', { text: 'shots', at: '2143', about: true, unit: '', zone: '' }],
    ['[-5] @RRF-10 is at #B1/2/stairs', { text: '@RRF-10 is at #B1/2/stairs', at: '-5', about: false, unit: 'RRF-10', zone: 'B1/2/stairs' }],
    ['@sp south says [21:43] is wrong', { text: '@sp south says [21:43] is wrong', at: '', about: false, unit: 'SP South', zone: '' }],
    ['[ward] a bed', { text: '[ward] a bed', at: '', about: false, unit: '', zone: '' }],
  ]
  for (const [line, expected] of rows) assert.deepEqual(parseLogLine(line, units, zones), expected, line)
})

test('a line is its writer\'s own note; a time that cannot be read is asked for', () => {
  const now = Date.UTC(2026, 1, 17, 17, 0)
  const fields = (line: string) => noteFields(parseLogLine(line, units, zones), now)
  assert.deepEqual(fields('two buses'), { predicate: 'note', text: 'two buses' })
  assert.deepEqual(fields('[~-5] @RRF-1 holds #B1/2/A'), {
    predicate: 'note', text: '@RRF-1 holds #B1/2/A', observed_at: '2026-02-17T16:55:00.000Z', unc_s: 900, subject: 'RRF-1', zone: 'B1/2/A',
  })
  assert.equal(fields('[25:99] two buses'), null)
})

test('a name that is being typed is completed where it stands', () => {
  assert.equal(completionOf('two buses'), null)
  assert.equal(completionOf('mail a@b'), null)
  const it = completionOf('ask @RR')!
  assert.deepEqual(it, { from: 5, mark: '@', typed: 'RR' })
  assert.equal(complete('ask @RR', it, 'RRF-1'), 'ask @RRF-1 ')
  assert.deepEqual(completionOf('#'), { from: 1, mark: '#', typed: '' })
})
