/**
 * The smallest WebAssembly that links as a model library of `@mlc-ai/web-llm` 0.2.86: it hands out memory and handles, and
 * whatever is called gives nothing back. With it the real engine goes on to the GPU, the tokenizer and the weights, and
 * fails only where the model's own program would begin.
 */

type Bytes = number[]

const I32 = 0x7f
const GET_LOCAL = 0x20
const GET_GLOBAL = 0x23
const SET_GLOBAL = 0x24
const STORE = [0x36, 2, 0]
const CONST = 0x41
const ADD = 0x6a
const AND = 0x71
const END = 0x0b
/** -16, which rounds down to a multiple of it. */
const MINUS_16 = 0x70

/** Where the memory begins that was not handed out yet. */
const NEXT = 0

interface Func {
  params: number
  /** Of the type i32, unless it gives nothing. */
  gives?: false
  code: Bytes
}

const nothing = (params: number): Func => ({ params, code: [CONST, 0] })

/** Puts a new handle where the parameter points. */
const handle = (params: number, at: number): Func => ({
  params,
  code: [
    ...[GET_LOCAL, at, GET_GLOBAL, NEXT, ...STORE],
    ...[GET_GLOBAL, NEXT, CONST, 16, ADD, SET_GLOBAL, NEXT],
    ...[CONST, 0],
  ],
})

const FUNCTIONS: Record<string, Func> = {
  _initialize: { params: 0, gives: false, code: [] },
  TVMWasmAllocSpace: {
    params: 1,
    code: [
      ...[GET_GLOBAL, NEXT],
      ...[GET_GLOBAL, NEXT, GET_LOCAL, 0, ADD, CONST, 15, ADD, CONST, MINUS_16, AND, SET_GLOBAL, NEXT],
    ],
  },
  TVMWasmFreeSpace: nothing(1),
  TVMFFIFunctionGetGlobal: handle(2, 1),
  TVMFFIFunctionSetGlobal: nothing(3),
  TVMFFIFunctionCall: nothing(4),
  TVMFFITypeKeyToIndex: handle(2, 1),
  TVMFFIObjectDecRef: nothing(1),
  TVMFFIObjectIncRef: nothing(1),
  TVMFFIWasmFunctionCreate: handle(2, 1),
}

/** The module's bytes. */
export function stubLibrary(): Uint8Array {
  const all = Object.values(FUNCTIONS)
  const types = all.map(({ params, gives }) => [
    0x60,
    ...vector(Array<Bytes>(params).fill([I32])),
    ...vector(gives === false ? [] : [[I32]]),
  ])
  const bodies = all.map(({ code }) => sized([...vector([]), ...code, END]))
  const exported = Object.keys(FUNCTIONS).map((name, index) => [...text(name), 0, index])
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      all.map((_, index) => [index]),
    ),
    ...section(5, [[0, 16]]),
    ...section(6, [[I32, 1, CONST, ...leb(65536), END]]),
    ...section(7, [[...text('memory'), 2, 0], ...exported]),
    ...section(10, bodies),
  ])
}

function section(id: number, items: Bytes[]): Bytes {
  return [id, ...sized(vector(items))]
}

function vector(items: Bytes[]): Bytes {
  return [...leb(items.length), ...items.flat()]
}

function sized(bytes: Bytes): Bytes {
  return [...leb(bytes.length), ...bytes]
}

function text(value: string): Bytes {
  return sized([...new TextEncoder().encode(value)])
}

/** An unsigned number, seven bits a byte. */
function leb(value: number): Bytes {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
