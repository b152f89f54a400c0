// Replay: the slim bar that stands on every screen while a past moment is shown or asked for, and the one line with
// which what happens live is heard there.
import { callerName, emergencyName } from '../base/describe'
import { T, joined } from '../base/i18n'
import { lazy } from '../base/lazy'
import { saidText, serverText } from '../base/values'
import { live_attention } from '../state/attention'
import { asking, past_at } from '../state/past'

const Bar = lazy(() => import('../screens/replay_bar'))

/** A life is at stake now, whatever moment is on the screen. */
function LiveCall() {
  const first = live_attention.value.find((item) => item.level === 'crit')
  if (!first) return null
  const { emergency, duty, alarm } = first
  const what = emergency ? joined([callerName(emergency.unit_uid, emergency.from), emergencyName(emergency.type)], ' ')
    : duty ? serverText(duty.rule, duty.text).title : saidText(alarm?.text ?? '')
  return <p id="livecall" role="alert"><T k="past.live_call" p={{ what }} /></p>
}

export function PastBar() {
  if (!asking.value && past_at.value === null) return null
  return (
    <>
      {past_at.value !== null && <LiveCall />}
      <Bar until={null} />
    </>
  )
}
