/** What the Transformers.js adapter keeps on the device, in Chromium. */
import { describe } from 'node:test'
import { testStore } from './store-steps.ts'

describe('the store of transformers', () => testStore('transformers'))
