import { T } from '../base/i18n'

/** What each card is called, and which of the three it is. */
export function CardHead(props: { n: number; title: string; about: string; id: string }) {
  return (
    <header>
      <small><T k="first.of" n={props.n} /></small>
      <h2 id={props.id}>{props.title}</h2>
      <p>{props.about}</p>
    </header>
  )
}
