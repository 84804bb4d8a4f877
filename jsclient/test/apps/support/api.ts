/** The public API of the built package, as its declarations tell it. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript-oldest'

interface Manifest {
  name: string
  exports: Record<string, string | { types: string; default: string }>
}

export interface Exported {
  /** Such as "./policy". */
  subpath: string
  name: string
  symbol: ts.Symbol
}

export interface API {
  checker: ts.TypeChecker
  exported: Exported[]
}

/** Reads the package in a directory. */
export function readAPI(dir: string): API {
  const manifest: Manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'object' ? [{ subpath, file: resolve(dir, target.types) }] : [],
  )
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
      strict: true,
    },
  )
  const checker = program.getTypeChecker()
  const exported = entries.flatMap(({ subpath, file }) => {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    if (!module) return [] // a worker's, which exports nothing
    return checker.getExportsOfModule(module).map((symbol) => ({
      subpath,
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    }))
  })
  return { checker, exported }
}

/** What a reviewer looks at when the API changes. */
export const exportsFile = resolve(import.meta.dirname, '../exports.txt')

/** The content of that file: one line an export, with its kind. */
export function listExports({ exported }: API): string {
  const lines = exported.map(({ subpath, name, symbol }) => `${subpath} ${kindOf(symbol)} ${name}`)
  return `${lines.sort().join('\n')}\n`
}

function kindOf({ flags }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return 'class' // value and type
  if (flags & ts.SymbolFlags.Function) return 'function'
  if (flags & ts.SymbolFlags.Value) return 'const'
  return 'type'
}

/**
 * What has no doc comment and needs one: every export; of what is exported, every method, every member of a class, and
 * every member that may be left out, since whoever leaves it out has to know what then holds. The comment of the type is
 * enough for data that is always there, and OpenAI's own shapes are told by OpenAI.
 */
export function listUndocumented({ checker, exported }: API): string[] {
  const gaps = new Set<string>()
  const documented = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length > 0
  const visit = (node: ts.Node, path: string): void => {
    if (ts.isParameter(node)) return // the comment of its function tells
    if (ts.isTypeElement(node) || ts.isClassElement(node)) {
      const symbol = node.name && checker.getSymbolAtLocation(node.name)
      if (!symbol || ts.isPrivateIdentifier(node.name) || isPrivate(node)) return
      const name = `${path}.${symbol.name}`
      if (needsComment(node) && !documented(symbol)) gaps.add(name)
      ts.forEachChild(node, (child) => visit(child, name))
      return
    }
    ts.forEachChild(node, (child) => visit(child, path))
  }
  for (const { name, symbol } of exported) {
    if (!documented(symbol)) gaps.add(name)
    for (const declaration of symbol.declarations ?? []) {
      if (!declaration.getSourceFile().fileName.endsWith('/types/chat.d.ts'))
        ts.forEachChild(declaration, (child) => visit(child, name))
    }
  }
  return [...gaps].sort()
}

function isPrivate(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
}

function needsComment(node: ts.TypeElement | ts.ClassElement): boolean {
  // A symbol of the language's, such as Symbol.dispose, has one meaning.
  if (ts.isConstructorDeclaration(node) || (node.name && ts.isComputedPropertyName(node.name))) return false
  if (ts.isPropertySignature(node))
    return node.questionToken !== undefined || (!!node.type && ts.isFunctionTypeNode(node.type))
  // Those that can have one value tell themselves, as the name of an error's class does.
  if (ts.isPropertyDeclaration(node)) return !node.initializer && !(node.type && ts.isLiteralTypeNode(node.type))
  return true
}
