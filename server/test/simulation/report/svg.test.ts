import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawChart, type Panel } from './svg.ts'

const panel: Panel = {
  title: 'a & b',
  x: { label: 'minutes', format: String },
  y: { label: 'share', format: (value) => `${value} %` },
  series: [
    {
      name: 's<1>',
      kind: 'line',
      color: 0,
      dots: true,
      points: [
        { x: 0, y: 3 },
        { x: 42, y: 87, label: 'top' },
      ],
    },
  ],
}
const draw = (panels: readonly Panel[]) => drawChart({ title: 'T', description: 'D', panels })

test('what is drawn lies within its panel, under round ticks', () => {
  const svg = draw([panel])
  for (const tick of ['>0 %<', '>20 %<', '>100 %<', '>50<']) assert.ok(svg.includes(tick), tick)
  assert.ok(!/NaN|Infinity|undefined/.test(svg))
  const [, last] = [...svg.matchAll(/<circle class="f0" cx="([\d.]+)" cy="([\d.]+)"/g)]
  assert.ok(Number(last![1]) > 0 && Number(last![1]) < 960)
  assert.ok(Number(last![2]) > 0 && Number(last![2]) < 240)
})

test('text cannot break the markup, and every element that is opened is closed', () => {
  const svg = draw([panel, { ...panel, series: [{ ...panel.series[0]!, name: 'other', kind: 'area' }] }])
  assert.ok(svg.includes('a &amp; b') && svg.includes('s&lt;1&gt;') && !svg.includes('s<1>'))
  const open: string[] = []
  for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (closing) assert.equal(open.pop(), name)
    else if (!selfClosing) open.push(name!)
  }
  assert.deepEqual(open, [])
})

test('a chart without data is an empty one', () => {
  assert.ok(!/NaN|Infinity/.test(draw([{ ...panel, series: [{ ...panel.series[0]!, points: [{ x: 0, y: 0 }] }] }])))
})
