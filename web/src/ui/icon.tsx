// The page's own line icons, 24 x 24.
const paths = {
  map: 'M3 6.5 9 4l6 2.5L21 4v13.5L15 20l-6-2.5L3 20ZM9 4v13.5M15 6.5V20',
  log: 'M5 4h14v16H5ZM8.5 9h7M8.5 12.5h7M8.5 16h4',
  people: 'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11ZM3 19.5c0-3.3 2.7-5.3 6-5.3s6 2 6 5.3M16 5a3 3 0 0 1 0 5.8M17.5 14.4c2.1.7 3.5 2.500 3.500 5.100',
  floors: 'M4 20V4h16v16ZM4 9.500h16M4 14.500h16M12 4v5.500M9 9.500v5M15 14.500V20',
  casualties: 'M9.500 4h5v5.500H20v5h-5.500V20h-5v-5.500H4v-5h5.500Z',
  tasks: 'M4 6.500 5.500 8 8.500 5M4 12.500 5.500 14l3-3M4 18.500 5.500 20l3-3M11.500 7H20M11.500 13H20M11.500 19H20',
  statements: 'M4 10v4.500h3.500L17 19V5.500L7.500 10ZM8.500 14.500V20h3v-4M20 10v4.500',
  replay: 'M4.500 12a7.500 7.500 0 1 0 2.600-5.700M4.500 4v4h4M12 8v4.500l3 2',
  par: 'M12 21a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17ZM12 8v4.500l3 2',
  points: 'M12 3.500 21.500 20h-19ZM12 10v4.500M12 17v.5',
  admin: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h8M16 17h4M15 5v4M9 10v4M14 15v4',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M12 9.500v5M9.500 12h5',
  layers: 'M12 3.500 21 8l-9 4.500L3 8ZM4 12.500l8 4 8-4M4 16.500l8 4 8-4',
  label: 'M4 6h11l5 6-5 6H4ZM8 12h5',
  grid: 'M4 9h16M4 15h16M9 4v16M15 4v16',
  dim: 'M12 4a8 8 0 1 0 0 16ZM12 4a8 8 0 0 1 0 16',
  half: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17Z',
  sound: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500ZM15.500 9a4.200 4.200 0 0 1 0 6M18 6.500a7.800 7.800 0 0 1 0 11',
  silent: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500ZM16 9.500l5 5M21 9.500l-5 5',
  draw: 'M4 20l1-4.500L16.500 4l3.500 3.500L8.500 19ZM14 6.500 17.500 10',
  measure: 'M3.500 15.500 15.500 3.500l5 5-12 12ZM7 12l2 2M10 9l3 3M13 6l2 2',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7Z',
  close: 'M6 6l12 12M18 6 6 18',
  play: 'M8 5v14l11-7Z',
  pause: 'M9 5v14M15 5v14',
  before: 'M18 5v14L8 12ZM6 5v14',
  next: 'M6 5v14l10-7ZM18 5v14',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20 20',
} as const

export type IconName = keyof typeof paths

export function Icon(props: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {props.name === 'half' && <path class="solid" d="M12 3.5a8.5 8.500 0 0 1 0 17Z" />}
      <path d={paths[props.name]} />
    </svg>
  )
}
