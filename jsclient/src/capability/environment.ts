/**
 * What the detector looks at, as plain structural types: every member is optional because every browser lacks some of
 * them. Tests pass objects of their own; `browserEnvironment` hands out the real thing.
 */
export interface DetectorEnvironment {
  /** Absent = nothing is known but what the rest tells. */
  navigator?: NavigatorLike | undefined
  /** Makes a canvas that is never shown. Absent where there is none. */
  createCanvas?: (() => CanvasLike) | undefined
  /** Whether WebAssembly may have threads. */
  crossOriginIsolated?: boolean | undefined
}

/** The parts of `Navigator` and `WorkerNavigator` that say something about the device. */
export interface NavigatorLike {
  readonly userAgent?: string
  readonly userAgentData?: UserAgentDataLike | undefined
  readonly maxTouchPoints?: number
  readonly hardwareConcurrency?: number
  /** GiB. */
  readonly deviceMemory?: number
  readonly onLine?: boolean
  readonly connection?: ConnectionLike | undefined
  readonly storage?: { estimate?(): Promise<{ quota?: number; usage?: number }> } | undefined
  readonly gpu?: GPULike | undefined
  readonly ml?: unknown
  getBattery?(): Promise<{ readonly level: number; readonly charging: boolean }>
}

export interface UserAgentDataLike {
  readonly brands?: readonly { readonly brand: string; readonly version: string }[]
  readonly mobile?: boolean
  readonly platform?: string
  getHighEntropyValues?(hints: string[]): Promise<{ formFactors?: readonly string[] }>
}

export interface ConnectionLike {
  readonly type?: string
  readonly effectiveType?: string
  readonly saveData?: boolean
  readonly metered?: boolean
}

export interface GPULike {
  requestAdapter(options?: { powerPreference?: 'high-performance' }): Promise<GPUAdapterLike | null>
}

export interface GPUAdapterLike {
  readonly info?: {
    readonly vendor?: string
    readonly architecture?: string
    readonly description?: string
    readonly isFallbackAdapter?: boolean
  }
  /** Where browsers before Chrome 136 say it. */
  readonly isFallbackAdapter?: boolean
  readonly features?: Iterable<string>
  readonly limits?: { readonly [name: string]: unknown }
}

export interface CanvasLike {
  getContext(kind: 'webgl2', attributes: { powerPreference: 'high-performance' }): unknown
}

/** The part of a WebGL2 context that the detector uses. */
export interface WebGLLike {
  getExtension(name: string): unknown
  getParameter(name: number): unknown
}

interface Globals {
  navigator?: NavigatorLike
  document?: { createElement(name: 'canvas'): CanvasLike }
  OffscreenCanvas?: new (width: number, height: number) => CanvasLike
  crossOriginIsolated?: boolean
}

/** The environment of this window or worker, read when called. Elsewhere, such as in Node, little of it is there. */
export function browserEnvironment(): DetectorEnvironment {
  const { navigator, document, OffscreenCanvas, crossOriginIsolated } = globalThis as unknown as Globals
  let createCanvas: (() => CanvasLike) | undefined
  if (document) createCanvas = () => document.createElement('canvas')
  else if (OffscreenCanvas) createCanvas = () => new OffscreenCanvas(1, 1)
  return { navigator, createCanvas, crossOriginIsolated }
}
