/** The API's old names, and temperatures as extensions have them. */
import { conforms } from './prompt-api-conforms.ts'

conforms('a page or an extension of before 2026', { names: 'old', sampling: 'raw' }, {}, { temperature: 0 })
