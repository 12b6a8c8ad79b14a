/**
 * npm run -s bench:growth -- [--mode default|bare] [--axis NAME]... [--json] [--svg FILE]: how the simulator's time grows along
 * seven axes, each at four sizes with the rest fixed. An axis has a process of its own, and begins with a warm-up.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../formats/index.js";
import { writeTextAtomic } from "../../formats/files/index.js";
import { runScript } from "../original-suite/run-script.js";
import { oneOf, parsedOptions } from "./arguments.js";
import { benchModes, type BenchMode } from "./cases.js";
import { jsonOfFreshProcess } from "./fresh-process.js";
import { figuresAt, growthPicture, growthTable, type GrowthFigures } from "./growth-figures.js";
import { axisKeys, growthAxes, pointsOf, type AxisKey } from "./growth-points.js";
import { benchProfile } from "./simulate-bench.js";

interface Options {
  readonly mode: BenchMode;
  readonly axes: readonly AxisKey[];
  readonly json: boolean;
  readonly svg: string | undefined;
}

await runScript(async () => {
  const { mode, axes, json, svg } = readOptions(process.argv.slice(2));
  const [first, ...others] = axes;
  const points = others.length === 0 ? pointsAlong(first!, mode) : axes.flatMap((key) => inFreshProcess(key, mode));
  console.log(json ? JSON.stringify(points) : growthTable(points));
  if (svg !== undefined) {
    const { linesPicture } = await import("../../report/charts/index.js");
    writeTextAtomic(svg, linesPicture(growthPicture(points, mode)));
  }
  return 0;
});

function pointsAlong(key: AxisKey, mode: BenchMode): GrowthFigures[] {
  const axis = growthAxes[key];
  const profile = benchProfile(mode);
  const points = pointsOf(axis);
  figuresAt(points[0]!, axis, mode, profile);
  return points.map((point) => figuresAt(point, axis, mode, profile));
}

function inFreshProcess(key: AxisKey, mode: BenchMode): GrowthFigures[] {
  const options = ["--axis", key, "--mode", mode, "--json"];
  return jsonOfFreshProcess(fileURLToPath(import.meta.url), options, `axis ${key}`) as GrowthFigures[];
}

function readOptions(argv: readonly string[]): Options {
  const { mode, axis, json, svg } = parsedOptions(argv, {
    mode: { type: "string", default: "default" },
    axis: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
    svg: { type: "string" },
  });
  if (svg !== undefined) requireChartPlace(svg);
  return {
    mode: oneOf("--mode", mode, benchModes),
    axes: axis === undefined ? axisKeys : axis.map((name) => oneOf("--axis", name, axisKeys)),
    json,
    svg,
  };
}

/** Before minutes of measuring. */
function requireChartPlace(file: string): void {
  if (!/[^/]\.svg$/.test(file)) throw new ConfigError(`--svg is "${file}", expected a file that ends in .svg`);
  if (!existsSync(dirname(file))) {
    throw new ConfigError(`--svg is "${file}", but there is no folder ${dirname(file)}; make it first`);
  }
}
