/** Small multiples of several measures: a column each, a row for each load, with the same range within a column. */
import { greatest } from "../../formats/index.js";
import { leftRoomPx, type ValueAxis } from "./axes.js";
import { loadName, type ChartData } from "./chart-data.js";
import type { Measure } from "./measures.js";
import { panelGrid } from "./panels.js";
import { drawPlot, plotOf, type Plot } from "./plot.js";
import type { Mark } from "./svg.js";

/** Loads beyond are left out of charts with rows of loads; a note says so. */
export const mostRows = 8;

export interface RowColumn {
  readonly measure: Measure;
  readonly hasLoad: (load: string) => boolean;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
}

export interface LoadRows<Column> {
  readonly bodyHeightPx: number;
  /** Which loads are left out. */
  readonly notes: readonly string[];
  /** Draws every panel's axes and heading (its measure, and its load where there are several), then what it shows. */
  readonly draw: (body: Mark, show: (plot: Plot, column: Column, load: string) => void) => void;
}

/** Of the loads that a column has. */
export function loadRows<Column extends RowColumn>(data: ChartData, columns: readonly Column[]): LoadRows<Column> {
  const loads = data.loads.filter((load) => columns.some(({ hasLoad }) => hasLoad(load)));
  const shown = loads.slice(0, mostRows);
  const { areas, bodyHeightPx } = panelGrid(shown.length * columns.length, {
    maxColumns: columns.length,
    leftPx: greatest(columns.map(({ up }) => leftRoomPx(up))),
    belowPx: 48,
    plotHeightPx: shown.length === 1 ? 260 : 170,
  });
  const isCut = loads.length > shown.length;
  return {
    bodyHeightPx,
    notes: isCut ? [`${shown.length} of ${loads.length} loads are drawn, the first ones.`] : [],
    draw(body, show) {
      shown.forEach((load, row) => {
        columns.forEach((column, at) => {
          const { measure, across, up } = column;
          const plot = plotOf(body, areas[row * columns.length + at]!, across, up);
          drawPlot(plot, data.loads.length === 1 ? measure.name : `${measure.name}, ${loadName(load)}`);
          show(plot, column, load);
        });
      });
    },
  };
}
