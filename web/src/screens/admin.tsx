// Admin (9): who joins, what agencies share, other ways in, maps, the record and the machine; a part each.
import '../css/admin.css'
import { lazy } from '../base/lazy'
import { t } from '../base/i18n'
import type { Key } from '../base/i18n'
import { admin_tab, openTab, shown_tabs } from '../state/admin'
import type { Tab } from '../state/admin'

const parts: Record<Tab, ReturnType<typeof lazy>> = {
  phones: lazy(() => import('./phones')),
  operators: lazy(() => import('./operators')),
  sharing: lazy(() => import('./admin_sharing')),
  ways: lazy(() => import('./admin_ways')),
  video: lazy(() => import('./admin_video')),
  maps: lazy(() => import('./admin_maps')),
  building: lazy(() => import('./admin_building')),
  record: lazy(() => import('./admin_record')),
  disk: lazy(() => import('./admin_disk')),
  clocks: lazy(() => import('./admin_clocks')),
  connections: lazy(() => import('./admin_connections')),
  about: lazy(() => import('./admin_about')),
}

/** Left and right go through the row of tabs, as in any program. */
function onArrow(event: KeyboardEvent): void {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
  const list = [...(event.currentTarget as HTMLElement).querySelectorAll('button')]
  const step = (event.key === 'ArrowRight') === (document.documentElement.dir !== 'rtl') ? 1 : -1
  const at = list.indexOf(document.activeElement as HTMLButtonElement)
  const next = list[(at + step + list.length) % list.length]
  event.preventDefault()
  event.stopPropagation()
  next?.focus()
  next?.click()
}

export function AdminScreen() {
  const now = admin_tab.value
  const Part = parts[now]
  return (
    <div class="admin">
      <div class="admintabs" role="tablist" aria-label={t('admin.parts')} onKeyDown={onArrow}>
        {shown_tabs.value.map((tab) => (
          <button
            key={tab} type="button" role="tab" id={`admintab-${tab}`} aria-selected={tab === now} aria-controls="adminpart" tabIndex={tab === now ? 0 : -1}
            onClick={() => openTab(tab)}
          >
            {t(`admin.tab.${tab}` as Key)}
          </button>
        ))}
      </div>
      <div id="adminpart" class="adminpart" role="tabpanel" aria-labelledby={`admintab-${now}`}>
        <Part key={now} until={<p class="stage" role="status">{t('boot.board')}</p>} />
      </div>
    </div>
  )
}
