/// <reference types="dom-chromium-ai" />
/**
 * A browser's Prompt API for tests, after the specification of 2026 and, where that leaves it open, its explainer and the
 * web platform tests. Its shape is checked against the published types.
 */
import { canonicalize, convert, digest, type Heard } from './prompt-api-prompts.ts'
import type { Faults, Host } from './prompt-api-session.ts'
import { type FakeSession, NewSession, OldSession, takeFault, turn } from './prompt-api-session.ts'

export interface FakeOptions extends Partial<Omit<Host, 'live' | 'generated' | 'measured' | 'faults'>> {
  /** "raw": temperature and topK, as in extensions; "mode": sampling modes; "none": Chrome 148. Defaults to "mode". */
  sampling?: 'raw' | 'mode' | 'none'
  /** Defaults to "available". */
  availability?: Availability
  /** Its model takes images. Defaults to false. */
  images?: boolean
  /** Languages that it knows, without a region. Defaults to English, Spanish and Japanese. */
  languages?: string[]
}

type Static = Pick<typeof LanguageModel, 'availability' | 'create'>

/** The browser around the API. */
export interface FakeBrowser extends Host {
  readonly LanguageModel: Static
  availability: Availability
  /** Whether the user has just clicked. */
  activated: boolean
  faults: Faults
  /** Downloads that began. */
  downloads: number
  /** Options of every session that was asked for. */
  readonly created: LanguageModelCreateOptions[]
  /** Ends every session from the browser's side; the specification's name is AbortError, Chrome's InvalidStateError. */
  crash(name?: string): void
}

const MODES = ['most-predictable', 'predictable', 'balanced', 'creative', 'most-creative']
/** How far a download comes between its events. */
const STEPS = [0, 0.25, 0.5, 0.75, 1]

export function createFakeBrowser(options: FakeOptions = {}): FakeBrowser {
  const { sampling = 'mode', images = false, languages = ['en', 'es', 'ja'], names = 'new' } = options

  const availabilityOf = ({ expectedInputs = [], expectedOutputs = [] }: LanguageModelCreateCoreOptions) => {
    const known = ({ languages: wanted = [] }: LanguageModelExpected) =>
      wanted.every((tag) => languages.includes(new Intl.Locale(tag).language))
    const can =
      expectedInputs.every(
        (expected) => known(expected) && (expected.type === 'text' || (images && expected.type === 'image')),
      ) && expectedOutputs.every((expected) => known(expected) && expected.type === 'text')
    return can ? browser.availability : 'unavailable'
  }

  const create = async (given: LanguageModelCreateOptions = {}): Promise<LanguageModel> => {
    const { signal, monitor, initialPrompts = [] } = given
    browser.created.push(given)
    checkSampling(given, sampling)
    const expected = new Set(['text', ...(given.expectedInputs ?? []).map(({ type }) => type)])
    const input = convert(initialPrompts, browser.prefixes) as Heard[]
    const initial = input.length > 0 ? canonicalize(input, expected, false) : []
    signal?.throwIfAborted()
    const state = availabilityOf(given)
    if (state === 'unavailable') throw new DOMException('Unable to create a session.', 'NotSupportedError')
    const downloads = state !== 'available'
    if (downloads && !browser.activated) {
      throw new DOMException(`Requires a user gesture when availability is "${state}".`, 'NotAllowedError')
    }
    if (downloads) browser.downloads++
    const events = new EventTarget()
    monitor?.(events as CreateMonitor)
    for (const loaded of downloads ? STEPS : [0, 1]) {
      await turn()
      signal?.throwIfAborted()
      const progress = Object.assign(new Event('downloadprogress'), { loaded, total: 1, lengthComputable: true })
      events.dispatchEvent(progress)
      if (downloads && loaded === 0.5) {
        const fault = takeFault(browser.faults, 'download')
        if (fault) throw fault
      }
    }
    browser.availability = 'available'
    await turn()
    signal?.throwIfAborted()
    const fault = takeFault(browser.faults, 'create')
    if (fault) throw fault
    const session = new Class(browser, expected, initial)
    if (sampling === 'mode') Object.assign(session, { samplingMode: given.samplingMode ?? 'balanced' })
    signal?.addEventListener('abort', () => session.end(signal.reason))
    return session as never
  }

  const Named: typeof FakeSession = names === 'new' ? NewSession : OldSession
  class Class extends Named {
    static create = create
    static async availability(core: LanguageModelCreateCoreOptions = {}): Promise<Availability> {
      checkSampling(core, sampling)
      await turn()
      return availabilityOf(core)
    }
  }
  if (sampling === 'mode') Object.defineProperty(Class.prototype, 'samplingMode', { value: null, writable: true })
  if (sampling === 'raw') {
    const params: LanguageModelParams = { defaultTopK: 3, maxTopK: 128, defaultTemperature: 1, maxTemperature: 2 }
    Object.assign(Class, { params: async () => params })
  }

  const browser: FakeBrowser = {
    LanguageModel: Class satisfies Static,
    names,
    availability: options.availability ?? 'available',
    contextWindow: options.contextWindow ?? 400,
    chunkTokens: options.chunkTokens ?? 1,
    prefixes: options.prefixes ?? true,
    undercount: options.undercount ?? 0,
    answer: options.answer ?? digest,
    activated: false,
    faults: {},
    generated: 0,
    measured: 0,
    downloads: 0,
    created: [],
    live: new Set(),
    crash(name = 'InvalidStateError') {
      for (const session of browser.live) session.end(new DOMException('The session has been destroyed.', name))
    },
  }
  return browser
}

/** Both figures or neither, where they count at all; else they are ignored, as modes are where there are none. */
function checkSampling(
  { samplingMode, temperature, topK }: LanguageModelCreateCoreOptions,
  sampling: FakeOptions['sampling'],
): void {
  if (sampling === 'mode' && samplingMode !== undefined && !MODES.includes(samplingMode)) {
    throw new TypeError(`The provided value '${samplingMode}' is not a valid enum value`)
  }
  if (sampling !== 'raw') return
  if ((temperature === undefined) !== (topK === undefined)) {
    throw new DOMException('A session must either specify both topK and temperature, or neither.', 'NotSupportedError')
  }
  if ((temperature ?? 0) < 0 || (topK ?? 1) < 1) throw new RangeError('temperature or topK is out of range')
}

/** Puts the browser's API on this realm's global; the function returned takes it away. */
export function install({ LanguageModel }: FakeBrowser): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'LanguageModel')
  Object.defineProperty(globalThis, 'LanguageModel', { value: LanguageModel, configurable: true, writable: true })
  return () => {
    if (before) Object.defineProperty(globalThis, 'LanguageModel', before)
    else Reflect.deleteProperty(globalThis, 'LanguageModel')
  }
}
