/**
 * Limits of latency that the reader sets, and the share of requests within them: counted by the page's script in the
 * embedded requests. Without a script nothing is shown but what it would do.
 */
import { greatest } from "../../formats/index.js";
import type { SloSample } from "./report-input.js";

const limits = [
  ["ttft", "Time to first token"],
  ["tpot", "Time per output token"],
  ["e2el", "Latency"],
] as const;

export function sloSection(samples: readonly SloSample[]): string {
  const most = greatest(samples.map(({ e2elMs }) => e2elMs.length));
  const isWhole = samples.every(({ e2elMs, requests, failed }) => e2elMs.length + failed === requests);
  const size = isWhole
    ? "counted in all requests of the runs"
    : `counted in an even sample of at most ${most.toLocaleString("en-US")} answered requests of each cell`;
  return `<p>Set your limits: a request counts when it meets all of them, as in goodput of vllm bench serve. Shares are ${size}.</p>
<noscript><p>This needs JavaScript, which is off.</p></noscript>
<form id="slo" hidden>
${limits.map(([key, name]) => limitHtml(key, name)).join("\n")}
</form>
<div class="wide" tabindex="0" role="region" aria-label="Requests within the limits" id="slo-result" hidden></div>
<script type="application/json" id="slo-samples">${json(samples.map(compact))}</script>`;
}

function limitHtml(key: string, name: string): string {
  return `<div class="limit"><label for="slo-${key}">${name}, at most</label>
<input type="range" id="slo-${key}" min="0" max="200" step="1"><output id="slo-${key}-text" for="slo-${key}"></output></div>`;
}

/** Times to a thousandth of a millisecond below 10 ms, otherwise to a hundredth. */
function compact({ ttftMs, tpotMs, e2elMs, ...rest }: SloSample): object {
  const rounded = (values: readonly number[]): (number | null)[] =>
    values.map((value) => (Number.isFinite(value) ? Number(value.toFixed(value < 10 ? 3 : 2)) : null));
  return { ...rest, ttftMs: rounded(ttftMs), tpotMs: rounded(tpotMs), e2elMs: rounded(e2elMs) };
}

/** JSON that cannot end its script element. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
