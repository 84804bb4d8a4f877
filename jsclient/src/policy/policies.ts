import { GB } from './numbers.ts'
import { count, flag, memory, type Readers, readOptions } from './options.ts'
import type { Policy, PolicyInput, Verdict } from './policy.ts'
import { outputTokens } from './tokens.ts'

/** Makes a policy of its options in a snapshot; throws a plain Error when they make no sense. */
type PolicyFactory = (options: unknown) => Policy

function policy<T>(readers: Readers<T>, evaluate: (input: PolicyInput, options: T) => Verdict): PolicyFactory {
  return (given) => {
    const options = readOptions(readers, given)
    return (input) => evaluate(input, options)
  }
}

/** Share of identities, in hundredths of a percent, that means everyone. */
const FULL_ROLLOUT = 10_000

/**
 * The operator's switch: forbids the browser for everyone, or outside a gradual rollout. An identity keeps its bucket,
 * so raising the share only adds users.
 */
const enabled = policy(
  { disabled: flag, rolloutBasisPoints: count(FULL_ROLLOUT, FULL_ROLLOUT) },
  ({ subject: { rolloutBucket } }, { disabled, rolloutBasisPoints }) => {
    const off = disabled || rolloutBucket >= rolloutBasisPoints
    const detail = { rolloutBucket, rolloutBasisPoints }
    return { ...(off && { forbid: 'browser', reason: 'browser_inference_disabled' }), detail }
  },
)

/**
 * The floor under every device: neither WebGPU nor WebGL2, or too little memory, forbids the browser. What the device
 * did not say does not count against it; what a single model needs is the candidate choice's business.
 */
const capability = policy(
  { allowCPU: flag, minRAMGB: memory(2 * GB) },
  ({ device: { webGPU, webGL2, availableRAM } }, { allowCPU, minRAMGB }) => {
    const noGPU = webGPU === false && webGL2 === false && !allowCPU
    const littleRAM = availableRAM > 0 && availableRAM < minRAMGB
    return {
      ...((noGPU || littleRAM) && { forbid: 'browser', reason: 'insufficient_device_capabilities' }),
      detail: {
        // -1 unknown, 0 no, 1 yes
        webGPU: Number(webGPU ?? -1),
        webGL2: Number(webGL2 ?? -1),
        availableRAMMiB: availableRAM,
        minRAMMiB: minRAMGB,
      },
    }
  },
)

/** Forbids the server to a request that asked to stay on the device. No options: a promise has no threshold. */
const privacy = policy({}, ({ request }) =>
  request.privacy === 'local-only' ? { forbid: 'server', reason: 'local_only' } : {},
)

/**
 * Follows the user's own switch: "never" forbids the browser, "always" prefers it. Neither is a matter of privacy:
 * "always" may still fall back to the server. A request's preference wins over the standing mode.
 */
const preference = policy({}, ({ request: { preference: wish }, state }) => {
  const mode = wish && wish !== 'auto' ? wish : state.mode
  if (mode === 'never') return { forbid: 'browser', reason: 'user_disabled_browser' }
  return mode === 'always' ? { prefer: 'browser', reason: 'user_prefers_browser' } : {}
})

/**
 * Prefers the server while the candidate would first have to be downloaded, or takes long to load; the decision still
 * names it for preloading. With `wait` the user waits instead. A page that does not say where its models are is left
 * alone, and a load time that was never measured counts as short.
 */
const readiness = policy(
  { wait: flag, maxLoadMs: count(5000) },
  ({ selection: { model, status }, state }, { wait, maxLoadMs }) => {
    const loadMs = (model && state.models.get(model.id)?.loadMs) ?? 0
    const late = status === 'absent' || (status === 'cached' && loadMs > maxLoadMs)
    const detail = { maxLoadMs, ...(model && { loadMs }) }
    return { ...(late && !wait && { prefer: 'server', reason: 'model_not_ready' }), detail }
  },
)

/**
 * Prefers the server for requests that a small model answers badly. What the app declares wins over any estimate; only
 * undeclared requests are measured. Lengths are in code points.
 */
const complexity = policy(
  { maxPromptLength: count(2000), maxOutputTokens: count(500) },
  ({ request }, { maxPromptLength, maxOutputTokens }) => {
    const { complexity: declared, promptLength } = request
    const output = outputTokens(request)
    const large = promptLength > maxPromptLength || output > maxOutputTokens
    const complex = declared && declared !== 'auto' ? declared === 'complex' : large
    const detail = { promptLength, maxPromptLength, outputTokens: output, maxOutputTokens }
    return { ...(complex && { prefer: 'server', reason: 'request_too_complex' }), detail }
  },
)

/** The policies that this version can evaluate, by name. */
export const POLICIES: ReadonlyMap<string, PolicyFactory> = new Map(
  Object.entries({ enabled, capability, privacy, preference, readiness, complexity }),
)
