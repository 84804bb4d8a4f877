export { testModel } from '../../src/testing/model.ts'
