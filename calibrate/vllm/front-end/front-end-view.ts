/** A recording as the front end's fit looks at it: the tokens whose way to their client is known. */
import type { RequestRecord } from "../../../formats/index.js";
import { chunkTimesMs, meanPace, paceTable, type PacePath, type RecordedTraffic } from "../recording/index.js";

/** One recording. */
export interface FrontEndLog {
  readonly requests: readonly RequestRecord[];
  readonly traffic: RecordedTraffic;
  /** Of the host, which front end and engine share. */
  readonly path: PacePath;
  /** How much it counts. */
  readonly weight: number;
}

export interface View extends FrontEndLog {
  /** Tokens whose time at the client is known: which output had them, when they came; firsts apart. */
  readonly firsts: readonly Seen[];
  readonly others: readonly Seen[];
  /** Mean pace of the host, and over that the pace at a time. */
  readonly runPace: number;
  readonly paceAt: (atNs: number) => number;
  /** Share of output tokens that came in a chunk with an earlier one; undefined where chunks were not counted. */
  readonly merged: number | undefined;
}

export interface Seen {
  readonly output: number;
  readonly atNs: number;
}

export function viewOf({ requests, traffic, path, weight }: FrontEndLog): View {
  const firsts: Seen[] = [];
  const others: Seen[] = [];
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

/** When each token came, where each came in a chunk of its own. */
function chunkTimesNs({ sentNs, arrivalNs, outputTokens, extra }: RequestRecord): number[] | undefined {
  const times = chunkTimesMs(extra);
  if (times.length !== outputTokens) return undefined;
  return times.map((ms) => (sentNs ?? arrivalNs) + ms * 1e6);
}
