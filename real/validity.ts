/**
 * Whether a real run may be trusted, with the reasons when it may not, and what is worth knowing when it may: a client
 * that lagged, requests that failed, other processes at work, an event loop that was held up.
 */
import { WORTH_TELLING_CORES } from "../machine/index.js";
import type { RequestRecord, RunInfo } from "../formats/index.js";
import { quantileOf } from "../sim/index.js";
import type { RunSurroundings } from "./surroundings.js";

const MAX_LAG_P99_NS = 5_000_000;
/** If other processes use this part of the machine, the run measures them as much as itself. */
const MAX_OTHER_FRACTION = 0.5;
/** A client whose event loop turned later than this, at P99, stamped chunks and sent requests that much late. */
const MAX_LOOP_DELAY_P99_NS = 5_000_000;
/** CPU counters tick every 10 ms; over less than this they say nothing. */
const MIN_LOAD_NS = 1e9;

/**
 * `sendLagsNs`: how late each request was sent. `eventLoop`: of what sends and reads; absent with `around`: that one's.
 */
export function validity(
  requests: Iterable<RequestRecord>,
  sendLagsNs: ArrayLike<number>,
  around?: RunSurroundings,
  eventLoop = around?.eventLoop,
): NonNullable<RunInfo["valid"]> {
  const reasons: string[] = [];
  const lagP99Ns = sendLagsNs.length === 0 ? 0 : quantileOf(Array.from(sendLagsNs), 0.99);
  if (lagP99Ns > MAX_LAG_P99_NS) {
    reasons.push(
      `the client lagged: P99 of the sending delay is ${(lagP99Ns / 1e6).toFixed(1)} ms, at most 5 ms is valid`,
    );
  }
  if (eventLoop !== undefined && eventLoop.p99Ns > MAX_LOOP_DELAY_P99_NS) {
    reasons.push(
      `the client was held up: P99 of its event loop's delay is ${(eventLoop.p99Ns / 1e6).toFixed(1)} ms, at most 5 ms ` +
        "is valid; give the client a core of its own",
    );
  }
  let failed = 0;
  let first: string | undefined;
  for (const { status, error } of requests) {
    if (status !== "error") continue;
    if (failed++ === 0) first = error;
  }
  if (failed > 0) reasons.push(`${failed} requests failed, the first with: ${first ?? "no reason"}`);
  if (around !== undefined && isLoadKnown(around) && around.otherCores > MAX_OTHER_FRACTION * around.cores) {
    reasons.push(`${describeOthers(around)}, at most half of them is valid; run again when nothing else does`);
  }
  return { ok: reasons.length === 0, reasons };
}

/** What is worth knowing about a run that may still be valid. */
export function runNotes(around: RunSurroundings): string[] {
  const { otherCores, cores } = around;
  const isNoted = otherCores >= WORTH_TELLING_CORES && otherCores <= MAX_OTHER_FRACTION * cores;
  return isNoted && isLoadKnown(around) ? [`${describeOthers(around)}, so times may be too long`] : [];
}

function isLoadKnown({ durationNs }: RunSurroundings): boolean {
  return durationNs >= MIN_LOAD_NS;
}

function describeOthers({ otherCores, cores }: RunSurroundings): string {
  return `other processes kept ${otherCores.toFixed(1)} of ${cores} cores busy during the run`;
}
