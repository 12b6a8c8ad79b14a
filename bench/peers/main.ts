/**
 * npm run bench:peers [-- --rounds N] [--profile PATH]: dense and poisson on the peer and on servesim, as a user runs it
 * (warm and cold) and bare, in turn, each run in a process of its own; prints medians and the ratio. README.md beside says what is compared.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError, InvariantError } from "../../formats/index.js";
import { runScript } from "../original-suite/run-script.js";
import { parsedOptions, wholeNumber } from "../sim/arguments.js";
import { buildCase, type BenchMode, type CaseName } from "../sim/cases.js";
import { runInFreshProcess } from "../sim/fresh-process.js";
import { simulatedTable, speedTable, type Comparison } from "./comparison-table.js";
import { peerSpec, replayOnPeer } from "./peer-run.js";
import { PEER_PACKAGE, PEER_VERSION, peerPython } from "./venv.js";

const COMPARED: readonly CaseName[] = ["dense", "poisson"];

/** Of servesim. */
const variants: readonly { readonly mode: BenchMode; readonly cold: boolean }[] = [
  { mode: "default", cold: false },
  { mode: "default", cold: true },
  { mode: "bare", cold: false },
];

interface Options {
  readonly rounds: number;
  readonly profilePath: string | undefined;
}

await runScript(() => exitCodeOf(main));

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const python = peerPython();
  const comparisons: Comparison[] = [];
  for (const name of COMPARED) comparisons.push(...(await compare(name, python, options)));
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}`;
  console.log(`${PEER_PACKAGE} ${PEER_VERSION} and servesim, median of ${options.rounds}, on ${machine}`);
  console.log(
    `\n${speedTable(comparisons)}\n\n${simulatedTable(comparisons.filter((_, at) => !variants[at % variants.length]!.cold))}`,
  );
}

/** Peer, ours, peer, ours: what slows the machine for a while then slows all. One comparison a variant. */
async function compare(name: CaseName, python: string, { rounds, profilePath }: Options): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "servesim-trace-"));
  try {
    const spec = peerSpec(await buildCase(name, { mode: "bare", capacityPerS: noCapacity }), folder);
    const runs = Array.from({ length: rounds }, (_, round) => {
      console.error(`${name}, round ${round + 1} of ${rounds}`);
      return {
        peer: replayOnPeer(python, spec),
        ours: variants.map(({ mode, cold }) => runInFreshProcess({ name, engine: "fast", mode, profilePath, cold })),
      };
    });
    const peer = runs.map((run) => run.peer);
    return variants.map(({ mode, cold }, at) => ({
      name: `${name}, ${mode}${cold ? ", cold" : ""}`,
      peer,
      ours: runs.map(({ ours }) => ours[at]!),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function noCapacity(): never {
  throw new InvariantError("a case with a rate relative to capacity is not compared, expected a rate of its own");
}

/** 3 where the peer, Python or the network is what failed; runScript sees to the rest. */
async function exitCodeOf(run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    console.error(`error: ${error.message}`);
    return 3;
  }
}

function parseOptions(argv: readonly string[]): Options {
  const { rounds, profile } = parsedOptions(argv, {
    rounds: { type: "string", default: "3" },
    profile: { type: "string" },
  });
  return { rounds: wholeNumber("--rounds", rounds), profilePath: profile };
}
