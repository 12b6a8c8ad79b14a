/** A profile in one picture: how well its model meets what was measured, and its memory model. */
import { greatest } from "../../formats/index.js";
import { leftRoomPx } from "./axes.js";
import { batchFit, type ResidualPoint } from "./batch-fit.js";
import { fitLegend, fitPanels, fitUnit } from "./fit-panels.js";
import { chartWidthPx, drawFrame } from "./frame.js";
import { memoryLegend, memoryPanels, type MemoryScene } from "./memory-panels.js";
import { panelGrid } from "./panels.js";
import { drawPanels } from "./plot.js";
import { runFit, type HeldOutStatistic } from "./run-fit.js";

export interface ProfilePicture {
  readonly title: string;
  /** Batches of the calibration; empty: none are known. */
  readonly batches: readonly ResidualPoint[];
  /** Of recorded runs that were kept out of the fit; drawn where there are no batches. */
  readonly heldOut: readonly HeldOutStatistic[];
  readonly memory: MemoryScene;
  /** What could not be drawn, in sentences. */
  readonly notes: readonly string[];
}

const plotHeightPx = 270;

/** SVG text. */
export function profilePicture({ title, batches, heldOut, memory, notes }: ProfilePicture): string {
  const fit = batches.length > 0 ? batchFit(batches) : heldOut.length > 0 ? runFit(heldOut) : undefined;
  const panels = [...(fit === undefined ? [] : fitPanels(fit.scene)), ...memoryPanels(memory)];
  const leftPx = greatest(panels.map(({ up }) => leftRoomPx(up)));
  const { areas, bodyHeightPx } = panelGrid(panels.length, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx });
  const units = [...(fit === undefined ? [] : [fitUnit(fit.scene.points), "%"]), memory.unit];
  const of = batches.length > 0 ? "shapes" : "statistics of held-out runs";
  const n = [
    ...(fit === undefined ? [] : [`${fit.scene.points.length.toLocaleString("en-US")} ${of}`]),
    `${memory.measured.length.toLocaleString("en-US")} measured amounts of memory`,
  ];
  const words = [...(fit?.words ?? []), ...memory.words];
  return drawFrame(
    {
      name: "profile_picture",
      title: `${title} (${units.join(", ")}), n = ${n.join(", ")}`,
      description: `${panels.map(({ heading }) => heading).join("; ")}. ${words.join(" ")}`,
      legend: [...(fit === undefined ? [] : fitLegend(fit.scene.kinds)), ...memoryLegend(memory)],
      notes: [...words, ...notes],
      widthPx: chartWidthPx,
      bodyHeightPx,
    },
    [],
    (body) => {
      drawPanels(body, areas, panels);
    },
  );
}
