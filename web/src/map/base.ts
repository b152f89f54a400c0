// What lies under the units: the world's outline, and the server's maps over it. Canvas only.
import VectorImageLayer from 'ol/layer/VectorImage'
import TileLayer from 'ol/layer/Tile'
import VectorTileLayer from 'ol/layer/VectorTile'
import VectorSource from 'ol/source/Vector'
import VectorTileSource from 'ol/source/VectorTile'
import XYZ from 'ol/source/XYZ'
import MVT from 'ol/format/MVT'
import Feature from 'ol/Feature'
import type { FeatureLike } from 'ol/Feature'
import MultiPolygon from 'ol/geom/MultiPolygon'
import { createXYZ } from 'ol/tilegrid'
import { transformExtent } from 'ol/proj'
import { Fill, Stroke, Style, Text } from 'ol/style'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { MultiPolygon as Polygons, Polygon } from 'geojson'
import { mercatorX, mercatorY } from '../base/geo'
import type { MapInfo } from '../net/protocol'
import type { Palette } from './palette'

export function worldLayer(): VectorImageLayer {
  // Twice the view: one step back finds land at its edges before it is drawn anew.
  return new VectorImageLayer({ source: new VectorSource(), imageRatio: 2, zIndex: 0 })
}

export function styleWorld(layer: VectorImageLayer, p: Palette): void {
  layer.setStyle(new Style({ fill: new Fill({ color: p.land }), stroke: new Stroke({ color: p.border, width: 1 }) }))
}

const POLE = -85

/** A coast that crosses 180 degrees goes on beyond it, where else it would run back around the whole world. */
function unbroken(ring: number[][]): number[][] {
  // Antarctica goes around the pole: its edges are meant.
  if (ring.some((at) => at[1]! < POLE)) return ring
  let turns = 0
  return ring.map(([lon, lat], i) => {
    const step = i === 0 ? 0 : lon! - ring[i - 1]![0]!
    if (step > 180) turns -= 360
    else if (step < -180) turns += 360
    return [lon! + turns, lat!]
  })
}

export async function loadWorld(layer: VectorImageLayer, url: string): Promise<void> {
  const response = await fetch(url)
  const topology = (await response.json()) as Topology<{ countries: GeometryCollection }>
  const project = (ring: number[][]) => unbroken(ring).map((at) => [mercatorX(at[0]!), mercatorY(at[1]!)])
  const features = feature(topology, topology.objects.countries).features.map((country) => {
    const geometry = country.geometry as Polygon | Polygons
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
    return new Feature(new MultiPolygon(polygons.map((polygon) => polygon.map(project))))
  })
  const source = layer.getSource()!
  source.clear(true)
  source.addFeatures(features)
}

