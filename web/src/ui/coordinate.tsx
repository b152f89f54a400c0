// A place as it is said on the radio; a tap copies it.
import { copyText } from '../base/copy'
import { coordinateText } from '../base/geo'
import type { CoordinateKind } from '../base/geo'
import { t } from '../base/i18n'
import { said } from '../state/view'

export function Coordinate(props: { kind: CoordinateKind; lat: number; lon: number }) {
  const text = coordinateText(props.kind, props.lat, props.lon)
  if (!text) return null
  const copy = async () => {
    const done = await copyText(text)
    said.value = done ? { text: t('coord.copied', { text }), level: '' } : { text: t('coord.not_copied'), level: 'warn' }
  }
  return (
    <button type="button" class="coord" title={t(`coord.${props.kind}`)} aria-label={t('coord.copy', { text })} onClick={() => void copy()}>
      <bdi dir="ltr">{text}</bdi>
    </button>
  )
}
