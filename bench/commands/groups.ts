/** Whole commands whose time or memory docs/performance.md states, in groups that are run alternately. */

export interface TimedCommand {
  readonly label: string;
  /** Of Node. */
  readonly words: readonly string[];
}

export interface CommandGroup {
  readonly commands: readonly TimedCommand[];
  readonly rounds: number;
  /** Whether to say how much memory they take. The hook that asks for it costs some milliseconds at the start. */
  readonly withMemory: boolean;
}

const MAIN = "dist/cli/main.js";
const COMMON = ["--policy", "vllm", "--profile", "h100-llama-3.1-8b-vllm-0.26", "--json"];
const SIMULATE = [MAIN, "simulate", ...COMMON];
const LOAD = "--dataset-name random --random-input-len 512 --random-output-len 128".split(" ");
const ONE_REQUEST = [...SIMULATE, ..."--dataset-name fixed --input-len 100 --output-len 20 --num-prompts 1".split(" ")];

interface ReplicasRow {
  readonly requests: number;
  readonly replicas: number;
  readonly ratePerS: number;
  readonly outputTokens: number;
}

const replicasRows: readonly ReplicasRow[] = [
  { requests: 100_000, replicas: 4, ratePerS: 50, outputTokens: 128 },
  { requests: 400_000, replicas: 4, ratePerS: 50, outputTokens: 128 },
  { requests: 400_000, replicas: 4, ratePerS: 20, outputTokens: 512 },
  { requests: 1_000_000, replicas: 8, ratePerS: 100, outputTokens: 128 },
];

export const commandGroups = {
  /** How long a command takes that has next to nothing to simulate. */
  start: {
    commands: [
      { label: "`node -e 0`", words: ["-e", "0"] },
      { label: "`servesim --version`", words: [MAIN, "--version"] },
      { label: "`simulate` of one request, `--replications 1`", words: [...ONE_REQUEST, "--replications", "1"] },
      { label: "`simulate` of one request (50 replications by default)", words: ONE_REQUEST },
    ],
    rounds: 25,
    withMemory: false,
  },
  /** Independent replicas in one thread and in two. */
  replicas: {
    commands: replicasRows.flatMap((row) => [1, 2].map((workers) => replicasCommand(row, workers))),
    rounds: 3,
    withMemory: true,
  },
  /** Replications in one thread and in two. */
  threads: {
    commands: [1_000, 10_000, 100_000].flatMap((requests) =>
      [1, 2].map((workers) => ({
        label: `\`simulate\` of ${requests.toLocaleString("en-US")} requests: ${threadsText(workers)}`,
        words: [...SIMULATE, ...LOAD, ...`--request-rate 10 --num-prompts ${requests} --workers ${workers}`.split(" ")],
      })),
    ),
    rounds: 5,
    withMemory: false,
  },
  /** Answers, in as many threads as they start. */
  answers: {
    commands: [
      "whatif --request-rate 10 --change request_rate=x1.5",
      "size --request-rate 60 --goodput ttft:500 tpot:30",
      "capacity --goodput ttft:500 tpot:30",
      "tune --request-rate 10 --goal p99_ttft",
    ].map((command) => {
      const [name, ...flags] = command.split(" ");
      return { label: `\`${command}\``, words: [MAIN, name!, ...COMMON, ...LOAD, ...flags] };
    }),
    rounds: 5,
    withMemory: false,
  },
  /** A million requests, once and with an interval. */
  million: {
    commands: [1, 3].map((replications) => ({
      label: `a million requests, \`--replications ${replications}\``,
      words: [
        ...SIMULATE,
        ..."--dataset-name random --random-input-len 256 --random-output-len 192 --random-range-ratio 0.5".split(" "),
        ...`--request-rate 24 --num-prompts 1000000 --replications ${replications}`.split(" "),
      ],
    })),
    rounds: 1,
    withMemory: true,
  },
} as const satisfies Readonly<Record<string, CommandGroup>>;

function replicasCommand({ requests, replicas, ratePerS, outputTokens }: ReplicasRow, workers: number): TimedCommand {
  return {
    label: `${requests.toLocaleString("en-US")} requests, ${replicas} replicas, ${ratePerS}/s, ${outputTokens} tokens: ${threadsText(workers)}`,
    words: [
      ...SIMULATE,
      ...`--dataset-name random --random-input-len 512 --random-output-len ${outputTokens}`.split(" "),
      ...`--request-rate ${ratePerS} --num-prompts ${requests} --replicas ${replicas} --replications 1`.split(" "),
      ...`--workers ${workers}`.split(" "),
    ],
  };
}

function threadsText(workers: number): string {
  return workers === 1 ? "one thread" : `${workers} threads`;
}
