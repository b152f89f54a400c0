// A component whose code comes later, with something to show until then.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentChildren, ComponentType } from 'preact'

export function lazy(load: () => Promise<{ default: ComponentType }>) {
  let known: ComponentType | null = null
  return function Lazy(props: { until: ComponentChildren }) {
    const [Loaded, setLoaded] = useState<ComponentType | null>(() => known)
    useEffect(() => {
      if (!known) void load().then((module) => {
        known = module.default
        setLoaded(() => module.default)
      })
    }, [])
    return Loaded ? <Loaded /> : <>{props.until}</>
  }
}
