/**
 * Pairs the requests of simulated runs with those of the real repeats, by request id. A pair is a row of each run; only
 * requests that finished (status ok) everywhere are paired. Rows, not records: ten million pairs are some arrays.
 */
import { ArtifactError, ConfigError, type Run } from "../../formats/index.js";
import { columnsIn, type RequestColumns } from "../../sim/metrics/index.js";
import { RequestIds } from "./request-ids.js";

const EXAMPLES = 3;

/** The requests of one run that are compared. */
export interface PairedRun {
  readonly columns: RequestColumns;
  /** Its row of each pair. */
  readonly rows: Uint32Array;
}

/** Requests as every run saw them; all `rows` have one entry per pair. */
export interface Pairs {
  readonly count: number;
  /** One, or one for each real run. */
  readonly sims: readonly PairedRun[];
  readonly reals: readonly PairedRun[];
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
  readonly pairs: Pairs;
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
  const sides = [
    ...sims.map((run) => sideOf(run, "the simulated run")),
    ...reals.map((run, index) => sideOf(run, runName(index, reals.length))),
  ];
  const [first, realSides] = [sides[0]!, sides.slice(sims.length)];
  const { common, differentLengths, rows } = pairRows(sides, sims.length);
  if (common === 0) {
    const other = realSides.find(({ ids }) => !ids.sharesWith(first.ids)) ?? realSides[0]!;
    throw new ArtifactError(
      `the runs share no request id: ${describe(first)} in the simulated run, ${describe(other)} in ${other.name}; ` +
        "compare runs of the same requests",
    );
  }
  const matched = rows[0]!.length;
  if (matched === 0) {
    throw new ArtifactError(
      `no request finished in every run: ${common} ids are shared, each was rejected or failed somewhere ` +
        `(see the columns status and error of requests.csv)`,
    );
  }
  const paired = sides.map(({ columns }, at) => ({ columns, rows: rows[at]! }));
  return {
    pairs: { count: matched, sims: paired.slice(0, sims.length), reals: paired.slice(sims.length) },
    report: {
      matched,
      not_ok: common - matched,
      only_in_sim: missing([first], (id) => realSides.every((side) => side.ids.rowOf(id) !== undefined)),
      only_in_real: missing(realSides, (id) => first.ids.rowOf(id) !== undefined),
      different_lengths: differentLengths,
    },
  };
}

/** A run by what it is called in messages. */
interface Side {
  readonly name: string;
  readonly columns: RequestColumns;
  readonly ids: RequestIds;
}

function sideOf(run: Run, name: string): Side {
  const columns = columnsIn(run);
  return { name, columns, ids: new RequestIds(columns, `${name} (${run.info.policy})`) };
}

interface PairedRows {
  /** Ids that every run has. */
  readonly common: number;
  readonly differentLengths: number;
  /** Of each side, of the requests that finished everywhere. */
  readonly rows: readonly Uint32Array[];
}

function pairRows(sides: readonly Side[], sims: number): PairedRows {
  const [{ columns: first }] = sides as readonly [Side];
  const rows = sides.map(() => new Uint32Array(first.rows));
  let [common, matched, differentLengths] = [0, 0, 0];
  for (let row = 0; row < first.rows; row++) {
    const id = first.requestId(row);
    let isEverywhere = true;
    let isOk = true;
    let isSame = true;
    for (let at = 0; at < sides.length && isEverywhere; at++) {
      const { columns, ids } = sides[at]!;
      const found = at === 0 ? row : ids.rowOf(id);
      isEverywhere = found !== undefined;
      if (found === undefined) break;
      rows[at]![matched] = found;
      isOk &&= columns.ok[found] === 1;
      isSame &&= at < sims || hasSameLengths(first, row, columns, found);
    }
    if (!isEverywhere) continue;
    common++;
    if (!isOk) continue;
    matched++;
    if (!isSame) differentLengths++;
  }
  return { common, differentLengths, rows: rows.map((column) => column.subarray(0, matched)) };
}

function hasSameLengths(a: RequestColumns, rowA: number, b: RequestColumns, rowB: number): boolean {
  return a.promptTokens[rowA] === b.promptTokens[rowB] && a.outputTokens[rowA] === b.outputTokens[rowB];
}

/** Ids of some sides, each counted once, that are not where they should be. */
function missing(sides: readonly Side[], isThere: (id: string) => boolean): Missing {
  const examples: string[] = [];
  let count = 0;
  for (const [at, { columns }] of sides.entries()) {
    for (let row = 0; row < columns.rows; row++) {
      const id = columns.requestId(row);
      if (isThere(id) || sides.slice(0, at).some(({ ids }) => ids.rowOf(id) !== undefined)) continue;
      count++;
      if (examples.length < EXAMPLES) examples.push(id);
    }
  }
  return { count, examples };
}

function runName(index: number, count: number): string {
  return count === 1 ? "the real run" : `real run ${index + 1} of ${count}`;
}

function describe({ columns }: Side): string {
  if (columns.rows === 0) return "none";
  const count = Math.min(EXAMPLES, columns.rows);
  const shown = Array.from({ length: count }, (_, row) => `"${columns.requestId(row)}"`);
  return `${columns.rows} (${[...shown, ...(columns.rows > EXAMPLES ? ["..."] : [])].join(", ")})`;
}
