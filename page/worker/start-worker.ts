/** The page's worker: simulates beside the page, so that controls never wait. */
import type { PageData } from "../model/index.js";
import { answersTo } from "./answer.js";
import type { ToWorker } from "./messages.js";

export function startWorker(): void {
  let data: PageData | undefined;
  addEventListener("message", ({ data: asked }: MessageEvent<ToWorker>) => {
    if (asked.kind === "start") data = asked.data;
    else for (const answer of answersTo(data!, asked)) postMessage(answer);
  });
}
