import type { DetectOptions } from '../capability/detector.ts'
import type { OfferHandler } from '../downloads/offer.ts'
import type { Engine } from '../engine/engine.ts'
import type { PageStorage } from '../page-record.ts'
import type { ServerTransportOptions } from '../transport/http.ts'
import type {
  ChatMessageParam,
  ChatToolChoiceParam,
  ChatToolParam,
  Complexity,
  Decision,
  DeviceCapabilities,
  OpenAIChatRequest,
  RequestFeatures,
  State,
  Target,
  UserMode,
} from '../wire.ts'

/** Finds out what the device can do. `CapabilityDetector` is one. */
export interface DeviceDetector {
  /** Must not reject. */
  detect(options?: DetectOptions): Promise<DeviceCapabilities>
  /**
   * What there is to know now, asked before every decision. Must not reject: nothing is then known, and the error is
   * reported as uncaught. Defaults to asking the browser.
   */
  detectState?(): Promise<DetectedState>
  /**
   * How fast the GPU reads its memory, bytes per second; undefined = not known. Asked at most once a visit, before a model
   * for WebGPU is downloaded that never ran here, and remembered for 30 days. It bounds how fast that model can be, so
   * that the "speed" policy may keep it from being downloaded. Given up after 500 ms. Defaults to reading 64 MiB over and
   * over for at most 300 ms, on a real adapter alone; one that always says undefined switches it off.
   */
  detectBandwidth?(options: { readonly signal?: AbortSignal | undefined }): Promise<number | undefined>
}

/**
 * Battery and network; and of models, by id, what the app knows without an engine: a speed that it predicts, say. What the
 * engines found out themselves wins.
 */
export type DetectedState = Pick<State, 'battery' | 'network' | 'models'>

/** Where things are remembered. `localStorage` is one. */
export type ClientStorage = PageStorage

/** What every client takes. */
export interface ClientOptions {
  /** What can run models in this page, such as `webllm()`; each of another name. Defaults to none. */
  engines?: readonly Engine[] | undefined
  /**
   * Remembers what must last longer than the page, under names that begin with "edgewise.": the user's switch, what they
   * said to downloads, and which models failed. Defaults to the page's `localStorage`, where there is one; false =
   * nothing is remembered.
   */
  storage?: ClientStorage | false | undefined
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
  /** Defaults to a `CapabilityDetector`. */
  detector?: DeviceDetector | undefined
  /** Called with every decision before it is carried out. Must not throw. */
  onDecision?: ((decision: RoutedDecision) => void) | undefined
  /**
   * Asked before a model is downloaded, and remembered: a place for a dialog, or for rules of the app's. Undefined is "not
   * now": a no that later visits don't remember. Until it answers, idle loading waits, and so does a request that needs the
   * model; the offer's `signal` aborts when the answer no longer matters. A stored file that fails its checksum is fetched
   * again without being asked for. Defaults to none: what the app itself asks for is then downloaded, unless the
   * connection is metered.
   */
  onOffer?: OfferHandler | undefined
  /**
   * Whether the client downloads the model that would answer here while nothing else goes on, so that a later turn of the
   * conversation is answered on the device: "idle", or "manual" = only by `preload`. Idle downloads never begin over a
   * connection that is metered or saves data, nor on a battery below 20 % that is not being charged, and break off there.
   * Without an `onOffer` to ask, "idle" loads only what is on disk. Defaults to "idle" where there is an `onOffer`, else
   * to "manual".
   */
  preloads?: 'idle' | 'manual' | undefined
}

/** Options of `HybridInferenceClient`: those of every client, those of the server transport, and these. */
export interface HybridInferenceClientOptions extends ClientOptions, ServerTransportOptions {
  /**
   * Which local answers are reported to the server, in counts and codes: true = those whose prompt might have left the
   * device, "all" = local-only ones too, false = none. Defaults to true.
   */
  reports?: boolean | 'all' | undefined
  /**
   * Who is signed in, as an opaque id such as "u-7" or a function that gives it; undefined = nobody. The policy snapshot is
   * kept for this user alone: when the id changes it is dropped, and asked for anew. Without the option a snapshot of an
   * earlier visit is first confirmed by the server, and decides unconfirmed only while that is out of reach. It is kept in
   * `storage`, and sent nowhere.
   */
  subject?: string | (() => string | undefined) | undefined
  /**
   * Longest wait for the server's decision, or for its word that the snapshot in the page is still good, ms; after that the
   * page decides as if offline. Defaults to 5,000.
   */
  routeTimeoutMs?: number | undefined
  /**
   * Longest silence of the server while it streams an answer, ms; after that the answer counts as broken off, and another
   * target takes over where it may. 0 = any. Defaults to 60,000, as engines in the page do.
   */
  stallMs?: number | undefined
}

