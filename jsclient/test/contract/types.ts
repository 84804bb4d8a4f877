// The compiler's own view of the types. Its API is called unstable, and package.json pins the compiler's version.
import path from 'node:path'
import { API, type Checker, type Symbol as Name, SymbolFlags, type Type, TypeFlags } from 'typescript/unstable/sync'
import { ANY, nullable, type Shape, wordShape } from './shape.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** The types that `src/wire.ts` exports, as the compiler sees them. */
export function readTypes(): { shapes: Map<string, Shape>; interfaces: string[] } {
  const api = new API({ cwd: root })
  try {
    const config = path.join(root, 'tsconfig.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    const file = project?.program.getSourceFile(path.join(root, 'src/wire.ts'))
    const module = file && project?.checker.getSymbolAtLocation(file)
    if (!project || !module) throw new Error('src/wire.ts could not be read')
    const { checker } = project
    const exports = checker.getExportsOfModule(module)
    return {
      shapes: new Map(exports.map((name) => [name.name, shapeOf(checker, checker.getDeclaredTypeOfSymbol(name))])),
      interfaces: exports.filter(({ flags }) => flags & SymbolFlags.Interface).map(({ name }) => name),
    }
  } finally {
    api.close()
  }
}

function shapeOf(checker: Checker, type: Type): Shape {
  const { flags } = type
  if (flags & TypeFlags.AnyOrUnknown) return ANY
  if (flags & TypeFlags.Boolean) return 'boolean'
  if (flags & TypeFlags.Number) return 'number'
  if (flags & TypeFlags.String) return 'string'
  if (flags & TypeFlags.NonPrimitive) return { '[*]': ANY }
  if (type.isStringLiteralType()) return wordShape([type.value], false)
  if (type.isLiteralType()) return String(type.value)
  if (type.isUnionType()) return unionOf(checker, type.getTypes())
  if (checker.isArrayType(type) && type.isTypeReference()) {
    const [item] = checker.getTypeArguments(type)
    return { '[]': item ? shapeOf(checker, item) : ANY }
  }
  const [index] = checker.getIndexInfosOfType(type)
  if (index) return { '[*]': shapeOf(checker, index.valueType) }
  return Object.fromEntries(checker.getPropertiesOfType(type).map((member) => memberOf(checker, member)))
}

function memberOf(checker: Checker, member: Name): [string, Shape] {
  const type = checker.getTypeOfSymbol(member)
  const optional = member.flags & SymbolFlags.Optional ? '?' : ''
  return [member.name + optional, type ? shapeOf(checker, type) : ANY]
}

function unionOf(checker: Checker, all: readonly Type[]): Shape {
  const isNullable = all.some(({ flags }) => flags & TypeFlags.Null)
  const types = all.filter(({ flags }) => !(flags & TypeFlags.Nullable))
  const words = types.flatMap((type) => (type.isStringLiteralType() ? [type.value] : []))
  // An `OpenString` is its words, and an intersection that takes any other.
  const open = types.some((type) => type.flags & TypeFlags.String || type.isIntersectionType())
  if (words.length > 0 && words.length + Number(open) === types.length) {
    return nullable(wordShape(words, open), isNullable)
  }
  if (types.every(({ flags }) => flags & TypeFlags.BooleanLiteral)) return nullable('boolean', isNullable)
  const [only, ...others] = types
  if (only && others.length === 0) return nullable(shapeOf(checker, only), isNullable)
  return nullable(types.every((type) => type.isObjectType()) ? { '[*]': ANY } : ANY, isNullable)
}
