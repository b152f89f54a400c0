// The one WebSocket. It says hello, hands messages on, and comes back by itself.
//
//   closed --open()--> connecting --first message--> live
//                          ^                           |
//                          +---- back-off <--- lost <--+   (socket closed, or silent for 13 s)
//
// A computer that slept wakes with what its socket still held: the silence is noticed before any of that is shown as
// if it were now.
//
// A gap in the record (an event whose prev is not the last one we have) closes the socket and says
// hello with `after` at once; should the same gap show again, the next hello asks for the whole picture.
import { readPositions } from './protocol'
import type { Message, PositionSink } from './protocol'

export interface LinkHandlers extends PositionSink {
  /** The newest event that the page has, or null. */
  after(): number | null
  /** False when the message shows a gap in the record. */
  message(message: Message, asked_after: number | null): boolean
  state(state: LinkState, retry_at: number): void
  /** Asked when a socket never said anything: false when the session is over and the link must stop. */
  mayRetry(): Promise<boolean>
}

export type LinkState = 'connecting' | 'live' | 'lost'

const SILENCE_MS = 13_000
const BACKOFF_MS = [300, 1_000, 2_000, 4_000, 8_000]

export class Link {
  received_bytes = 0
  received_frames = 0
  reconnects = 0
  gaps = 0
  last_heard = 0
  /** The same by a clock that nobody sets, but which may stand still in sleep. */
  private heard_steady = 0
  private socket: WebSocket | null = null
  private timer = 0
  private watchdog = 0
  private attempt = 0
  private stopped = true
  private gap_at = -1

  constructor(
    private readonly url: string,
    private readonly on: LinkHandlers,
  ) {}

  open(): void {
    if (!this.stopped) return
    this.stopped = false
    this.attempt = 0
    this.connect()
  }

  close(): void {
    this.stopped = true
    clearTimeout(this.timer)
    clearInterval(this.watchdog)
    this.drop()
  }

  private hear(): void {
    this.last_heard = Date.now()
    this.heard_steady = performance.now()
  }

  /** False when the server was not heard for too long: it is lost from now on, and called again. */
  check(): boolean {
    if (this.stopped || !this.socket) return true
    const silent_ms = Math.max(Date.now() - this.last_heard, performance.now() - this.heard_steady)
    if (silent_ms <= SILENCE_MS) return true
    this.drop()
    this.lost(true)
    return false
  }

  /** Do not wait for the back-off. */
  retryNow(): void {
    if (this.stopped || this.socket) return
    clearTimeout(this.timer)
    this.connect()
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private connect(): void {
    const after = this.on.after()
    const socket = new WebSocket(this.url)
    let answered = false
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    this.hear()
    this.on.state('connecting', 0)
    socket.onopen = () => {
      this.hear()
      socket.send(JSON.stringify({ type: 'hello', protocol: 1, after }))
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      answered = true
      this.take(event.data, after)
    }
    socket.onclose = () => this.lost(answered)
    clearInterval(this.watchdog)
    this.watchdog = window.setInterval(() => this.check(), 1_000)
  }

  private take(data: string | ArrayBuffer, asked_after: number | null): void {
    if (!this.check()) return
    this.hear()
    this.received_frames++
    if (typeof data !== 'string') {
      this.received_bytes += data.byteLength
      readPositions(data, this.on)
      return
    }
    this.received_bytes += data.length
    let message: Message
    try {
      message = JSON.parse(data) as Message
    } catch {
      return
    }
    if (!this.on.message(message, asked_after)) {
      this.resume()
      return
    }
    if (message.type === 'snapshot') {
      this.attempt = 0
      this.on.state('live', 0)
    }
  }

  private resume(): void {
    this.gaps++
    this.drop()
    const after = this.on.after() ?? -1
    const again = after === this.gap_at
    this.gap_at = after
    if (again) this.lost(true)
    else this.connect()
  }

  private lost(answered: boolean): void {
    this.socket = null
    clearInterval(this.watchdog)
    if (this.stopped) return
    this.reconnects++
    const wait = BACKOFF_MS[Math.min(this.attempt++, BACKOFF_MS.length - 1)]! * (0.8 + Math.random() * 0.4)
    this.on.state('lost', Date.now() + wait)
    this.timer = window.setTimeout(() => void this.again(answered), wait)
  }

  private async again(answered: boolean): Promise<void> {
    // A refused upgrade or hello looks like a dead server: ask which it was.
    if (!answered && !(await this.on.mayRetry())) {
      this.stopped = true
      return
    }
    if (!this.stopped && !this.socket) this.connect()
  }
}
