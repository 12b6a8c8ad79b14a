/** How well a calibration's model meets what was measured: modelled against measured batches, and the error by batch size. */
import { greatest } from "../../formats/index.js";
import { leftRoomPx } from "./axes.js";
import { batchFit, type ResidualPoint } from "./batch-fit.js";
import { fitLegend, fitPanels, fitUnit } from "./fit-panels.js";
import { chartWidthPx, drawFrame } from "./frame.js";
import { panelGrid } from "./panels.js";
import { drawPanels } from "./plot.js";

const name = "residual_picture";
const plotHeightPx = 330;

/** SVG text of at least one shape. */
export function residualPicture(points: readonly ResidualPoint[], title: string): string {
  const { scene, words } = batchFit(points);
  const panels = fitPanels(scene);
  const leftPx = greatest(panels.map(({ up }) => leftRoomPx(up)));
  const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const n = `n = ${points.length.toLocaleString("en-US")} shape${points.length === 1 ? "" : "s"}`;
  return drawFrame(
    {
      name,
      title: `${title} (${fitUnit(scene.points)}, %), ${n}`,
      description: `Whole batches, modelled against measured, and the error by batch size. ${words.join(" ")}`,
      legend: fitLegend(scene.kinds),
      notes: [...words, "Each point is the median of a shape's repeats; hover for the shape."],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      drawPanels(body, areas, panels);
    },
  );
}
