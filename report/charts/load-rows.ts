/** Small multiples of several measures: a column each, a row for each load, with the same range within a column. */
import { defined, greatest } from "../../formats/index.js";
import { leftRoomPx, type Area, type ValueAxis } from "./axes.js";
import { loadName, type ChartData } from "./chart-data.js";
import { panelGrid } from "./panels.js";

/** Loads beyond are left out of charts with rows of loads; a note says so. */
export const mostRows = 8;

export interface LoadRows {
  readonly loads: readonly string[];
  readonly bodyHeightPx: number;
  readonly area: (row: number, column: number) => Area;
  /** What a panel shows: its measure, and its load where there are several. */
  readonly heading: (row: number, measure: string) => string;
  /** Which loads are left out. */
  readonly note?: string;
}

/** `ups`: the left axis of each column. */
export function loadRows(data: ChartData, loads: readonly string[], ups: readonly ValueAxis[]): LoadRows {
  const shown = loads.slice(0, mostRows);
  const { areas, bodyHeightPx } = panelGrid(shown.length * ups.length, {
    maxColumns: ups.length,
    leftPx: greatest(ups.map(leftRoomPx)),
    belowPx: 48,
    plotHeightPx: shown.length === 1 ? 260 : 170,
  });
  const left = loads.length - shown.length;
  const note = left > 0 ? `${shown.length} of ${loads.length} loads are drawn, the first ones.` : undefined;
  return {
    loads: shown,
    bodyHeightPx,
    area: (row, column) => areas[row * ups.length + column]!,
    heading: (row, measure) => (data.loads.length === 1 ? measure : `${measure}, ${loadName(shown[row]!)}`),
    ...defined({ note }),
  };
}
