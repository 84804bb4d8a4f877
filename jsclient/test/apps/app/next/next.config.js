import { resolve } from 'node:path'

/** @type {import('next').NextConfig} */
export default {
  output: 'export',
  // This app shares its sources with others, beside it.
  turbopack: { root: resolve(import.meta.dirname, '..') },
}
