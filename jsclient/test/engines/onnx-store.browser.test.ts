/** What the ONNX adapter keeps on the device, in Chromium. */
import { describe } from 'node:test'
import { testStore } from './store-steps.ts'

describe('the store of onnx', () => testStore('onnx'))
