import { parse, View } from 'vega'
import { compile } from 'vega-lite'

/** A specification of vega-lite, or a part of one. */
export type Chart = Parameters<typeof compile>[0] extends infer Spec
  ? Spec extends { readonly vconcat: readonly (infer Part)[] }
    ? Part
    : never
  : never

/** Charts one above the other, as SVG. */
export async function renderCharts(charts: readonly Chart[]): Promise<string> {
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    vconcat: [...charts],
    // Alone, a chart keeps colours and shapes in one legend.
    ...(charts.length > 1 ? { resolve: { scale: { color: 'independent' } } } : {}),
    config: { font: 'DejaVu Sans, Helvetica, Arial, sans-serif', axis: { labelLimit: 0 } },
  })
  return new View(parse(spec), { renderer: 'none' }).toSVG()
}
