// Ctrl K: anything by its words, by group, walked by the arrows.
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { T, t } from '../base/i18n'
import { events, events_changed, reached_start } from '../state/record'
import { asking_older, lines_read, readLines, search, searchOlder } from '../state/search'
import type { Found } from '../state/search'
import { whyNot } from '../state/rights'
import { dialog } from '../state/view'
import { Button, Dialog, Empty, Kbd } from '../ui/parts'
import { actions } from './actions'

const close = () => { dialog.value = null }

const acts = (): Found[] => actions.filter((action) => action.id !== 'find' && action.id !== 'back' && !(action.writes && whyNot(action.writes)))
  .map((action) => ({ key: 'a:' + action.id, group: 'actions', title: t(action.name), detail: '', shown: action.shown, run: action.run }))

/** How far back the log was searched, and the way further. */
function Older(props: { words: string }) {
  void events_changed.value
  if (reached_start.value && lines_read.value >= events.length) return null
  return (
    <div class="older">
      <small><T k="find.lines_read" n={lines_read.value} /></small>
      {!reached_start.value && (
        <Button class="small" disabled={asking_older.value} onClick={() => void searchOlder(props.words)}>
          {t(asking_older.value ? 'find.asking' : 'find.older')}
        </Button>
      )}
    </div>
  )
}

export function Find() {
  const words = useSignal('')
  const at = useSignal(0)
  const results = useComputed(() => {
    void [lines_read.value, events_changed.value]
    return search(words.value, acts())
  })
  const flat = results.value.flatMap((it) => it.found)
  const chosen = Math.min(at.value, flat.length - 1)
  useEffect(readLines, [])
  useEffect(() => document.getElementById(`found-${chosen}`)?.scrollIntoView({ block: 'nearest' }))
  const run = (it: Found | undefined) => {
    if (!it) return
    close()
    // After the dialog has given the focus back.
    setTimeout(it.run)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) at.value = Math.max(0, Math.min(flat.length - 1, chosen + step))
    else if (event.key === 'Enter') run(flat[chosen])
    else return
    event.preventDefault()
  }
  let n = 0
  return (
    <Dialog title={t('act.find')} onClose={close} class="find">
      <input
        autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={flat.length > 0 ? `found-${chosen}` : undefined}
        aria-label={t('find.label')}
        placeholder={t('find.label')}
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value
          at.value = 0
        }}
        onKeyDown={onKeyDown}
        dir="auto"
        autocomplete="off"
      />
      {flat.length === 0 && <Empty>{t('find.none')}</Empty>}
      <ul id="found" role="listbox" aria-label={t('act.find')}>
        {results.value.map((result) => (
          <li key={result.group} role="group" aria-label={t(`find.${result.group}`)}>
            <h3 aria-hidden="true">{t(`find.${result.group}`)}{result.more && ' …'}</h3>
            <ul role="none">
              {result.found.map((it) => {
                const i = n++
                return (
                  <li key={it.key} id={`found-${i}`} class="hit" role="option" aria-selected={i === chosen} onClick={() => run(it)}>
                    <b dir="auto"><bdi>{it.title}</bdi></b>
                    <small><bdi>{it.detail}</bdi></small>
                    {it.shown && (it.group === 'log' ? <small class="seq"><bdi>{it.shown}</bdi></small> : <Kbd>{it.shown}</Kbd>)}
                  </li>
                )
              })}
            </ul>
          </li>
        ))}
      </ul>
      {words.value.trim().length > 1 && <Older words={words.value} />}
    </Dialog>
  )
}
