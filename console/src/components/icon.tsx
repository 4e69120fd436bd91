/** Line icons on a grid of 20; they only decorate, words stand beside them or in their button's label. */

const paths = {
  dashboard: 'M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z',
  functions: 'M4 16h2.5L10 9M6 4h2.5l5.5 12h2.5',
  logs: 'M4 5h12M4 10h12M4 15h7',
  alerts: 'M10 3a5 5 0 0 1 5 5v3.5l1.5 2.5h-13L5 11.5V8a5 5 0 0 1 5-5zM8 16.5a2 2 0 0 0 4 0',
  bill: 'M5 2.5h10v15l-2.5-1.5L10 17.5 7.5 16 5 17.5zM8 7h4M8 10h4',
  instances: 'M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.01M6 13.5h.01',
  async: 'M10 3v4M10 13v4M3 10h4M13 10h4M5 5l2.5 2.5M12.5 12.5 15 15M15 5l-2.5 2.5M7.5 12.5 5 15',
  objects:
    'M4 6c0-1.7 2.7-3 6-3s6 1.3 6 3-2.7 3-6 3-6-1.3-6-3zM4 6v8c0 1.7 2.7 3 6 3s6-1.3 6-3V6M4 10c0 1.7 2.7 3 6 3s6-1.3 6-3',
  runtimes: 'M10 2.5 16.5 6v8L10 17.5 3.5 14V6zM3.5 6 10 9.7 16.5 6M10 9.7v7.8',
  settings: 'M3 6h7M14 6h3M3 14h3M10 14h7M10 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0M6 14a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5 5 15',
  search: 'M8.5 3a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4',
  plus: 'M10 4v12M4 10h12',
  check: 'M4 10.5l4 4 8-9',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10.5h6.6L14 6M8.5 9v5M11.5 9v5',
  edit: 'M4 16l.8-3.2L13 4.5l2.5 2.5-8.3 8.2zM11.5 6 14 8.5',
  play: 'M6 4l9.5 6L6 16z',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.2M16 3v4h-4',
  download: 'M10 3v9M6.5 8.5 10 12l3.5-3.5M4 16h12',
  upload: 'M10 12V3M6.5 6.5 10 3l3.5 3.5M4 16h12',
  up: 'M5 12l5-5 5 5',
  down: 'M5 8l5 5 5-5',
  left: 'M12 5l-5 5 5 5',
  right: 'M8 5l5 5-5 5',
  file: 'M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15',
  folder: 'M3 5h5l2 2h7v9H3z',
  warning: 'M10 3 18 16.5H2zM10 8v4M10 14.2h.01',
  info: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM10 9v5M10 6.2h.01',
  sun: 'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M15.7 4.3l-1 1M5.3 14.7l-1 1',
  moon: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5z',
  screen: 'M3 4h14v9H3zM7 16.5h6M10 13v3.5',
  language:
    'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM2.5 10h15M10 2.5c2.5 2.3 3.5 5 3.5 7.5s-1 5.2-3.5 7.5c-2.5-2.3-3.5-5-3.5-7.5s1-5.2 3.5-7.5z',
  signOut: 'M8 3H4v14h4M12 6.5l3.5 3.5-3.5 3.5M15.5 10H8',
  link: 'M8.5 11.5l3-3M9.5 6l1.7-1.7a3.2 3.2 0 0 1 4.5 4.5L14 10.5M10.5 14l-1.7 1.7a3.2 3.2 0 0 1-4.5-4.5L6 9.5',
  clock: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM10 6v4l3 2',
  bolt: 'M11 2.5 4.5 11.5H9l-.5 6 6.5-9H10.5z',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  )
}
