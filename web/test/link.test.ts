import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Link } from '../src/net/link'
import type { LinkState } from '../src/net/link'
import type { Message } from '../src/net/protocol'

class Socket {
  static all: Socket[] = []
  binaryType = ''
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  closed = false
  constructor() {
    Socket.all.push(this)
  }
  send(): void {}
  close(): void {
    this.closed = true
  }
  say(message: Partial<Message>): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

/** A link that is live, with clocks that the test sets. */
function live() {
  const world = globalThis as unknown as Record<string, unknown>
  world['WebSocket'] = Socket
  world['window'] = { setTimeout: () => 0, setInterval: () => 0 }
  Socket.all = []
  const clock = { wall: 1_000_000, steady: 0 }
  mock.method(Date, 'now', () => clock.wall)
  mock.method(performance, 'now', () => clock.steady)
  const states: LinkState[] = []
  const heard: string[] = []
  const link = new Link('ws://x', {
    after: () => null,
    message: (message) => heard.push(message.type) > 0,
    state: (state) => states.push(state),
    mayRetry: async () => true,
    frame: () => undefined,
    position: () => undefined,
  })
  link.open()
  const socket = Socket.all[0]!
  socket.onopen!()
  socket.say({ type: 'snapshot' })
  assert.equal(states.at(-1), 'live')
  return { link, socket, states, heard, clock }
}

test('what the socket still held when the computer slept is not shown as if it were now', () => {
  const it = live()
  it.clock.wall += 90_000
  it.socket.say({ type: 'tick' })
  assert.deepEqual(it.heard, ['snapshot'])
  assert.equal(it.states.at(-1), 'lost')
  assert.equal(it.link.last_heard, 1_000_000)
  assert.ok(it.socket.closed)
  mock.restoreAll()
})

test('a pause of two seconds is none', () => {
  const it = live()
  it.clock.wall += 2_000
  it.clock.steady += 2_000
  assert.ok(it.link.check())
  it.socket.say({ type: 'tick' })
  assert.deepEqual(it.heard, ['snapshot', 'tick'])
  assert.equal(it.states.at(-1), 'live')
  mock.restoreAll()
})

test('a clock that was set back does not hide a silence', () => {
  const it = live()
  it.clock.wall -= 3_600_000
  it.clock.steady += 14_000
  assert.equal(it.link.check(), false)
  assert.equal(it.states.at(-1), 'lost')
  mock.restoreAll()
})
