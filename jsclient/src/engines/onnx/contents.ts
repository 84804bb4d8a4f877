/** What is in a model's files. */
import { fileOf } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import type { ModelFiles } from './files.ts'
import type { SessionOptions } from './peer.ts'
import type { ModelSource } from './source.ts'
import { REQUIRED } from './source.ts'
import { templateOf } from './text.ts'

export type Config = Record<string, unknown>

/** The small files, which tell whether the large ones are worth their download. */
export interface Settings {
  config: Config
  /** Empty when the model has no `generation_config.json`. */
  generation: Config
  tokenizer: Config
  tokenizerConfig: Config
  /** `chat_template.jinja`, looked for when the tokenizer's configuration has no template. */
  chatTemplate: string | undefined
}

/** The large files. */
export interface Weights {
  graph: Uint8Array
  /** Weights that lie beside the graph. */
  externalData: SessionOptions['externalData']
}

/** Throws the errors of `files`, and plain ones about files that can't be read. */
export async function readSettings(files: ModelFiles, { filesURL }: ModelSource): Promise<Settings> {
  const at = (name: string) => new URL(name, filesURL).href
  const json = async (name: (typeof REQUIRED)[number]) => parse(name, await files.read(at(name)))
  const withTemplate = async () => {
    const tokenizerConfig = await json('tokenizer_config.json')
    const hasTemplate = templateOf(tokenizerConfig) !== undefined
    const bytes = hasTemplate ? undefined : await files.readOptional(at('chat_template.jinja'))
    return { tokenizerConfig, chatTemplate: bytes && new TextDecoder().decode(bytes) }
  }
  const withGeneration = async () => {
    const bytes = await files.readOptional(at('generation_config.json'))
    return bytes ? parse('generation_config.json', bytes) : {}
  }
  const [config, text, tokenizer, generation] = await Promise.all([
    json('config.json'),
    withTemplate(),
    json('tokenizer.json'),
    withGeneration(),
  ])
  return { config, ...text, tokenizer, generation }
}

/** Throws the errors of `files`. */
export async function readWeights(files: ModelFiles, { graphURL }: ModelSource, config: Config): Promise<Weights> {
  const read = async (url: string) => new Uint8Array(await files.read(url))
  const beside = dataFiles(config, graphURL).map(async ({ path, url }) => ({ path, data: await read(url) }))
  const [graph, externalData] = await Promise.all([read(graphURL), Promise.all(beside)])
  return { graph, externalData }
}

function parse(name: string, bytes: ArrayBuffer): Config {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value === 'object' && value !== null) return value as Config
    throw new TypeError('it is no object')
  } catch (error) {
    throw new Error(`${name} can't be read: ${describe(error).message}`)
  }
}

/** What the two functions above read of a model, whose tokenizer's configuration may not be known yet. */
export function filesOf(
  { filesURL, graphURL }: ModelSource,
  config: Config,
  tokenizerConfig: Config | undefined,
): { url: string; optional: boolean }[] {
  const hasTemplate = tokenizerConfig !== undefined && templateOf(tokenizerConfig) !== undefined
  const settings = ['generation_config.json', ...(hasTemplate ? [] : ['chat_template.jinja'])]
  return [
    ...REQUIRED.map((name) => ({ url: new URL(name, filesURL).href, optional: false })),
    ...settings.map((name) => ({ url: new URL(name, filesURL).href, optional: true })),
    ...dataFiles(config, graphURL).map(({ url }) => ({ url, optional: false })),
    { url: graphURL, optional: false },
  ]
}

/** What the URLs of all files with the graph's weights begin with: escaped as the graph's own is. */
export function dataPrefix(graphURL: string): string {
  return `${graphURL.replace(/[?#].*/, '')}_data`
}

/**
 * The files with the graph's weights, as the `transformers.js_config` of the model's configuration counts them. `path` is
 * the name that the graph has for them.
 */
function dataFiles(config: Config, graphURL: string): { path: string; url: string }[] {
  const graphName = fileOf(graphURL)
  const { use_external_data_format: format } = (config['transformers.js_config'] ?? {}) as Config
  const isByGraph = typeof format === 'object' && format !== null
  const count = Number((isByGraph ? ((format as Config)[graphName] ?? (format as Config).model) : format) ?? 0)
  const ends = Array.from({ length: count }, (_, i) => (i ? `_${i}` : ''))
  return ends.map((end) => ({ path: `${graphName}_data${end}`, url: dataPrefix(graphURL) + end }))
}
