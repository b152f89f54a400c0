// "Practise with the example": one tap starts the reference exercise beside the real thing and opens its page.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { T, t } from '../base/i18n'
import { askPractice, endPractice, joinPractice, practice, practice_error, startPractice } from '../state/machine'
import { hasRight } from '../state/rights'
import { Button } from '../ui/parts'

const speeds = [1, 20] as const

export function PracticeBox() {
  const speed = useSignal<number>(20)
  const busy = useSignal(false)
  const url = useSignal('')
  useEffect(() => { void askPractice() }, [])
  const it = practice.value
  const leads = hasRight('leads')
  if (!it?.possible || (!leads && it.state === 'none')) return null

  /** A page may open a window only while it is being clicked; it gets its address once the practice is there. */
  const open = async (ask: () => Promise<string>) => {
    const tab = window.open('about:blank', '_blank')
    busy.value = true
    url.value = await ask()
    busy.value = false
    if (!url.value) tab?.close()
    else if (tab) tab.location.replace(url.value)
  }
  const end = async () => {
    busy.value = true
    await endPractice()
    busy.value = false
    url.value = ''
  }
  const runs = it.state === 'runs'
  return (
    <section class="practice" aria-labelledby="practice-title">
      <h3 id="practice-title">{t('practice.title')}</h3>
      {runs ? <p role="status"><T k="practice.runs" p={{ who: it.by, n: it.speed }} /></p> : <p>{t('practice.hint')}</p>}
      <div class="acts">
        {!runs && (
          <div class="radios" role="radiogroup" aria-label={t('practice.speed')}>
            {speeds.map((n) => (
              <label key={n}>
                <input type="radio" name="practice-speed" checked={speed.value === n} onChange={() => { speed.value = n }} />
                <span><bdi>×{n}</bdi></span>
              </label>
            ))}
          </div>
        )}
        {runs && <Button disabled={busy.value} onClick={() => void open(joinPractice)}>{t('practice.open')}</Button>}
        {runs && leads && <Button writes="leads" disabled={busy.value} onClick={() => void end()}>{t('practice.end')}</Button>}
        {!runs && <Button writes="leads" disabled={busy.value} onClick={() => void open(() => startPractice(speed.value, true))}>{t('practice.start')}</Button>}
      </div>
      {busy.value && <p role="status">{t(it.state === 'ends' ? 'practice.ends' : 'practice.starts')}</p>}
      {runs && url.value && <p><a class="link" href={url.value} target="_blank" rel="noopener"><bdi>{url.value}</bdi></a></p>}
      <p class="wrong" role="alert">{practice_error.value}</p>
    </section>
  )
}
