// The little of Node that the tests use; the page itself has no Node types.
declare module 'node:test' {
  export function test(name: string, body: () => void | Promise<void>): void
  export const mock: {
    method(of: object, name: string, body: () => unknown): void
    restoreAll(): void
  }
}
declare module 'node:assert/strict' {
  const assert: {
    (value: unknown, message?: string): void
    equal(a: unknown, b: unknown, message?: string): void
    deepEqual(a: unknown, b: unknown, message?: string): void
    ok(value: unknown, message?: string): void
  }
  export default assert
}

declare module 'node:fs' {
  export function readFileSync(path: string, encoding: 'utf8'): string
  export function readdirSync(path: string, how: { recursive: true }): string[]
}

declare const process: { env: Record<string, string | undefined> }
