/** Writes the list of the built package's exports anew: `make generate`. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { exportsFile, listExports, readAPI } from './support/api.ts'

await writeFile(exportsFile, listExports(readAPI(resolve(import.meta.dirname, '../..'))))
