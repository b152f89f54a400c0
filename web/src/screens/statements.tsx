// Statements (7): what was said to whom, and how far each is on its way out.
import { t } from '../base/i18n'
import { wordText } from '../base/values'
import { entitiesOf, textOf } from '../state/incident'
import { write } from '../state/view'
import { Button, Empty } from '../ui/parts'

export default function StatementScreen() {
  const rows = entitiesOf('statement')
  return (
    <section class="screen" aria-labelledby="statements-title">
      <div class="bar">
        <h1 id="statements-title">{t('nav.statements')}</h1>
        <span class="gap" />
        <Button kind="primary" onClick={() => write('statement.drafted')}>{t('statement.draft')}</Button>
      </div>
      {rows.length === 0 && <Empty>{t('statement.empty')}</Empty>}
      <ul>{rows.map((it) => <li key={it.id}><bdi>{it.id}</bdi> {wordText(textOf(it, 'state'))}</li>)}</ul>
    </section>
  )
}
