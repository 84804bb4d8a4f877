/** Whether a model's files are on disk, read from the Cache API so that nothing has to be loaded to know. */
import type { ModelInfo } from '../../wire.ts'
import type { ModelSource } from './source.ts'
import { REQUIRED } from './source.ts'
import { checksumsAt, hasStore, openStore, stored } from './store.ts'

/** Never rejects. */
export async function isCached(info: ModelInfo, source: ModelSource): Promise<boolean> {
  try {
    if (!(await hasStore())) return false
    const store = await openStore()
    const urls = [source.graphURL, ...REQUIRED.map((name) => new URL(name, source.filesURL).href)]
    const files = urls.map((url) => stored(store, url, checksumsAt(info, source, url)))
    return (await Promise.all(files)).every(Boolean)
  } catch {
    return false
  }
}
