/** Where a model's files lie, and what they must hash to. */
import { checksumsOf, fileOf } from '../../engine/checksums.ts'
import { pageURL } from '../../engine/page-url.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'

export const ENGINE_NAME = 'wllama'

/** What `PEER_DEFAULT` means for models. */
const HUB = 'https://huggingface.co/'

/** A model that is split names its first file. */
const SPLIT = /-00001-of-(\d{5})\.gguf$/

export interface ModelFile {
  /** Absolute. */
  url: string
  /** As `checksumsOf` gives them. */
  checksums: string
}

/** A model's files, in their order. Checksums go by a file's name, in a repository also by its path there. */
export function filesOf(model: ModelInfo, base: string | URL | undefined): ModelFile[] {
  const { url, file = '' } = model.source ?? {}
  const folder = url === undefined ? file.slice(0, file.lastIndexOf('/') + 1) : ''
  return urlsOf(model, base).map((url) => ({ url, checksums: checksumsOf(model, folder + fileOf(url)) }))
}

function urlsOf(model: ModelInfo, base: string | URL | undefined): string[] {
  const first = new URL(firstURL(model, base))
  const count = Number(SPLIT.exec(first.pathname)?.[1] ?? 1)
  return Array.from({ length: count }, (_, i) => {
    const url = new URL(first)
    url.pathname = first.pathname.replace(SPLIT, `-${String(i + 1).padStart(5, '0')}-of-$1.gguf`)
    return url.href
  })
}

function firstURL({ id, source = {} }: ModelInfo, base: string | URL | undefined): string {
  const { url, repo, file, revision = 'main' } = source
  const folder = base === undefined || base === PEER_DEFAULT ? undefined : pageURL(base).replace(/\/?$/, '/')
  if (url !== undefined) return folder === undefined ? pageURL(url) : new URL(url, folder).href
  if (repo === undefined || file === undefined) {
    throw misconfigured(`the source of ${id} names no url, nor a repo and a file`)
  }
  if (base === PEER_DEFAULT) return `${HUB}${repo}/resolve/${encodeURIComponent(revision)}/${file}`
  if (folder === undefined) {
    throw misconfigured(`pass modelBaseURL, or "${PEER_DEFAULT}" for the Hugging Face Hub, to find ${repo}/${file}`)
  }
  return new URL(`${repo}/${file}`, folder).href
}

export function misconfigured(message: string): EngineError {
  return new EngineError(`wllama(): ${message}`, { stage: 'load', code: 'misconfigured' })
}
