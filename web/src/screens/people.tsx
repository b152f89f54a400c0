// People (4): who is inside and has answered, where units are, who went in and out, who is here at all, who lives here.
import type { ComponentType } from 'preact'
import '../css/people.css'
import { t } from '../base/i18n'
import { entitiesOf, par } from '../state/incident'
import { people_tab, people_tabs } from '../state/view'
import type { PeopleTab } from '../state/view'
import { Button } from '../ui/parts'
import { printPage } from '../ui/print'
import { Tabs } from '../ui/tabs'
import { RollCall } from './par'
import { Agencies } from './people_agencies'
import { Occupants } from './people_occupants'
import { Persons } from './people_persons'
import { PhoneTable } from './people_units'

const parts: Record<PeopleTab, ComponentType> = { roll: RollCall, units: PhoneTable, persons: Persons, agencies: Agencies, occupants: Occupants }

/** What waits behind a tab, so that one need not look into each. */
function waits(tab: PeopleTab): number {
  if (tab === 'roll') return (par.value?.units ?? []).filter((it) => it.state !== 'ok').length
  if (tab === 'persons') return entitiesOf('person').filter((it) => it.fields['state'] === 'missing').length
  if (tab === 'agencies') return entitiesOf('unit').filter((it) => it.fields['state'] === 'self-deployed').length
  return 0
}

export default function PeopleScreen() {
  const tab = people_tab.value
  const Part = parts[tab]
  const title = t(`people.tab_${tab}`)
  return (
    <section class="screen" aria-labelledby="people-title">
      <div class="bar tabbar">
        <h1 id="people-title">{t('nav.people')}</h1>
        <Tabs
          ids={people_tabs} chosen={tab} onChoose={(it) => { people_tab.value = it }} title={(it) => t(`people.tab_${it}`)} waits={waits}
          heading="people-title" part="people-part" prefix="tab-"
        />
        <span class="gap" />
        <Button keys="Ctrl P" onClick={() => void printPage(title)}>{t('print.print')}</Button>
      </div>
      <div class="part" id="people-part" role="tabpanel" aria-labelledby={'tab-' + tab}><Part /></div>
    </section>
  )
}
