// The server has another page than this one: that is said wherever the post is, and the new one is offered. It is never
// forced: an entry may be half written.
import { t } from '../base/i18n'
import { other_page } from '../state/build'
import { Button } from './parts'

/** The browser's own key does the same. */
export function LoadNew() {
  return <Button class="small" keys="F5" onClick={() => location.reload()}>{t('build.load')}</Button>
}

export function OtherPage() {
  if (!other_page.value) return null
  return (
    <div id="otherpage" role="status">
      <b>{t('build.differs')}</b> <span>{t('build.differs_hint')}</span>
      <span class="gap" />
      <LoadNew />
    </div>
  )
}