// Tiles of several schemas (OpenMapTiles, Mapbox, Protomaps) name the same things differently.
const kinds: [RegExp, string][] = [
  [/^(water|ocean|lake|water_polygons)$/, 'water'],
  [/^(waterway|water_lines|rivers?)$/, 'river'],
  [/^(park|landcover|natural|land|globallandcover)$/, 'green'],
  [/^(landuse|landuse_overlay|sites)$/, 'landuse'],
  [/^(building|buildings|building_part)$/, 'building'],
  [/^(transportation|road|roads|streets|bridge|tunnel|transit)$/, 'road'],
  [/^(transportation_name|road_label|street_labels)$/, 'road_name'],
  [/^(boundary|boundaries|admin)$/, 'boundary'],
  [/^(place|places|place_label|place_labels|cities)$/, 'place'],
  [/^(poi|pois|poi_label|housenum_label|housenumber|addresses|mountain_peak|motorway_junction|aerodrome_label)$/, 'none'],
]
const green = /wood|forest|grass|park|garden|cemetery|pitch|scrub|golf|meadow|recreation/
const trunk = /motorway|trunk|highway/
const major = /primary|secondary|tertiary|main|major/

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** One quiet style for all vector maps: shapes and streets in greys, names in one size. */
export function vectorStyle(p: Palette): (it: FeatureLike, resolution: number) => Style | undefined {
  const polygon = (colour: string, line?: string, z = 1) =>
    new Style({ fill: new Fill({ color: colour }), ...(line ? { stroke: new Stroke({ color: line, width: 1 }) } : {}), zIndex: z })
  const stroke = (colour: string, width: number, z: number, dash?: number[]) =>
    new Style({ stroke: new Stroke({ color: colour, width, ...(dash ? { lineDash: dash } : {}) }), zIndex: z })
  const label = (line: boolean) => new Style({
    text: new Text({
      font: `500 ${line ? 11 : 12}px "Noto Sans Variable", "Noto Naskh Arabic Variable", sans-serif`,
      fill: new Fill({ color: p.label }),
      stroke: new Stroke({ color: p.land, width: 3 }),
      placement: line ? 'line' : 'point',
    }),
    zIndex: 20,
  })
  const styles = {
    water: polygon(p.water), river: stroke(p.water, 1.5, 2), green: polygon(p.green), landuse: polygon(p.land),
    building: polygon(p.building, p.building_line, 4),
    trunk: stroke(p.trunk, 4, 8), major: stroke(p.major, 3, 7), street: stroke(p.street, 2, 6), path: stroke(p.street, 1, 5, [4, 3]),
    boundary: stroke(p.line, 1, 9, [6, 4]), point_name: label(false), line_name: label(true), other: polygon(p.land, p.border, 0),
  }
  const kindOf = (layer: string) => kinds.find(([pattern]) => pattern.test(layer))?.[1] ?? 'other'
  const road = (cls: string, resolution: number) => {
    if (trunk.test(cls)) return styles.trunk
    if (major.test(cls)) return styles.major
    if (/path|footway|track|service|pedestrian|steps|cycleway/.test(cls)) return resolution < 5 ? styles.path : undefined
    return resolution < 20 ? styles.street : undefined
  }
  const named = (it: FeatureLike, style: Style) => {
    const name = text(it.get('name') ?? it.get('name:latin') ?? it.get('name_en'))
    if (!name) return undefined
    style.getText()!.setText(name)
    return style
  }
  return (it, resolution) => {
    const geometry = it.getGeometry()?.getType() ?? ''
    const cls = [it.get('class'), it.get('subclass'), it.get('kind'), it.get('type')].map(text).join(' ')
    const kind = kindOf(text(it.get('layer')))
    if (kind === 'none') return undefined
    if (kind === 'place') return named(it, styles.point_name)
    if (kind === 'road_name') return resolution < 6 && geometry.endsWith('LineString') ? named(it, styles.line_name) : undefined
    if (geometry.endsWith('Point')) return kind === 'other' ? named(it, styles.point_name) : undefined
    if (geometry.endsWith('LineString')) {
      if (kind === 'road') return road(cls, resolution)
      if (kind === 'boundary') return styles.boundary
      return kind === 'river' || kind === 'water' ? styles.river : undefined
    }
    switch (kind) {
      case 'water': return styles.water
      case 'green': return styles.green
      case 'landuse': return green.test(cls) ? styles.green : styles.landuse
      case 'building': return styles.building
      default: return kind === 'other' ? styles.other : undefined
    }
  }
}

const PROJECTION = 'EPSG:3857'

export function tileUrl(map: MapInfo): string {
  return `/t/${encodeURIComponent(map.name)}/{z}/{x}/{y}`
}

export type MapLayer = TileLayer<XYZ> | VectorTileLayer

export function mapLayer(map: MapInfo): MapLayer {
  const extent = transformExtent(map.bounds, 'EPSG:4326', PROJECTION)
  const common = { url: tileUrl(map), wrapX: true }
  const layer = map.format === 'pbf'
    ? new VectorTileLayer({
      extent,
      renderMode: 'hybrid',
      declutter: true,
      source: new VectorTileSource({
        ...common,
        format: new MVT(),
        tileGrid: createXYZ({ minZoom: map.minzoom, maxZoom: map.maxzoom, tileSize: 512 }),
      }),
    })
    : new TileLayer({ extent, source: new XYZ({ ...common, minZoom: map.minzoom, maxZoom: map.maxzoom, transition: 0 }) })
  // Below its own first level a map would come as a heap of tiny tiles: the outline shows there instead.
  if (map.minzoom > 1) layer.setMinZoom(map.minzoom - (map.format === 'pbf' ? 0.01 : 1.5))
  layer.set('map', map)
  layer.setZIndex(map.format === 'pbf' ? 2 : 1)
  return layer
}
