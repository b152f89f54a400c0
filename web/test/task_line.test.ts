import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTaskLine } from '../src/entry/task_line'
import { time_zone } from '../src/base/zone'

time_zone.value = '+05:00'
const NOW = Date.parse('2023-02-17T16:43:00Z') // 21:43 there
const names = ['QRF-1', 'SP South', 'SP South 2', 'AMB-4', 'AMB-5']
const at = (text: string) => Date.parse(`2023-02-17T${text}:00+05:00`)

const rows: [string, ReturnType<typeof parseTaskLine>][] = [
  ['@QRF open east gate by 21:55', { owner: 'QRF-1', text: 'open east gate', due: at('21:55'), priority: '' }],
  ['open east gate @QRF-1 by 2155 !', { owner: 'QRF-1', text: 'open east gate', due: at('21:55'), priority: 'urgent' }],
  ['@sp south 2: lamps for floor 3 +20 !!', { owner: 'SP South 2', text: 'lamps for floor 3', due: at('22:03'), priority: 'critical' }],
  ['@SP South stand by the gate', { owner: 'SP South', text: 'stand by the gate', due: NaN, priority: '' }],
  ['@AMB second stretcher', { owner: 'AMB', text: 'second stretcher', due: NaN, priority: '' }],
  ['@QRF-1 مشرقی دروازہ کھولیں 21:55 تک', { owner: 'QRF-1', text: 'مشرقی دروازہ کھولیں', due: at('21:55'), priority: '' }],
  ['call 2155 gate', { owner: '', text: 'call 2155 gate', due: NaN, priority: '' }],
  ['move by 25:99 to @EX-New post', { owner: 'EX-New', text: 'move by 25:99 to post', due: NaN, priority: '' }],
  ['mail a@b.example', { owner: '', text: 'mail a@b.example', due: NaN, priority: '' }],
  ['', { owner: '', text: '', due: NaN, priority: '' }],
]

test('a task in one line: owner, text, time, priority', () => {
  for (const [line, expected] of rows) assert.deepEqual(parseTaskLine(line, NOW, names), expected, line)
})
