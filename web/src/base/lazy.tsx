// A component whose code comes later, with something to show until then. `preload` fetches the code before it
// is shown, as nothing can be fetched once the server is lost. What does not come is asked for again until it does:
// nobody has to know that a reload would help. Only when the server has another page by now does it help, and is offered.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentChildren, ComponentType } from 'preact'
import { askPage, other_page } from '../state/build'
import { said } from '../state/view'
import { LoadNew } from '../ui/other_page'
import { t } from './i18n'

const AGAIN_MS = 3_000

const lateText = () => t(other_page.value ? 'build.part_gone' : 'boot.late')

function Late() {
  return <p class="stage" role="alert">{lateText()} {other_page.value && <LoadNew />}</p>
}

/** What has no place of its own until it is there is missed in the line below the log. */
function useSaid(on: boolean): void {
  const text = on ? lateText() : ''
  useEffect(() => {
    if (text === '') return
    const mine = { text, level: 'warn' as const }
    said.value = mine
    return () => {
      if (said.peek() === mine) said.value = null
    }
  }, [text])
}

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
        void askPage()
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
    useSaid(is_late && !Loaded && !props.until)
    if (Loaded) return <Loaded />
    return is_late && props.until ? <Late /> : <>{props.until}</>
  }
  return Object.assign(Lazy, { preload: () => void fetchIt().catch(() => undefined) })
}
