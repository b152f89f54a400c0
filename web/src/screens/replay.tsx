// Replay (8): the screens as they stood at a past second.
import { useEffect } from 'preact/hooks'
import { t } from '../base/i18n'
import { askPast } from '../state/past'
import { Empty } from '../ui/parts'

export default function ReplayScreen() {
  useEffect(askPast, [])
  return (
    <section class="screen" aria-labelledby="replay-title">
      <div class="bar"><h1 id="replay-title">{t('nav.replay')}</h1></div>
      <Empty>{t('replay.hint')}</Empty>
    </section>
  )
}
