import { ask } from './ask.js'
import { engines } from './engines.js'

globalThis.ask = (model, ...rest) => ask(engines[model](), model, ...rest)
