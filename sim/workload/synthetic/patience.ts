/** How long each client waits, and how long it pauses before it tries again, drawn from streams of their own. */
import {
  InvariantError,
  parsePatience,
  withFields,
  type Load,
  type Retries,
  type Workload,
} from "../../../formats/index.js";
import { exponential, normal, stream, type Random } from "../../kernel/index.js";
import { sigmaOfCv } from "./distributions.js";

/** Pauses as those of OpenAI's Python client: 0.5 s, doubled up to 8 s, each less up to a quarter of it (its _base_client.py). */
const DEFAULT_BACKOFF_S = 0.5;
const MOST_DOUBLINGS = 4;
const JITTER_SHARE = 0.25;

/** The workload whose clients have the load's patience; the same where the load says nothing of it. */
export function withPatience(workload: Workload, load: Load, seed: string): Workload {
  const { patience_ttft: ttft, patience_e2el: e2el, retries = 0 } = load;
  const retried = retries === 0 ? workload : { ...workload, retries: retriesOf(workload, load, seed) };
  if (ttft === undefined && e2el === undefined) return retried;
  const drawTtft = ttft === undefined ? undefined : drawNs(ttft, stream(`${seed}/0/patience-ttft`));
  const drawE2el = e2el === undefined ? undefined : drawNs(e2el, stream(`${seed}/0/patience-e2el`));
  const requests = workload.requests.map((request) =>
    withFields(request, {
      ...(drawTtft === undefined ? {} : { ttftPatienceNs: drawTtft() }),
      ...(drawE2el === undefined ? {} : { e2elPatienceNs: drawE2el() }),
    }),
  );
  return { ...retried, requests };
}

/** Whole nanoseconds, at least 1. */
function drawNs(given: string | number, random: Random): () => number {
  const law = parsePatience(given);
  if (law === undefined) throw new InvariantError(`"${given}" says no patience, and was not rejected`);
  const { meanS } = law;
  const ns = (seconds: number): number => Math.max(1, Math.round(seconds * 1e9));
  if (law.kind !== "lognormal") {
    return law.kind === "constant" ? () => ns(meanS) : () => ns(meanS * exponential(random));
  }
  const sigma = sigmaOfCv(law.cv);
  const mu = Math.log(meanS) - (sigma * sigma) / 2;
  return () => ns(Math.exp(mu + sigma * normal(random)));
}

function retriesOf(
  { requests }: Workload,
  { retries: most = 0, retry_backoff_s: firstS = DEFAULT_BACKOFF_S }: Load,
  seed: string,
): Retries {
  const random = stream(`${seed}/0/retries`);
  const pausesNs = new Float64Array(requests.length * most);
  for (let at = 0; at < pausesNs.length; at++) {
    const pauseS = firstS * 2 ** Math.min(at % most, MOST_DOUBLINGS);
    pausesNs[at] = Math.round(pauseS * (1 - JITTER_SHARE * random()) * 1e9);
  }
  return { most, pausesNs };
}
