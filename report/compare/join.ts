/**
 * Pairs the requests of simulated runs with those of the real repeats, by request id. A pair holds one record from
 * each run; only requests that finished (status ok) everywhere are paired.
 */
import { ArtifactError, ConfigError, type RequestRecord, type Run, eachRequest } from "../../formats/index.js";

const EXAMPLES = 3;

/** One request as every run saw it. */
export interface Pair {
  /** One, or one for each real run. */
  readonly sims: readonly RequestRecord[];
  readonly reals: readonly RequestRecord[];
}

/** Request ids that one side lacks: how many, and a few of them. */
export interface Missing {
  readonly count: number;
  readonly examples: readonly string[];
}

/** How well the runs fit together, for comparison.json and for warnings. */
export interface JoinReport {
  /** Requests compared: in every run, finished in every run. */
  readonly matched: number;
  /** Requests in every run that were rejected or failed in at least one. */
  readonly not_ok: number;
  readonly only_in_sim: Missing;
  readonly only_in_real: Missing;
  /** Compared requests whose prompt or output tokens differ between runs: then not the same work was compared. */
  readonly different_lengths: number;
}

export interface Joined {
  readonly pairs: readonly Pair[];
  readonly report: JoinReport;
}

/** Joins by request id, in the order of the first simulation. ArtifactError when no id is shared, or none finished everywhere. */
export function joinRuns(sims: readonly Run[], reals: readonly Run[]): Joined {
  if (reals.length === 0) throw new ConfigError("no real run to compare with, expected at least one");
  if (sims.length !== 1 && sims.length !== reals.length) {
    throw new ConfigError(
      `comparing ${sims.length} simulations with ${reals.length} real runs, expected one, or one for each`,
    );
  }
  const simsById = sims.map((sim) => byId(sim, "the simulated run"));
  const simById = simsById[0]!;
  const realsById = reals.map((run, index) => byId(run, runName(index, reals.length)));
  const onlyInSim = [...simById.keys()].filter((id) => !realsById.every((real) => real.has(id)));
  const onlyInReal = [...new Set(realsById.flatMap((real) => [...real.keys()]))].filter((id) => !simById.has(id));
  const common = [...simById].flatMap(([id, record]): Pair[] => {
    const others = simsById.slice(1).flatMap((sim) => sim.get(id) ?? []);
    const records = realsById.flatMap((real) => real.get(id) ?? []);
    const isEverywhere = records.length === reals.length && others.length === sims.length - 1;
    return isEverywhere ? [{ sims: [record, ...others], reals: records }] : [];
  });
  if (common.length === 0) {
    const other = realsById.find((real) => ![...real.keys()].some((id) => simById.has(id))) ?? realsById[0]!;
    throw new ArtifactError(
      `the runs share no request id: ${describe(simById)} in the simulated run, ${describe(other)} in ` +
        `${runName(realsById.indexOf(other), reals.length)}; compare runs of the same requests`,
    );
  }
  const pairs = common.filter((pair) => all(pair).every((request) => request.status === "ok"));
  if (pairs.length === 0) {
    throw new ArtifactError(
      `no request finished in every run: ${common.length} ids are shared, each was rejected or failed somewhere ` +
        `(see the columns status and error of requests.csv)`,
    );
  }
  return {
    pairs,
    report: {
      matched: pairs.length,
      not_ok: common.length - pairs.length,
      only_in_sim: { count: onlyInSim.length, examples: onlyInSim.slice(0, EXAMPLES) },
      only_in_real: { count: onlyInReal.length, examples: onlyInReal.slice(0, EXAMPLES) },
      different_lengths: pairs.filter((pair) => !sameLengths(pair)).length,
    },
  };
}

function byId(run: Run, name: string): Map<string, RequestRecord> {
  const records = new Map<string, RequestRecord>();
  for (const request of eachRequest(run)) {
    if (records.has(request.requestId)) {
      throw new ArtifactError(`${name} (${run.info.policy}) has request id "${request.requestId}" more than once`);
    }
    records.set(request.requestId, request);
  }
  return records;
}

function all(pair: Pair): RequestRecord[] {
  return [...pair.sims, ...pair.reals];
}

function sameLengths({ sims, reals }: Pair): boolean {
  const sim = sims[0]!;
  return reals.every((real) => real.promptTokens === sim.promptTokens && real.outputTokens === sim.outputTokens);
}

function runName(index: number, count: number): string {
  return count === 1 ? "the real run" : `real run ${index + 1} of ${count}`;
}

function describe(records: ReadonlyMap<string, RequestRecord>): string {
  if (records.size === 0) return "none";
  const shown = [...records.keys()].slice(0, EXAMPLES).map((id) => `"${id}"`);
  return `${records.size} (${[...shown, ...(records.size > EXAMPLES ? ["..."] : [])].join(", ")})`;
}
