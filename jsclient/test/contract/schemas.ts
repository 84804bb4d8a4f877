import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { ANY, nullable, type Shape, wordShape } from './shape.ts'

/** As much of a schema as `openapi.yaml` uses and a TypeScript type can say. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: string[]
  examples?: string[]
  required?: string[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
}

interface Parameter {
  in: string
  name: string
  required?: boolean
  schema: Schema
}

interface Document {
  paths: Record<string, { get?: { parameters: Parameter[] } }>
  components: { schemas: Record<string, Schema> }
}

const document: Document = parse(
  readFileSync(path.resolve(import.meta.dirname, '../../../hybrid/openapi.yaml'), 'utf8'),
)
export const { schemas } = document.components

/** The query of a GET, as if it were an object. */
export function queryOf(endpoint: string): Shape {
  const parameters = document.paths[endpoint]?.get?.parameters.filter((parameter) => parameter.in === 'query') ?? []
  return shapeOf({
    type: 'object',
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  })
}

export function shapeOf(schema: Schema): Shape {
  if (schema.$ref) return shapeOf(referred(schema.$ref))
  if (schema.anyOf && !schema.type) return anyOf(schema.anyOf)
  if (typeof schema.const === 'string') return wordShape([schema.const], false)
  if (schema.const !== undefined) return String(schema.const)
  const types = [schema.type ?? []].flat()
  const [type] = types.filter((name) => name !== 'null')
  return nullable(plainShape(schema, type), types.includes('null'))
}

function referred(ref: string): Schema {
  const found = schemas[ref.replace('#/components/schemas/', '')]
  if (!found) throw new Error(`${ref} is missing`)
  return found
}

/** Of several forms, one beside null says something that a type can say too. */
function anyOf(forms: Schema[]): Shape {
  const others = forms.filter(({ type }) => type !== 'null')
  const [only] = others
  return nullable(only && others.length === 1 ? shapeOf(only) : ANY, others.length < forms.length)
}

function plainShape(schema: Schema, type: string | undefined): Shape {
  switch (type) {
    case 'string':
      return schema.enum ? wordShape(schema.enum, false) : wordShape(schema.examples ?? [], true)
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return { '[]': schema.items ? shapeOf(schema.items) : ANY }
    case 'object':
      return objectShape(schema)
    default:
      return type ?? ANY
  }
}

function objectShape({ properties, required = [], additionalProperties }: Schema): Shape {
  if (!properties) return { '[*]': typeof additionalProperties === 'object' ? shapeOf(additionalProperties) : ANY }
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [required.includes(name) ? name : `${name}?`, shapeOf(member)]),
  )
}
