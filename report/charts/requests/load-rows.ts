/** Small multiples of several measures: a column each, a row for each load, with the same range within a column. */
import type { Axis, Figure, Plot } from "../drawing/index.js";
import { loadName, type ChartData } from "./chart-data.js";
import type { Measure } from "./measures.js";

/** Loads beyond are left out; a note says so. */
const mostRows = 8;

export interface RowColumn {
  readonly measure: Measure;
  readonly hasLoad: (load: string) => boolean;
  readonly across: Axis;
  readonly up: Axis;
  readonly draw: (plot: Plot, load: string) => void;
}

/** Panels of the loads that a column has, and which are left out. */
export function loadRows(
  data: ChartData,
  columns: readonly RowColumn[],
): Pick<Figure, "panels" | "layout"> & { readonly notes: readonly string[] } {
  const loads = data.loads.filter((load) => columns.some(({ hasLoad }) => hasLoad(load)));
  const shown = loads.slice(0, mostRows);
  const panels = shown.flatMap((load) =>
    columns.map(({ measure, across, up, draw }) => ({
      heading: data.loads.length === 1 ? measure.name : `${measure.name}, ${loadName(load)}`,
      across,
      up,
      draw: (plot: Plot) => {
        draw(plot, load);
      },
    })),
  );
  return {
    panels,
    layout: { columns: columns.length, plotHeightPx: shown.length === 1 ? 260 : 170 },
    notes: loads.length > shown.length ? [`${shown.length} of ${loads.length} loads are drawn, the first ones.`] : [],
  };
}
