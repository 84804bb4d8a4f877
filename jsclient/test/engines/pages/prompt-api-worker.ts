/** A worker, which browsers give no Prompt API. */
import { promptAPI } from '../../../src/engines/prompt-api/index.ts'

postMessage(await promptAPI().obstacle?.())
