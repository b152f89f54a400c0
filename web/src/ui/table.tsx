// A sortable table of many rows: a real <table>, of which only the rows in sight are in the document.
// The order stands still while somebody points at it or has the focus in it.
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { printing } from './print'
import { useWindow } from './window'

export interface Column<Row> {
  id: string
  title: string
  cell: (row: Row) => ComponentChildren
  /** What the column is sorted by; without it the column cannot be sorted. */
  by?: (row: Row) => string | number
  end?: boolean
}

interface TableProps<Row> {
  id: string
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  keyOf: (row: Row) => string | number
  /** The column that is sorted by at first; '-' before it: downwards. */
  sort: string
  chosen?: (row: Row) => boolean
  onRow?: (row: Row) => void
  rowClass?: (row: Row) => string
}

const ROW_REM = 3.6
const HEAD_REM = 3.2
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
    return Number.isNaN(b) ? -1 : a - b
  }
  return collator.compare(String(a), String(b))
}

/** The rows in their order, which stands still while `held`. */
function useOrder<Row>(props: TableProps<Row>, sort: { id: string; down: boolean }, held: { readonly current: boolean }): Row[] {
  const order = useRef<{ key: string; place: Map<string | number, number> }>({ key: '', place: new Map() })
  const by = props.columns.find((column) => column.id === sort.id)?.by
  const rows = [...props.rows]
  const key = sort.id + sort.down
  if (held.current && order.current.key === key) {
    const place = order.current.place
    rows.sort((a, b) => (place.get(props.keyOf(a)) ?? 1e9) - (place.get(props.keyOf(b)) ?? 1e9))
  } else if (by) {
    const sign = sort.down ? -1 : 1
    rows.sort((a, b) => sign * compare(by(a), by(b)))
  }
  order.current = { key, place: new Map(rows.map((row, i) => [props.keyOf(row), i])) }
  return rows
}

function Head<Row>(props: { columns: Column<Row>[]; sort: Signal<{ id: string; down: boolean }> }) {
  const { id, down } = props.sort.value
  return (
    <thead>
      <tr aria-rowindex={1}>
        {props.columns.map((column) => (
          <th key={column.id} scope="col" class={column.end ? 'end' : ''} aria-sort={column.id === id ? (down ? 'descending' : 'ascending') : undefined}>
            {column.by ? (
              <button type="button" onClick={() => { props.sort.value = { id: column.id, down: column.id === id && !down } }}>
                {column.title}
                <span aria-hidden="true" class="arrow">{column.id === id ? (down ? '▾' : '▴') : ''}</span>
              </button>
            ) : column.title}
          </th>
        ))}
      </tr>
    </thead>
  )
}

/** Stands for rows that are out of sight. */
function Spacer(props: { columns: number; height: number }) {
  if (props.height <= 0) return null
  return <tr aria-hidden="true" class="spacer"><td colSpan={props.columns} style={{ height: `${props.height}px` }} /></tr>
}

export function Table<Row>(props: TableProps<Row>) {
  const sort = useSignal({ id: props.sort.replace(/^-/, ''), down: props.sort.startsWith('-') })
  const held = useRef(false)
  const rows = useOrder(props, sort.value, held)
  const { box, shown, onScroll } = useWindow(rows.length, ROW_REM, HEAD_REM)
  const hold = (value: boolean) => () => {
    held.current = value
  }
  const paper = printing.value !== null
  const first = paper ? 0 : shown.first
  const last = paper ? rows.length : shown.last
  const columns = props.columns.length
  return (
    <div class="tablebox" ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label={props.caption}>
      <table id={props.id} aria-rowcount={rows.length + 1} onPointerEnter={hold(true)} onPointerLeave={hold(false)} onFocusIn={hold(true)} onFocusOut={hold(false)}>
        <caption class="hidden">{props.caption}</caption>
        <Head columns={props.columns} sort={sort} />
        <tbody>
          <Spacer columns={columns} height={first * shown.row_px} />
          {rows.slice(first, last).map((row, i) => (
            <tr
              key={props.keyOf(row)}
              aria-rowindex={first + i + 2}
              aria-selected={props.chosen?.(row) ? 'true' : undefined}
              class={props.rowClass?.(row) ?? ''}
              onClick={() => props.onRow?.(row)}
            >
              {props.columns.map((column, c) => {
                const cell = column.cell(row)
                if (c > 0) return <td key={column.id} class={column.end ? 'end' : ''}>{cell}</td>
                return <th key={column.id} scope="row">{props.onRow ? <button type="button">{cell}</button> : cell}</th>
              })}
            </tr>
          ))}
          <Spacer columns={columns} height={(rows.length - last) * shown.row_px} />
        </tbody>
      </table>
    </div>
  )
}
