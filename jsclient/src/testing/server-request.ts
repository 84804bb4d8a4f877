/** A request as it reached the server. */
export interface FakeServerRequest {
  method: string
  /** Below `baseURL`, such as "/browser/route". */
  path: string
  headers: Headers
  /** As it was sent; "" = none. */
  body: string
}
