/** A model's files as MLC lays them out, without a compiled program or weights that mean anything. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stubLibrary } from './webllm-library.ts'

export const SHARD_BYTES = 1_500_000

/** Writes the model `tiny` under `root`. Resolves with the files' checksums, as the registry lists them. */
export async function writeModel(root: string): Promise<Record<string, string>> {
  const tokenizer = new URL('../../../examples/tinymodel/files/edgewise-tiny-v1/tokenizer.json', import.meta.url)
  const shards = ['params_shard_0.bin', 'params_shard_1.bin']
  const records = shards.map((dataPath) => ({ dataPath, format: 'raw-shard', nbytes: SHARD_BYTES, records: [] }))
  const files: Record<string, string | Uint8Array> = {
    'mlc-chat-config.json': JSON.stringify({ tokenizer_files: ['tokenizer.json'], context_window_size: 512 }),
    'tokenizer.json': await readFile(tokenizer),
    'tensor-cache.json': JSON.stringify({ metadata: {}, records }),
    ...Object.fromEntries(shards.map((name, i) => [name, new Uint8Array(SHARD_BYTES).fill(i + 1)])),
  }
  await mkdir(join(root, 'tiny/resolve/main'), { recursive: true })
  await writeFile(join(root, 'tiny/lib.wasm'), stubLibrary())
  const checksums: Record<string, string> = { 'lib.wasm': sha256(stubLibrary()) }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(root, 'tiny/resolve/main', name), content)
    checksums[name] = sha256(content)
  }
  return checksums
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
