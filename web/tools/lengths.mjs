// No function of the page is longer than 70 lines, as none of the server is (tools/tidy): counted between the braces,
// or the brackets of an arrow without braces, comments and empty lines too. What stands in another counts in both.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const LINES_MAX = 70
const folders = ['src', 'test']

function linesOf(source, body) {
  const line = (at) => source.getLineAndCharacterOfPosition(at).line
  const lines = line(body.end) - line(body.getStart(source))
  return ts.isBlock(body) || ts.isParenthesizedExpression(body) ? lines - 1 : lines + 1
}

function nameOf(node) {
  const named = node.name ?? node.parent?.name
  return named?.getText() ?? 'without a name'
}

/** "src/ui/plan.tsx:15: Plan has 141 lines, 70 are the most" for each that is too long. */
function tooLong(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found = []
  const visit = (node) => {
    const lines = ts.isFunctionLike(node) && node.body ? linesOf(source, node.body) : 0
    const at = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
    if (lines > LINES_MAX) found.push(`${file}:${at}: ${nameOf(node)} has ${lines} lines, ${LINES_MAX} are the most`)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (/\.tsx?$/.test(entry.name)) yield path
  }
}

const found = folders.flatMap((folder) => [...sources(folder)].flatMap((file) => tooLong(file, readFileSync(file, 'utf8'))))
for (const line of found) console.error(line)
process.exit(found.length > 0 ? 1 : 0)