/** A decision, and who made it. */
export interface RoutedDecision extends Decision {
  decisionId: string
  policyRevision: string
  decidedBy: 'server' | 'page'
}

/** What every call takes: wishes about where it runs. None of it reaches a model. */
export interface RoutingOptions {
  /** Aborts the call, which then throws the signal's reason. Nothing is tried elsewhere. */
  signal?: AbortSignal | undefined
  /** "local-only": no byte of the prompt leaves the device, whatever fails. Defaults to "". */
  privacy?: '' | 'local-only' | undefined
  /** The user's wish for this request; wins over `setMode`. Defaults to "auto". */
  preference?: UserMode | undefined
  /** How hard the request is; wins over any estimate. Defaults to "auto". */
  complexity?: Complexity | undefined
  /** Named task, matched against the models' capabilities, such as "classification". UTF-8 bytes: 200 at most. */
  task?: string | undefined
  /** Runs there or fails: no fallback, and NoTargetError when the target is not permitted. */
  force?: Target | undefined
  /** The prompt's length in tokens, if known. Defaults to an estimate. */
  promptTokens?: number | undefined
  /** Counts over the prompt's text. Defaults to those of the messages. */
  features?: RequestFeatures | undefined
  /**
   * Names the conversation that this request goes on with, such as "c-42". The client remembers where the last answers of
   * 256 conversations were made, local-only ones aside, which is what the two options below default to. The server keeps a
   * conversation on the endpoint that has its prefix cached. UTF-8 bytes: 200 at most. Sent to the server: no secret.
   */
  conversationId?: string | undefined
  /**
   * The target that began the tool loop which this request goes on with. Defaults to `lastTarget` where the messages end
   * with a tool's result.
   */
  inToolLoop?: Target | undefined
  /** The target that made the conversation's last answer. Defaults to what the client remembers. */
  lastTarget?: Target | undefined
  /**
   * What happens to an answer that breaks off after text came, if the decision permits another target:
   *
   * - "continue": the other one goes on where it broke off, if it can: the server's decision must say so, the request must
   *   ask for plain text, and no tool call or reasoning may have begun. Otherwise as "restart", where that can be
   *   expressed, and else as "fail". The default of calls that hand text out as it comes.
   * - "restart": it begins again elsewhere. The default of calls that hand out whole answers. An InvalidRequestError where
   *   that can't be expressed: `create({ stream: true })`, and `generate` with `onChunk` and without `onRestart`.
   * - "fail": it is a StreamInterruptedError.
   *
   * Before any text another target takes over in silence, whatever is said here.
   */
  handover?: 'continue' | 'restart' | 'fail' | undefined
  /** Put the decision's explanation into the route record. Defaults to false. */
  trace?: boolean | undefined
}

/**
 * A chat request: OpenAI's fields, which reach the model, and ours, which don't. `model` is what the server shall use; a
 * local answer comes from the model that the decision names. Fields that no local engine honours send it to the server.
 * A field that is neither is an InvalidRequestError, lest a misspelt wish go unheard.
 */
export interface ChatRequest extends Omit<OpenAIChatRequest, 'messages' | 'tools' | 'tool_choice'>, RoutingOptions {
  /** At least one. */
  messages: ChatMessageParam[]
  /** What the model may call. Defaults to none. */
  tools?: ChatToolParam[]
  /** Whether it may, must, or must call a certain one. Defaults to "auto" where there are tools. */
  tool_choice?: ChatToolChoiceParam
  /** Fields of the server's own, such as vLLM's `top_k`, added to the body that it gets. No local model takes them. */
  extraBody?: Record<string, unknown> | undefined
}

/** Options of `generate`. */
export interface GenerateOptions extends RoutingOptions {
  /** Most tokens to generate. Defaults to 256. */
  maxTokens?: number | undefined
  /** 0..2; 0 = always the likeliest token. Defaults to the model's own. */
  temperature?: number | undefined
  /** Above 0, up to 1. Defaults to the model's own. */
  topP?: number | undefined
  /** Texts that end the answer and are not part of it. */
  stop?: string | string[] | undefined
  /** Non-negative integer. Defaults to a random one. */
  seed?: number | undefined
  /** A system message before the prompt. */
  system?: string | undefined
  /** Hand out the text as it comes, to `onChunk`. Defaults to whether there is an `onChunk`. */
  stream?: boolean | undefined
  /** Called with each piece of text, when `stream` is not false. */
  onChunk?: ((text: string) => void) | undefined
  /**
   * Allows an answer that broke off after a chunk was handed out, and that nobody can go on with, to begin again
   * elsewhere: drop the chunks so far. Without it such an answer is a StreamInterruptedError.
   */
  onRestart?: (() => void) | undefined
}

/** Options of what only takes time. */
export interface WaitOptions {
  /** Ends the waiting, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}
