// Parts of a screen, one of them shown: a row of tabs that the arrows walk through.
import { useRef } from 'preact/hooks'
import '../css/tabs.css'

interface TabsProps<Id extends string> {
  ids: readonly Id[]
  chosen: Id
  onChoose: (id: Id) => void
  title: (id: Id) => string
  /** What waits behind a tab. */
  waits?: (id: Id) => number
  /** Ids in the document: of the heading, of the part, and what a tab's begins with. */
  heading: string
  part: string
  prefix: string
}

export function Tabs<Id extends string>(props: TabsProps<Id>) {
  const { ids, chosen } = props
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const step = event.key === forward ? 1 : /^Arrow(Left|Right)$/.test(event.key) ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = (ids.indexOf(chosen) + step + ids.length) % ids.length
    props.onChoose(ids[at]!)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-labelledby={props.heading} ref={list} onKeyDown={move}>
      {ids.map((id) => {
        const waiting = props.waits?.(id) ?? 0
        return (
          <button
            key={id} type="button" role="tab" id={props.prefix + id} aria-selected={chosen === id} aria-controls={props.part}
            tabIndex={chosen === id ? 0 : -1} onClick={() => props.onChoose(id)}
          >
            {props.title(id)}{waiting > 0 && <i>{waiting}</i>}
          </button>
        )
      })}
    </div>
  )
}
