import { render } from 'preact'
import './css/main.css'
import './css/board.css'
import { App } from './app'
import { takeSetupCode } from './screens/gate'
import { startLanguage } from './base/i18n'
import { call } from './net/api'
import type { Session } from './net/protocol'
import { startSound } from './state/alarm_sound'
import { forgetPicture } from './state/keep'
import { startFromKept } from './state/live'
import { startOffline } from './state/offline'
import { asked_lang, startPrefs } from './state/prefs'
import { boot, session } from './state/session'
import { startView } from './state/view'

const RETRY_MS = 2_000

async function askSession(): Promise<void> {
  for (;;) {
    const answer = await call<Session>('GET', '/api/session')
    if (answer.ok) {
      session.value = answer.data
      boot.value = 'ready'
      if (!answer.data.operator) void forgetPicture()
      return
    }
    if (await startFromKept()) {
      boot.value = 'ready'
      return
    }
    boot.value = 'unreachable'
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

takeSetupCode()
startPrefs()
startView()
startSound()
startOffline()
void startLanguage(asked_lang)
void askSession()
render(<App />, document.getElementById('app')!)
