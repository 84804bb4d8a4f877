'use client'
import '../../src/bundled.js'

/** Brings all engines into the page, for tests to ask. */
export default function AllEngines() {
  return null
}
