import type { DetectorEnvironment, WebGLLike } from './environment.ts'
import { guarded } from './probe.ts'

/** What making a WebGL2 context brought. */
export interface WebGLProbe {
  /** Undefined where there is no canvas to ask. */
  hasWebGL2?: boolean
  /** The name of the GPU, as far as the browser gives it away. */
  renderer?: string
}

const RENDERER = 0x1f01
const UNMASKED_RENDERER_WEBGL = 0x9246

/**
 * Makes a WebGL2 context, reads the renderer's name and gives the context back: browsers allow about 16 at a time and
 * take the oldest away from the page after that.
 */
export function probeWebGL(environment: DetectorEnvironment): WebGLProbe {
  const { createCanvas } = environment
  if (!createCanvas) return {}
  const gl = guarded(
    () => createCanvas().getContext('webgl2', { powerPreference: 'high-performance' }) as WebGLLike | null,
  )
  if (!gl) return { hasWebGL2: false }
  const renderer = guarded(() => {
    const unmasked = gl.getExtension('WEBGL_debug_renderer_info') ? gl.getParameter(UNMASKED_RENDERER_WEBGL) : undefined
    return unmasked || gl.getParameter(RENDERER)
  })
  guarded(() => (gl.getExtension('WEBGL_lose_context') as { loseContext(): void } | null)?.loseContext())
  return { hasWebGL2: true, ...(typeof renderer === 'string' && renderer && { renderer }) }
}
