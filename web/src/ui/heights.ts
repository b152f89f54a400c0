// Heights of many rows, most of them only estimated: the top of any row, and the row at any place, in a logarithm's
// time. A Fenwick tree over rows that are counted from the oldest, so that a new one is only put behind. Pure.
export class Heights {
  private tree = new Float64Array(1024)
  private rows = new Float32Array(1024)
  length = 0

  constructor(private estimate: number) {}

  /** All rows are as tall as is estimated again. */
  clear(estimate: number): void {
    this.estimate = estimate
    this.length = 0
  }

  private grow(count: number): void {
    if (count < this.rows.length) return
    const size = 2 ** Math.ceil(Math.log2(count + 1))
    const rows = new Float32Array(size)
    rows.set(this.rows.subarray(0, this.length))
    this.rows = rows
    const tree = new Float64Array(size)
    tree.set(this.tree.subarray(0, this.length + 1))
    this.tree = tree
  }

  /** As many rows as there are now: more are put behind, fewer begin anew. */
  resize(count: number): void {
    if (count < this.length) this.length = 0
    this.grow(count)
    while (this.length < count) {
      const at = ++this.length
      this.rows[at - 1] = this.estimate
      // A node holds the sum of the rows below it: those of its children are there already.
      let sum = this.estimate
      for (let child = at - 1, stop = at - (at & -at); child > stop; child -= child & -child) sum += this.tree[child]!
      this.tree[at] = sum
    }
  }

  /** `count` rows before the first, which were not known until now. */
  prepend(count: number): void {
    const kept = this.rows.slice(0, this.length)
    this.length = 0
    this.resize(count + kept.length)
    kept.forEach((height, i) => this.set(count + i, height))
  }

  /** True when it was another. */
  set(row: number, height: number): boolean {
    const more = height - this.rows[row]!
    if (Math.abs(more) < 0.5) return false
    this.rows[row] = height
    for (let at = row + 1; at <= this.length; at += at & -at) this.tree[at]! += more
    return true
  }

  of(row: number): number {
    return this.rows[row]!
  }

  /** The height of the first `count` rows. */
  sum(count: number): number {
    let total = 0
    for (let at = Math.min(count, this.length); at > 0; at -= at & -at) total += this.tree[at]!
    return total
  }

  get total(): number {
    return this.sum(this.length)
  }

  /** How many rows fit whole into `height`, from the first. */
  fit(height: number): number {
    let row = 0
    let left = height
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, this.length))); step >= 1; step /= 2) {
      const next = row + step
      if (next <= this.length && this.tree[next]! <= left) {
        row = next
        left -= this.tree[next]!
      }
    }
    return row
  }
}
