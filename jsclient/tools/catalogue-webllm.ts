/** What the Go module's catalogue takes from the installed WebLLM: the rule that its script and its test share. */
import { prebuiltAppConfig } from '@mlc-ai/web-llm'
import manifest from '@mlc-ai/web-llm/package.json' with { type: 'json' }
import { featuresOf } from '../src/engines/webllm/record.ts'
import type { ModelInfo } from '../src/wire.ts'

/** Of a prebuilt record; the package's declarations don't resolve under NodeNext. */
export interface PrebuiltRecord {
  model: string
  model_id: string
  model_type?: number
  overrides?: { context_window_size?: number }
  required_features?: string[]
  buffer_size_required_bytes?: number
  vram_required_MB?: number
}

export interface WebLLMPackage {
  version: string
  records: PrebuiltRecord[]
}

export const installed: WebLLMPackage = { version: manifest.version, records: prebuiltAppConfig.model_list }

export interface Refreshed {
  /** The catalogue's file, formatted as before. */
  text: string
  /** What differs from before, a line each. */
  changes: string[]
  /** Entries that the package says too little of, or nothing; they stay as they were. */
  problems: string[]
}

/** Brings WebLLM's entries of the catalogue up to the package. */
export function refreshCatalogue(text: string, webllm: WebLLMPackage): Refreshed {
  const changes: string[] = []
  const problems: string[] = []
  const models = (JSON.parse(text) as ModelInfo[]).map((before) => {
    if (before.framework !== 'webllm') return before
    const after = refresh(before, webllm)
    if (typeof after === 'string') {
      problems.push(`${before.id}: ${after}`)
      return before
    }
    changes.push(...differences(before, after, before.id))
    return after
  })
  return { text: `${JSON.stringify(models, null, 2)}\n`, changes, problems }
}

/** The entry with the package's figures and where they were read; all else is kept by hand. Or what is wrong. */
function refresh(model: ModelInfo, { version, records }: WebLLMPackage): ModelInfo | string {
  const source = `web-llm ${version} prebuiltAppConfig`
  const id = model.source?.modelId ?? model.id
  const record = records.find((one) => one.model_id === id)
  if (!record) return `${source} has no ${id}: give the entry a model that the package has, or take it out`
  const { overrides, vram_required_MB, required_features = [], buffer_size_required_bytes } = record
  const contextWindow = overrides?.context_window_size
  if (contextWindow === undefined) return `${source} has no context_window_size for it`
  if (vram_required_MB === undefined) return `${source} has no vram_required_MB for it`

  const implied = featuresOf(id).filter((feature) => !required_features.includes(feature))
  const { minBufferBytes: _, ...requires } = model.requires ?? {}
  return {
    ...model,
    contextWindow,
    minRAMGB: Math.ceil(vram_required_MB / 1024),
    requires: {
      ...requires,
      gpu: 'webgpu',
      features: [...required_features, ...implied],
      ...(buffer_size_required_bytes !== undefined && { minBufferBytes: buffer_size_required_bytes }),
    },
    origin: {
      ...model.origin,
      contextWindow: source,
      minRAMGB: `${source}: vram_required_MB ${vram_required_MB}, rounded up to a GB`,
      requires: implied.length > 0 ? `${source}; ${implied.join(', ')} from the id` : source,
    },
  }
}

/** The leaves at which two values differ: "path: before -> after". */
function differences(before: unknown, after: unknown, path: string): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) => differences(before[key], after[key], `${path}.${key}`))
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)]
  return was === is ? [] : [`${path}: ${was} -> ${is}`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
