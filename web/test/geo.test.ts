import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coordinateText, minutesText, utmText } from '../src/base/geo'
import { ahead, areaOf, bearing, circleOf, distance, pathLength } from '../src/base/measure'
import { parsePlace } from '../src/base/place'
import { addPlace, chooseCorner, drawing, finishDrawing, insertCorner, measured, moveCorner, startDrawing, stepCorner, stopDrawing, stopMeasure, toggleMeasure, undoPlace } from '../src/state/drawing'

const near = (a: number, b: number, by: number) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`)

test('distances and directions as a chart has them', () => {
  // A minute of latitude is a nautical mile, nearly.
  near(distance({ lat: 10, lon: 66 }, { lat: 10 + 1 / 60, lon: 66 }), 1853, 1)
  // Frankfurt to Tokyo by great circle.
  near(distance({ lat: 50.0333, lon: 8.5706 }, { lat: 35.7647, lon: 140.3864 }), 9_360_000, 20_000)
  near(bearing({ lat: 0, lon: 0 }, { lat: 0, lon: 1 }), 90, 1e-9)
  near(bearing({ lat: 10, lon: 66 }, { lat: 9, lon: 66 }), 180, 1e-9)
  near(bearing({ lat: 10, lon: 66 }, { lat: 10.001, lon: 65.999 }), 315.4, 0.3)
  near(pathLength([{ lat: 0, lon: 0 }, { lat: 0, lon: 1 }, { lat: 0, lon: 0 }]), 222_390, 10)
  assert.equal(pathLength([{ lat: 1, lon: 1 }]), 0)
})

test('ahead and back is the same place, also over the date line', () => {
  for (const from of [{ lat: 10, lon: 66 }, { lat: -33, lon: 179.9999 }, { lat: 60, lon: -120 }]) {
    const there = ahead(from, 70, 5_000)
    near(distance(from, there), 5_000, 0.01)
    near(bearing(from, there), 70, 0.001)
    assert.ok(Math.abs(there.lon) <= 180)
  }
})

test('areas, whichever way round they go', () => {
  const side = 1 / 1112 // about 100 m
  const square = [{ lat: 0, lon: 0 }, { lat: 0, lon: side }, { lat: side, lon: side }, { lat: side, lon: 0 }]
  near(areaOf(square), 10_000, 20)
  near(areaOf([...square].reverse()), areaOf(square), 1e-6)
  near(areaOf(circleOf({ lat: 24.9, lon: 67 }, 100)), Math.PI * 10_000 * 0.997, 60)
})

test('one place in four ways of writing, each read back as itself', () => {
  assert.equal(utmText(10, 66.00012), '42P 171084 1106909')
  assert.equal(minutesText(10.00321, 66.00012), '10°00.193′ N 066°00.007′ E')
  assert.equal(minutesText(-0.99999999, -179.9999999), '01°00.000′ S 180°00.000′ W')
  assert.equal(utmText(85, 0), '')
  for (const [lat, lon] of [[10.00321, 66.00012], [-33.85678, -151.21523], [51.5, -0.12345], [24.86, 67.01]] as const) {
    for (const [kind, by] of [['degrees', 1e-5], ['minutes', 2e-5], ['mgrs', 2e-4], ['utm', 2e-5]] as const) {
      const text = coordinateText(kind, lat, lon)
      const it = parsePlace(text)!
      near(it.lat, lat, by)
      near(it.lon, lon, by)
    }
  }
  near(parsePlace('24 51 36 N 67 00 36 E')!.lat, 24.86, 1e-9)
  near(parsePlace(`24°51'36"N, 67°00'36"E`)!.lon, 67.01, 1e-9)
  near(parsePlace('42R 299000mE 2751000mN')!.lat, 24.86, 0.02)
  for (const wrong of ['24 61 N 67 00 E', '61P 500000 100', '41I 500000 1105576', '41P 50000 1105576', '91 00 N 67 00 E']) assert.equal(parsePlace(wrong), null, wrong)
})

const at = (lat: number, lon: number) => ({ lat, lon })

test('corners are added, chosen, moved, put between and taken away', () => {
  stopDrawing()
  let done: readonly { lat: number; lon: number }[] = []
  startDrawing('area', (places) => { done = places })
  for (const place of [at(0, 0), at(0, 2), at(2, 2)]) addPlace(place)
  stepCorner(-1)
  assert.equal(drawing.value!.at, 2)
  stepCorner(1)
  moveCorner(0, at(-1, 0))
  insertCorner(2)
  assert.deepEqual(drawing.value!.places[3], at(0.5, 1))
  assert.equal(drawing.value!.at, 3)
  undoPlace()
  chooseCorner(-1)
  undoPlace()
  assert.equal(drawing.value!.places.length, 2)
  finishDrawing()
  assert.ok(drawing.value)
  addPlace(at(3, 3))
  finishDrawing()
  assert.deepEqual(done, [at(-1, 0), at(0, 2), at(3, 3), at(-1, 0)])
})

test('a circle is its centre and its rim; the rim goes with the centre', () => {
  stopDrawing()
  let done: readonly { lat: number; lon: number }[] = []
  startDrawing('circle', (places) => { done = places })
  addPlace(at(10, 66))
  addPlace(at(10.5, 66))
  addPlace(at(10.001, 66))
  moveCorner(0, at(11, 66))
  near(drawing.value!.places[1]!.lat, 11.001, 1e-9)
  finishDrawing()
  assert.equal(done.length, 49)
  for (const corner of done) near(distance(at(11, 66), corner), 111.2, 0.1)
})

test('what was measured stays until it is put away', () => {
  toggleMeasure()
  addPlace(at(0, 0))
  addPlace(at(0, 1))
  finishDrawing()
  assert.equal(measured.value.length, 2)
  toggleMeasure()
  addPlace(at(1, 1))
  finishDrawing()
  assert.equal(measured.value.length, 3)
  stopMeasure()
  assert.equal(measured.value.length, 0)
})
