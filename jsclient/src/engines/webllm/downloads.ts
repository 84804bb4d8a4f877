/**
 * WebLLM's downloads, watched. It fetches by `Cache.add`, which tells neither bytes nor a status and stores whatever
 * comes, a page of HTML too, for good; and what it has stored, it believes. While a model loads, `fetch`, `Cache.add` and
 * `Cache.match` of this worker, where nothing else runs, are therefore ones that count, check a file before it is stored
 * and when it is read, say whose it is, and fail with a name.
 */
import { checksumsOf, fileOf, passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import { admit, marked } from '../../engine/stored-files.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { fileFailure } from './failure.ts'
import type { ModelRecord, TensorManifest } from './peer.ts'
import type { LoadProgressMeter } from './progress.ts'

export interface DownloadsOptions {
  model: ModelInfo
  record: ModelRecord
  meter: Pick<LoadProgressMeter, 'received' | 'expect'>
  /** Ends them. */
  signal: AbortSignal
}

export interface Downloads {
  /** Why a file was not to be had, or not taken. WebLLM hides it behind errors of its own. */
  refusal(): ModelLoadError | undefined
  /** Gives the browser's own functions back. */
  end(): void
}

/** Takes over at once. */
export function watchDownloads({ model, record, meter, signal }: DownloadsOptions): Downloads {
  const { fetch } = globalThis
  const { add, match } = Cache.prototype
  let weights: Weights | undefined
  /** URLs of files that need no check before they are read. */
  const checked = new Set<string>()
  const checksumsAt = (url: string) => checksumsOf(model, fileOf(url))

  let refusal: ModelLoadError | undefined
  const refuse = (code: EngineErrorCode, url: string, what: string, cause?: unknown) => {
    const message = `${model.id} could not be loaded. ${fileFailure(code, url, what)}`
    refusal ??= new ModelLoadError(model.id, message, { code, cause })
    return refusal
  }

  /** Unless somebody wanted it to end: the caller, or WebLLM because the GPU was lost. */
  const broken = (request: Request, what: string, cause: unknown) => {
    if (signal.aborted || request.signal.aborted) return cause
    return refuse('download_failed', request.url, `${what}: ${describe(cause).message}`, cause)
  }

  const receive = async (request: Request): Promise<ArrayBuffer> => {
    const { url } = request
    let response: Response
    try {
      // What is broken must not stay in the HTTP cache either, and what is whole has a store of its own.
      response = await fetch(request, { cache: 'no-store', signal: AbortSignal.any([request.signal, signal]) })
    } catch (cause) {
      throw broken(request, 'could not be fetched', cause)
    }
    const { ok, status, body } = response
    if (!ok) throw refuse(codeOfStatus(status), url, `was answered with ${status}`)
    try {
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          meter.received(chunk.byteLength)
          controller.enqueue(chunk)
        },
      })
      return await new Response(body?.pipeThrough(count)).arrayBuffer()
    } catch (cause) {
      throw broken(request, 'was cut short', cause)
    }
  }

  const check = async (url: string, bytes: ArrayBuffer): Promise<void> => {
    const invalid = (what: string) => refuse('invalid_files', url, what)
    const least = weights?.sizes.get(url) ?? 0
    if (bytes.byteLength < least) throw invalid(`has ${bytes.byteLength} bytes instead of ${least}`)
    if (url === record.model_lib && !WebAssembly.validate(bytes)) throw invalid('is no WebAssembly')
    if (fileOf(url).endsWith('.json') && !isJSON(bytes)) throw invalid('is no JSON')
    const checksums = checksumsAt(url)
    if (checksums && !(await passes(bytes, checksums))) {
      throw invalid("has not the checksum that the model's registry lists")
    }
  }

  const fetchChecked = async (request: Request): Promise<Response> => {
    const { url } = request
    const bytes = await receive(request)
    await check(url, bytes)
    checked.add(url)
    return marked(bytes, { models: [model.id], checksums: checksumsAt(url) })
  }

  globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    return request.url.startsWith('http') ? fetchChecked(request) : fetch(request)
  }
  Cache.prototype.add = async function (this: Cache, input) {
    const request = new Request(input)
    if (!weights && !request.url.endsWith('.json')) {
      weights = await listWeights(this, request.url)
      if (weights) meter.expect(weights.missingBytes)
    }
    await this.put(request, await fetchChecked(request))
  }
  Cache.prototype.match = async function (this: Cache, input, options) {
    const { url } = new Request(input)
    if (!checked.has(url)) {
      // At once, for `admit` reads it too.
      checked.add(url)
      if (!(await admit(this, url, model.id, checksumsAt(url)))) {
        checked.delete(url)
        return undefined
      }
    }
    return match.call(this, input, options)
  }
  return {
    refusal: () => refusal,
    end() {
      globalThis.fetch = fetch
      Object.assign(Cache.prototype, { add, match })
    },
  }
}

interface Weights {
  /** Bytes by URL. */
  sizes: ReadonlyMap<string, number>
  /** Bytes that are not stored yet. */
  missingBytes: number
}

/** Reads the list of the weights, which lies beside them in the store before the first of them is fetched. */
async function listWeights(cache: Cache, url: string): Promise<Weights | undefined> {
  const manifest = new URL('tensor-cache.json', url).href
  const stored = await cache.match(manifest)
  if (!stored) return undefined
  const { records } = (await stored.json()) as TensorManifest
  const sizes = new Map(records.map(({ dataPath, nbytes }) => [new URL(dataPath, manifest).href, nbytes]))
  const present = new Set((await cache.keys()).map((request) => request.url))
  let missingBytes = 0
  for (const [file, bytes] of sizes) if (!present.has(file)) missingBytes += bytes
  return { sizes, missingBytes }
}

function isJSON(bytes: ArrayBuffer): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes))
    return true
  } catch {
    return false
  }
}
