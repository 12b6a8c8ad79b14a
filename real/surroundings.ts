/** What goes on beside a real run: other processes' work, and how this process's event loop turns. */
import { cpus } from "node:os";
import { otherCores, readLoad } from "../machine/index.js";
import { watchEventLoop } from "./event-loop-delay.js";
import type { RunSurroundings } from "./validity.js";

/** Watches what others do and how the event loop turns; the function returned ends it. */
export function watchSurroundings(): () => RunSurroundings {
  const endEventLoop = watchEventLoop();
  const before = readLoad();
  return () => {
    const after = readLoad();
    return {
      otherCores: otherCores(before, after),
      cores: cpus().length,
      durationNs: after.atNs - before.atNs,
      eventLoop: endEventLoop(),
    };
  };
}
