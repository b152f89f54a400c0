// Whether the server has another page than this one, as after it was upgraded. The page that it gives names its files, and
// a file's name changes with what is in it: so names that this page does not have tell it. This page works on, but parts
// of it that have not come by then never will; the post chooses when it loads the new one.
import { signal } from '@preact/signals'
import { fetchBytes } from '../net/api'

export const other_page = signal(false)

const NAMED = /(?:src|href)="(\/assets\/[^"]+)"/g

export const filesNamed = (html: string): string[] => [...html.matchAll(NAMED)].map((found) => found[1]!)

const isHere = (path: string) => document.querySelector(`[src="${path}"], [href="${path}"]`) !== null

/** Nobody who answers, or an answer that is no page of ours, tells nothing. */
export async function askPage(): Promise<void> {
  const bytes = await fetchBytes('/')
  const files = bytes ? filesNamed(new TextDecoder().decode(bytes)) : []
  if (files.length > 0) other_page.value = !files.every(isHere)
}
