import { divide } from '../numbers.ts'
import { count } from '../options.ts'
import { policy } from '../policy.ts'
import { downloadCost, tokenCost } from '../prices.ts'
import { isOnDevice } from '../state.ts'
import { outputTokens, promptTokens } from '../tokens.ts'

/** Millionths of a US dollar a request. */
const DEFAULT_MIN_SAVING_MICRO_USD = 10

/** Requests of one device. */
const DEFAULT_EXPECTED_REQUESTS = 300

/**
 * Prefers the cheaper side. The server costs its tokens; the browser costs the candidate's download, spread over the
 * requests expected of the device, and nothing once the model is there. Abstains when a price is unknown or the
 * difference, in millionths of a US dollar a request, is not worth it.
 */
export const cost = policy(
  { minSavingMicroUSD: count(DEFAULT_MIN_SAVING_MICRO_USD), expectedRequests: count(DEFAULT_EXPECTED_REQUESTS) },
  ({ request, subject: { prices }, selection: { model, state } }, { minSavingMicroUSD, expectedRequests }) => {
    if (!prices || !model) return { detail: { minSavingMicroUSD } }
    const serverMicroUSD =
      tokenCost(promptTokens(request), prices.promptMicroUSDPerMTok) +
      tokenCost(outputTokens(request), prices.completionMicroUSDPerMTok)
    const download = isOnDevice(state) ? 0 : downloadCost(model.sizeBytes ?? 0, prices.egressMicroUSDPerGB)
    const browserMicroUSD = divide(download, expectedRequests)
    const saving = serverMicroUSD - browserMicroUSD
    const detail = { minSavingMicroUSD, serverMicroUSD, browserMicroUSD }
    if (saving >= minSavingMicroUSD) return { prefer: 'browser', reason: 'cheaper_in_browser', detail }
    if (-saving >= minSavingMicroUSD) return { prefer: 'server', reason: 'cheaper_on_server', detail }
    return { detail }
  },
)
