/** A profile of V8's sampling profiler as tables: own time by part of the program, and of the functions that take most. */
import type { Profiler } from "node:inspector";
import { percent } from "../../formats/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";

export interface OwnTime {
  readonly name: string;
  readonly ms: number;
}

type Frame = Pick<Profiler.ProfileNode["callFrame"], "functionName" | "url">;

/** The part of the program that a call frame belongs to: a folder of sim/, or what V8 and Node do beside it. */
export function partOf(frame: Frame): string {
  if (frame.functionName === "(garbage collector)") return "garbage collection";
  const compiled = compiledFunction(frame);
  const folder = /(?:^|\/)(sim\/[\w-]+|formats|bench)\//.exec(compiled?.file ?? frame.url)?.[1];
  if (folder === undefined) return "Node and V8";
  return compiled === undefined ? `\`${folder}\`` : `\`${folder}\` in WebAssembly`;
}

/** A function and its file: `makePath (sim/cost/host-path.ts)`. */
export function functionOf(frame: Frame): string {
  const compiled = compiledFunction(frame);
  if (compiled !== undefined) return `\`${compiled.name}\` (\`${compiled.file}\`)`;
  const { functionName, url } = frame;
  const file = /\/((?:sim|formats|bench)\/.*)\.[jt]s$/.exec(url)?.[1];
  const name = functionName === "" ? "(anonymous)" : functionName;
  return file === undefined ? name : `\`${name}\` (\`${file}.ts\`)`;
}

/** A function in WebAssembly has its file in its name: sim/kernel/bulk-draws.as/walk. */
function compiledFunction({ functionName, url }: Frame): { readonly file: string; readonly name: string } | undefined {
  const [, file, name] = /^(.+\.as)\/(.+)$/.exec(functionName) ?? [];
  if (!url.startsWith("wasm:") || file === undefined || name === undefined) return undefined;
  return { file: `${file}.ts`, name };
}

/** Own time by the name that `nameOf` gives a frame, the greatest first; idle time and the profiler's own are left out. */
export function ownTimes(
  profile: Profiler.Profile,
  nameOf: (frame: Profiler.ProfileNode["callFrame"]) => string,
): OwnTime[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const msByName = new Map<string, number>();
  profile.samples?.forEach((id, at) => {
    const frame = frames.get(id)!;
    if (frame.functionName === "(idle)" || frame.url.startsWith("node:inspector")) return;
    // A sample stands for the time up to the next one.
    const ms = (profile.timeDeltas?.[at + 1] ?? 0) / 1e3;
    const name = nameOf(frame);
    msByName.set(name, (msByName.get(name) ?? 0) + ms);
  });
  return [...msByName].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}

/** Less of the time is not worth a row. */
const LEAST_SHARE = 0.005;

/** Per run, of so many runs; rows after the first `most`, and those of next to no time, are left out. */
export function ownTimeTable(what: string, times: readonly OwnTime[], runs: number, most = Infinity): string {
  const whole = times.reduce((sum, { ms }) => sum + ms, 0);
  const rows = times
    .slice(0, most)
    .filter(({ ms }) => ms >= LEAST_SHARE * whole)
    .map(({ name, ms }) => [name, (ms / runs).toFixed(1), percent(ms / whole, 1)]);
  return markdownTable([what, "ms", "share"], rows);
}
