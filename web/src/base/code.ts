// Code that an action needs and that has not come yet. What does not come is said, with what to do, and the action can be
// asked for again.
import { t } from './i18n'
import { askPage, other_page } from '../state/build'
import { said } from '../state/view'

/** A part of the page has not come: either nobody answers, or the server has another page by now. */
export function sayNotCome(): void {
  const say = () => { said.value = { text: t(other_page.value ? 'build.part_gone' : 'boot.not_come'), level: 'warn' } }
  say()
  void askPage().then(() => { if (other_page.value) say() })
}

export async function withCode<T>(load: () => Promise<T>, run: (code: T) => unknown): Promise<void> {
  let code: T
  try {
    code = await load()
  } catch {
    sayNotCome()
    return
  }
  run(code)
}
