/** Pictures of profiles: how well a model meets what was measured, and its memory model. */
import { figureSvg } from "../drawing/index.js";
import { batchFit, type ResidualPoint } from "./batch-fit.js";
import { fitLegend, fitPanels, fitUnit } from "./fit-panels.js";
import { memoryLegend, memoryPanels, type MemoryScene } from "./memory-panels.js";
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

/** The whole profile, as SVG text. */
export function profilePicture({ title, batches, heldOut, memory, notes }: ProfilePicture): string {
  const fit = batches.length > 0 ? batchFit(batches) : heldOut.length > 0 ? runFit(heldOut) : undefined;
  const panels = [...(fit === undefined ? [] : fitPanels(fit.scene)), ...memoryPanels(memory)];
  const units = [...(fit === undefined ? [] : [fitUnit(fit.scene.points), "%"]), memory.unit];
  const of = batches.length > 0 ? "shapes" : "statistics of held-out runs";
  const n = [
    ...(fit === undefined ? [] : [`${fit.scene.points.length.toLocaleString("en-US")} ${of}`]),
    `${memory.measured.length.toLocaleString("en-US")} measured amounts of memory`,
  ];
  const words = [...(fit?.words ?? []), ...memory.words];
  return figureSvg({
    name: "profile_picture",
    title: `${title} (${units.join(", ")}), n = ${n.join(", ")}`,
    description: `${panels.map(({ heading }) => heading).join("; ")}. ${words.join(" ")}`,
    legend: [...(fit === undefined ? [] : fitLegend(fit.scene.kinds)), ...memoryLegend(memory)],
    notes: [...words, ...notes],
    layout: { plotHeightPx: 270 },
    panels,
  });
}

/** A calibration alone, as SVG text: modelled against measured batches, and the error by batch size, of at least one shape. */
export function residualPicture(points: readonly ResidualPoint[], title: string): string {
  const { scene, words } = batchFit(points);
  const n = `n = ${points.length.toLocaleString("en-US")} shape${points.length === 1 ? "" : "s"}`;
  return figureSvg({
    name: "residual_picture",
    title: `${title} (${fitUnit(scene.points)}, %), ${n}`,
    description: `Whole batches, modelled against measured, and the error by batch size. ${words.join(" ")}`,
    legend: fitLegend(scene.kinds),
    notes: [...words, "Each point is the median of a shape's repeats; hover for the shape."],
    layout: { plotHeightPx: 330 },
    panels: fitPanels(scene),
  });
}
