// Brings WebLLM's entries of the Go module's catalogue up to the installed package: `make catalogue`. Whether that was
// done is a test, so an update of the package shows.
import { readFile, writeFile } from 'node:fs/promises'
import { installed, refreshCatalogue } from './catalogue-webllm.ts'

const file = new URL('../../registry/catalogue.json', import.meta.url)
const before = await readFile(file, 'utf8')
const { text, changes, problems } = refreshCatalogue(before, installed)

if (problems.length > 0) {
  console.error(`registry/catalogue.json is left as it was:\n${problems.join('\n')}`)
  process.exit(1)
}
if (text !== before) await writeFile(file, text)
console.log(
  changes.length > 0 ? changes.join('\n') : `registry/catalogue.json is what web-llm ${installed.version} says`,
)
