// The types of the wire against `openapi.yaml`: the same members, optional or not, of the same kinds, with the same
// words. The Go tests hold the golden files and the handlers against the same document.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { queryOf, type Schema, schemas, shapeOf } from './schemas.ts'
import { ANY, isObject, type Shape } from './shape.ts'
import { readTypes } from './types.ts'

const { shapes, interfaces } = readTypes()

/** OpenAI's: the types have all that the `openai` package has, the document what our server looks at or writes. */
const openAI = new Set(['ChatCompletionRequest', 'ChatCompletion', 'ChatCompletionChunk'])

/** Types that are only there to make others of: they stand in these without a name. */
const parts = new Set([
  'RequestInfo',
  'DecisionRequest',
  'Decision',
  'OpenAIChatRequest',
  'ChatTextPart',
  'ChatAssistantParam',
  'ChatToolCall',
  'ChatTool',
  'ChatTokenLogprob',
  'ChatLogprobs',
  'ChatCompletionChoice',
  'ChatCompletionChunkChoice',
  'ChatDelta',
  'ChatToolCallDelta',
])

/** Schemas of what the client neither sends nor reads by a type of its own. */
const foreign = new Set(['ServedModelList', 'UpstreamErrorBody'])

/** A type as far as the document speaks of it, and what the document says. */
function compare(name: string, schema: Schema): [own: Shape | undefined, said: Shape] {
  const own = shapes.get(name)
  const said = shapeOf(schema)
  return [own !== undefined && openAI.has(name) ? narrowed(own, said) : own, said]
}

const isStructure = (schema: Schema): boolean => schema.properties !== undefined

describe('the types of the wire', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    if (!shapes.has(name)) continue
    it(`${name} is what openapi.yaml says`, () => assert.deepEqual(...compare(name, schema)))
  }

  it('the query of savings is what openapi.yaml says', () => {
    assert.deepEqual(shapes.get('SavingsQuery'), queryOf('/browser/savings'))
  })

  it('every schema of an object has a type', () => {
    const missing = Object.keys(schemas).filter((name) => isStructure(schemas[name] ?? {}) && !shapes.has(name))
    assert.deepEqual(missing.sort(), [...foreign].sort())
  })

  it('every type of an object has a schema', () => {
    const missing = interfaces.filter((name) => !(name in schemas) && name !== 'SavingsQuery')
    assert.deepEqual(missing.sort(), [...parts].sort())
  })
})

describe('a difference is found', () => {
  type Change = (schema: Required<Schema>) => unknown
  const member =
    (name: string, is: Schema): Change =>
    ({ properties }) => {
      properties[name] = is
    }
  const changes: [what: string, name: string, change: Change][] = [
    ['a member that the type lacks', 'Report', member('mood', { type: 'string' })],
    ['a member that the document lacks', 'Report', ({ properties }) => delete properties.ttftMs],
    ['a member that is optional in the type alone', 'Report', ({ required }) => required.push('ttftMs')],
    ['a member that is optional in the document alone', 'Report', ({ required }) => required.pop()],
    ['another kind', 'Report', member('success', { type: 'integer' })],
    ['another kind of items', 'ReportBatch', member('reports', { type: 'array', items: { type: 'string' } })],
    ['null where the type has none', 'Report', member('id', { type: ['string', 'null'] })],
    ['another word of a closed set', 'Target', (schema) => schema.enum.push('phone')],
    ['another word of an open set', 'Reason', ({ examples }) => examples.push('because')],
    [
      'a set that is closed in the document alone',
      'Reason',
      (schema) => Object.assign(schema, { enum: schema.examples }),
    ],
    ["a member that OpenAI's type lacks", 'ChatCompletion', member('mood', { type: 'string' })],
    ["another kind in OpenAI's type", 'ChatCompletion', member('id', { type: 'integer' })],
  ]
  for (const [what, name, change] of changes) {
    it(what, () => {
      const schema = structuredClone(schemas[name]) as Required<Schema>
      change(schema)
      assert.notDeepEqual(...compare(name, schema))
    })
  }
})

/**
 * A type of OpenAI's as far as the schema goes. What is optional differs, for upstreams leave out what the `openai`
 * package promises, and so do the words of a set that it takes for closed.
 */
function narrowed(shape: Shape, schema: Shape): Shape {
  if (isObject(schema) && 'null or' in schema) return { 'null or': narrowed(bare(shape), schema['null or'] ?? ANY) }
  const plain = bare(shape)
  if (!isObject(schema)) return schema === 'string' && isText(plain) ? schema : plain
  if (!isObject(plain)) return plain
  if (schema['[*]'] === ANY) return schema
  const members = Object.entries(schema).flatMap(([name, member]): [string, Shape][] => {
    const own = plain[name] ?? plain[`${name}?`] ?? plain[name.replace(/\?$/, '')]
    return own === undefined ? [] : [[name, narrowed(own, member)]]
  })
  return Object.fromEntries(members)
}

const bare = (shape: Shape): Shape => (isObject(shape) ? (shape['null or'] ?? shape) : shape)

const isText = (shape: Shape): boolean => !isObject(shape) && /^('|string)/.test(shape)
