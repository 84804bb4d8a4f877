/** A page of today whose app takes sampling modes for temperatures, and images. */
import { conforms } from './prompt-api-conforms.ts'

conforms(
  'a page with sampling modes',
  { images: true },
  { temperature: 'approximate', images: true },
  { temperature: 0 },
)
