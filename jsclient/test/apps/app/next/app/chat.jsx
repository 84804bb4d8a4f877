'use client'
import '../../src/bundled.js'

export default function Chat() {
  return <p>In the page.</p>
}
