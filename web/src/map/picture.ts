// The map as one picture, for paper: all that the layers show now, one over the other.
import type OlMap from 'ol/Map'

export function mapPicture(map: OlMap, units: HTMLCanvasElement): HTMLCanvasElement {
  const [width, height] = map.getSize() as [number, number]
  const viewport = map.getViewport()!
  const ratio = window.devicePixelRatio
  const picture = document.createElement('canvas')
  picture.width = Math.round(width * ratio)
  picture.height = Math.round(height * ratio)
  const ctx = picture.getContext('2d')!
  ctx.fillStyle = getComputedStyle(viewport.closest('.mapbox') ?? document.body).backgroundColor
  ctx.fillRect(0, 0, picture.width, picture.height)
  const box = viewport.getBoundingClientRect()
  for (const canvas of [...viewport.querySelectorAll('canvas'), units]) {
    const it = canvas.getBoundingClientRect()
    if (canvas.width === 0 || it.width === 0) continue
    ctx.globalAlpha = Number(getComputedStyle(canvas.parentElement!).opacity) || 1
    ctx.drawImage(canvas, (it.left - box.left) * ratio, (it.top - box.top) * ratio, it.width * ratio, it.height * ratio)
  }
  ctx.globalAlpha = 1
  return picture
}
