/** A page of today: the API's new names, and no temperature. */
import { conforms } from './prompt-api-conforms.ts'

conforms('a page of today', {}, {}, {})
