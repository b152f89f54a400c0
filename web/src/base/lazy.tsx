// A component whose code comes later, with something to show until then. `preload` fetches the code before it
// is shown, as nothing can be fetched once the server is lost.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentChildren, ComponentType } from 'preact'

export function lazy(load: () => Promise<{ default: ComponentType }>) {
  let known: ComponentType | null = null
  const fetchIt = async () => {
    known ??= (await load()).default
  }
  function Lazy(props: { until: ComponentChildren }) {
    const [Loaded, setLoaded] = useState<ComponentType | null>(() => known)
    useEffect(() => {
      // Also what a preload brought between the first drawing and here.
      if (!Loaded) void fetchIt().then(() => setLoaded(() => known), () => undefined)
    }, [])
    return Loaded ? <Loaded /> : <>{props.until}</>
  }
  return Object.assign(Lazy, { preload: () => void fetchIt().catch(() => undefined) })
}
