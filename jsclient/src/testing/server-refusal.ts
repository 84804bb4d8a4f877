/** How a fake server says no, in the words of the real one. */
import type { ErrorBody } from '../wire.ts'

/** What an error says, but for its type, which follows from the status. */
export interface Complaint {
  message: string
  code: string
  param?: string | null
}

/** Thrown by whatever finds that the real server would refuse the request. */
export class Refusal extends Error {
  readonly status: number
  readonly complaint: Complaint
  readonly headers: Record<string, string>

  constructor(status: number, complaint: Complaint, headers: Record<string, string> = {}) {
    super(complaint.message)
    this.status = status
    this.complaint = complaint
    this.headers = headers
  }
}

/** An error in OpenAI's shape. */
export function errorResponse(status: number, complaint: Complaint, headers: Record<string, string> = {}): Response {
  return Response.json(errorBody(status, complaint), { status, headers })
}

export function errorBody(status: number, { message, code, param = null }: Complaint): ErrorBody {
  return { error: { message, type: typeOf(status, code), code, param } }
}

function typeOf(status: number, code: string): ErrorBody['error']['type'] {
  if (code === 'budget_exhausted') return 'insufficient_quota'
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
