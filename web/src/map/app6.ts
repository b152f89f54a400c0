// From the type of a CoT event to the letters of MIL-STD-2525C, position by position. Pure.
const DIMENSIONS = new Set(['P', 'A', 'G', 'S', 'U', 'F'])
const AFFILIATIONS: Readonly<Record<string, string>> = { f: 'F', h: 'H', n: 'N', u: 'U', a: 'A', s: 'S', p: 'P', j: 'J', k: 'K' }
const FUNCTION_LENGTH = 6

/** '' when the type is no atom. `bare`: the frame alone, for a function that the standard does not know. */
export function sidcOf(type: string, bare = false): string {
  const [atom, affiliation = '', dimension = '', ...rest] = type.split('-')
  if (atom !== 'a') return ''
  // What stands behind a letter of its own kind (lower case) is no part of the function.
  const letters = rest.filter((part) => /^[A-Z0-9]$/.test(part)).join('').slice(0, FUNCTION_LENGTH)
  const own = bare ? '' : letters
  return `S${AFFILIATIONS[affiliation] ?? 'U'}${DIMENSIONS.has(dimension) ? dimension : 'G'}P${own.padEnd(FUNCTION_LENGTH, '-')}-----`
}
