// A component whose code comes later, with something to show until then. `preload` fetches the code before it
// is shown, as nothing can be fetched once the server is lost. What does not come is asked for again until it does:
// nobody has to know that a reload would help.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentChildren, ComponentType } from 'preact'
import { t } from './i18n'

const AGAIN_MS = 3_000

export function lazy(load: () => Promise<{ default: ComponentType }>) {
  let known: ComponentType | null = null
  const fetchIt = async () => {
    known ??= (await load()).default
  }
  function Lazy(props: { until: ComponentChildren }) {
    const [Loaded, setLoaded] = useState<ComponentType | null>(() => known)
    const [is_late, setLate] = useState(false)
    useEffect(() => {
      if (Loaded) return
      let timer = 0
      let is_here = true
      const failed = () => {
        if (!is_here) return
        setLate(true)
        timer = window.setTimeout(ask, AGAIN_MS)
      }
      // Also what a preload brought between the first drawing and here.
      const ask = () => void fetchIt().then(() => is_here && setLoaded(() => known), failed)
      ask()
      return () => {
        is_here = false
        clearTimeout(timer)
      }
    }, [])
    if (Loaded) return <Loaded />
    return is_late && props.until ? <p class="stage" role="alert">{t('boot.late')}</p> : <>{props.until}</>
  }
  return Object.assign(Lazy, { preload: () => void fetchIt().catch(() => undefined) })
}
