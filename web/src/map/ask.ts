// Which maps the server has. They may come while it runs: the list is asked for again now and then, and whenever
// the operator looks at it.
import { t } from '../base/i18n'
import { call } from '../net/api'
import type { MapInfo } from '../net/protocol'
import { maps, maps_error } from './commands'

const AGAIN_MS = 60_000

export async function askMaps(): Promise<void> {
  const answer = await call<MapInfo[]>('GET', '/api/maps')
  if (!answer.ok) {
    maps_error.value = answer.detail || t('error.maps')
    return
  }
  maps_error.value = ''
  // The same list is no news: the layers stay as they are.
  if (JSON.stringify(answer.data) !== JSON.stringify(maps.peek())) maps.value = answer.data
}

/** Gives what ends it. */
export function keepAskingMaps(): () => void {
  void askMaps()
  const timer = window.setInterval(() => void askMaps(), AGAIN_MS)
  return () => clearInterval(timer)
}
