import { EdgewiseError } from '../errors/edgewise-error.ts'

/** One server-sent event. */
export interface SSEEvent {
  /** Event type. Defaults to "message". */
  event: string
  /** The lines of `data`, joined by "\n". */
  data: string
  /** The stream ended before the blank line that ends an event; the data may be cut short. */
  unterminated?: true
}

/** Options of {@link SSEParser}. */
export interface SSEParserOptions {
  /** Longest line and longest event, UTF-16 code units. Defaults to 1,048,576. */
  maxEventSize?: number | undefined
}

/**
 * Incremental parser of `text/event-stream` as the HTML standard defines it: however the bytes are cut into chunks, the
 * events are the same. Like the browser's EventSource it skips a byte order mark, takes CR, LF and CRLF for line ends,
 * and drops comments and events without data; unlike it, it leaves `id` and `retry` alone, for nothing reconnects, and
 * hands out an event that the end of the stream cut off, and marks it. An event over `maxEventSize` is an `EdgewiseError`
 * with code "event_too_large"; the parser is of no use after that.
 */
export class SSEParser {
  readonly #decoder = new TextDecoder()
  readonly #maxEventSize: number
  /** The beginning of a line whose end has not come yet. */
  #line = ''
  /** The last character was CR: a LF that follows belongs to it. */
  #afterCR = false
  #event = ''
  #data = ''
  #hasData = false

  constructor(options: SSEParserOptions = {}) {
    this.#maxEventSize = options.maxEventSize ?? 1_048_576
  }

  /** Takes the next bytes and returns the events that they complete. */
  push(bytes: Uint8Array): SSEEvent[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }))
  }

  /** Takes the end of the stream and returns the event that it cut off, if any. */
  end(): SSEEvent[] {
    const events = this.#take(this.#decoder.decode())
    if (this.#line) this.#endLine(this.#line, events)
    this.#line = ''
    if (this.#hasData) events.push({ ...this.#dispatch(), unterminated: true })
    return events
  }

  #take(text: string): SSEEvent[] {
    const events: SSEEvent[] = []
    const lines = (this.#afterCR ? text.replace(/^\n/, '') : text).split(/\r\n?|\n/)
    if (text !== '') this.#afterCR = text.endsWith('\r')
    lines[0] = this.#line + lines[0]
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.#endLine(line, events)
    this.#checkSize(this.#line.length)
    return events
  }

  #endLine(line: string, events: SSEEvent[]): void {
    this.#checkSize(line.length)
    if (line === '') {
      if (this.#hasData) events.push(this.#dispatch())
      this.#event = ''
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') {
      this.#data = this.#hasData ? `${this.#data}\n${value}` : value
      this.#hasData = true
      this.#checkSize(this.#data.length)
    } else if (field === 'event') this.#event = value
  }

  #dispatch(): SSEEvent {
    const event = { event: this.#event || 'message', data: this.#data }
    this.#data = ''
    this.#hasData = false
    return event
  }

  #checkSize(size: number): void {
    if (size <= this.#maxEventSize) return
    throw new EdgewiseError(`An event of the stream is larger than ${this.#maxEventSize} characters.`, {
      code: 'event_too_large',
    })
  }
}
