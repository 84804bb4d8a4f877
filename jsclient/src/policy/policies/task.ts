import { type Reader, words } from '../options.ts'
import { policy } from '../policy.ts'

const DEFAULT_TASKS = ['classification', 'autocomplete', 'sentiment_analysis', 'proofreading', 'keyword_extraction']

const tasks: Reader<readonly string[]> = (value) => {
  const given = words(value)
  return given?.length === 0 ? DEFAULT_TASKS : given
}

/** Prefers the browser for tasks that small models do well. It goes by the task that the app declares. */
export const task = policy({ tasks }, ({ request }, { tasks }) =>
  request.task && tasks.includes(request.task) ? { prefer: 'browser', reason: 'task_prefers_browser' } : {},
)
