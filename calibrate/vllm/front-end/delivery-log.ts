/** What the front end's fit takes from a recording: the tokens whose delivery to their client was recorded. */
import type { RequestRecord } from "../../../formats/index.js";
import { chunkTimesMs, meanPace, paceTable, type PacePath, type RecordedTraffic } from "../recording/index.js";

/** One recording. */
export interface FrontEndLog {
  readonly requests: readonly RequestRecord[];
  readonly traffic: RecordedTraffic;
  /** Of the host, which front end and engine share. */
  readonly path: PacePath;
  /** How much it counts in the fit. */
  readonly weight: number;
}

export interface DeliveryLog extends FrontEndLog {
  /** Tokens whose time at the client is known, first tokens apart from the others. */
  readonly firsts: readonly Delivery[];
  readonly others: readonly Delivery[];
  /** Mean pace of the host, and over that the pace at a time. */
  readonly runPace: number;
  readonly paceAt: (atNs: number) => number;
  /** Share of output tokens that came in a chunk with an earlier one; undefined where chunks were not counted. */
  readonly merged: number | undefined;
}

/** A token that reached its client: the engine output that had it, and when. */
export interface Delivery {
  readonly output: number;
  readonly atNs: number;
}

export function deliveryLog({ requests, traffic, path, weight }: FrontEndLog): DeliveryLog {
  const firsts: Delivery[] = [];
  const others: Delivery[] = [];
  const count = new Int32Array(requests.length);
  const chunks = requests.map((request) => chunkTimesNs(request));
  traffic.outputs.forEach(({ requests: served }, output) => {
    for (const request of served) {
      const nth = count[request]!++;
      const { firstTokenNs, lastTokenNs, outputTokens } = requests[request]!;
      if (nth === 0) {
        if (firstTokenNs !== undefined) firsts.push({ output, atNs: firstTokenNs });
      } else if (nth === outputTokens - 1) {
        if (lastTokenNs !== undefined) others.push({ output, atNs: lastTokenNs });
      } else if (nth % 7 === 3 && chunks[request] !== undefined) {
        others.push({ output, atNs: chunks[request][nth]! });
      }
    }
  });
  const runPace = meanPace(path);
  const table = paceTable(path);
  const paceAt = (atNs: number): number => table(atNs) / runPace;
  return { requests, traffic, path, weight, firsts, others, runPace, paceAt, merged: mergedShare(requests) };
}

function mergedShare(requests: readonly RequestRecord[]): number | undefined {
  let [chunks, tokens] = [0, 0];
  for (const { extra, outputTokens } of requests) {
    const count = Number(extra?.chunks ?? NaN);
    if (Number.isNaN(count)) return undefined;
    chunks += count;
    tokens += outputTokens;
  }
  return 1 - chunks / tokens;
}

/** When each token came, where each came in its own chunk. */
function chunkTimesNs({ sentNs, arrivalNs, outputTokens, extra }: RequestRecord): number[] | undefined {
  const times = chunkTimesMs(extra);
  if (times.length !== outputTokens) return undefined;
  return times.map((ms) => (sentNs ?? arrivalNs) + ms * 1e6);
}
