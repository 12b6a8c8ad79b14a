/** The controls of the page on a profile. Names and meanings are those of the command line's flags. */
import type { Knob, NumberKnob } from "./knob.js";
import type { PageProfile } from "./page-data.js";

/** In the order in which they are shown. */
export function knobsOf({ profile, defaults }: PageProfile): readonly Knob[] {
  return [...loadKnobs(defaults, profile.model.positions), ...naiveKnobs(), ...dynamicKnobs(), ...vllmKnobs(defaults)];
}

type NumberText = Omit<NumberKnob, "kind" | "group" | "isWhole" | "scale">;

const count = (group: Knob["group"], text: NumberText): NumberKnob => ({
  ...{ kind: "number", scale: "log", isWhole: true, group },
  ...text,
});
const amount = (group: Knob["group"], scale: NumberKnob["scale"], text: NumberText): NumberKnob => ({
  ...{ kind: "number", isWhole: false, group, scale },
  ...text,
});

function loadKnobs(defaults: PageProfile["defaults"], positions: number): readonly Knob[] {
  const { requestRate, requests, inputTokens, outputTokens } = defaults;
  const short = Number((requestRate / 20).toPrecision(1));
  return [
    amount("load", "log", {
      ...{ id: "request_rate", label: "Request rate", unit: "requests/s", help: "Mean rate of arrivals." },
      ...{ start: requestRate, least: short, most: Number((requestRate * 10).toPrecision(1)) },
    }),
    amount("load", "log", {
      ...{ id: "burstiness", label: "Burstiness", start: 1, least: 0.05, most: 20 },
      help: "1 is Poisson; below 1 requests come in bursts, above 1 more evenly.",
    }),
    count("load", {
      ...{ id: "num_prompts", label: "Requests", start: requests, least: 20, most: 20_000 },
      help: "How many requests are sent, the same ones to every policy.",
    }),
    {
      ...{ kind: "choice", group: "load", id: "lengths", label: "Lengths", start: "even" },
      options: [
        ["even", "even spread"],
        ["long", "long tail (lognormal)"],
      ],
      help: "How prompt and answer lengths vary around their means.",
    },
    count("load", {
      ...{ id: "input_len", label: "Prompt", unit: "tokens", start: inputTokens, least: 1, most: positions },
      help: "Mean prompt length.",
    }),
    count("load", {
      ...{ id: "output_len", label: "Answer", unit: "tokens", start: outputTokens, least: 1, most: positions },
      help: "Mean number of output tokens.",
    }),
    amount("load", "linear", {
      ...{ id: "spread", label: "Spread", start: 0.5, least: 0, most: 0.95 },
      help: "Even spread: lengths from (1 - s) to (1 + s) times the mean. Long tail: standard deviation over mean, three times s.",
    }),
    amount("load", "linear", {
      ...{ id: "prefix_len", label: "Shared prefix", unit: "tokens", start: 0, least: 0, most: positions },
      help: "Tokens that all prompts begin with, before their own. Only with an even spread.",
    }),
    count("load", {
      ...{ id: "seed", label: "Seed", start: 1, least: 1, most: 1000 },
      help: "Another seed draws other requests.",
    }),
  ];
}

function naiveKnobs(): readonly Knob[] {
  return [
    count("naive", {
      ...{ id: "naive.batch_size", label: "Batch size", unit: "requests", start: 4, least: 1, most: 256 },
      help: "A batch is sent when so many wait.",
    }),
    timeout("naive"),
  ];
}

function timeout(policy: "naive" | "dynamic"): Knob {
  return amount(policy, "linear", {
    ...{ id: `${policy}.timeout_s`, label: "Timeout", unit: "s", start: 0.5, least: 0, most: 5 },
    help: "Longest time to collect a batch.",
  });
}

function dynamicKnobs(): readonly Knob[] {
  return [
    count("dynamic", {
      ...{ id: "dynamic.min_batch_size", label: "Smallest batch", unit: "requests", start: 4, least: 1, most: 256 },
      help: "The batch size never falls below.",
    }),
    count("dynamic", {
      ...{ id: "dynamic.max_batch_size", label: "Largest batch", unit: "requests", start: 32, least: 1, most: 256 },
      help: "The batch size never grows beyond.",
    }),
    timeout("dynamic"),
    amount("dynamic", "linear", {
      ...{ id: "dynamic.memory_threshold", label: "Memory threshold", start: 0.8, least: 0.01, most: 1 },
      help: "Fraction of memory at which the batch size shrinks.",
    }),
    amount("dynamic", "linear", {
      ...{ id: "dynamic.max_time_wait_s", label: "Longest wait", unit: "s", start: 2, least: 0, most: 10 },
      help: "A batch is sent at the latest when its oldest request has waited so long.",
    }),
  ];
}

function vllmKnobs({ server }: PageProfile["defaults"]): readonly Knob[] {
  const number = (name: string): number => server[name] as number;
  const isOn = (name: string): boolean => server[name] as boolean;
  const own = (name: string, label: string, least: number, most: number, help: string): Knob =>
    count("vllm", { id: `vllm.${name}`, label, start: number(name), least, most: Math.max(most, number(name)), help });
  const toggle = (name: string, label: string, help: string): Knob => ({
    ...{ kind: "switch", group: "vllm", id: `vllm.${name}`, label, start: isOn(name), help },
  });
  return [
    own("max_num_seqs", "max_num_seqs", 1, 1024, "Most sequences that run at a time."),
    own("max_num_batched_tokens", "max_num_batched_tokens", 16, 16_384, "Token budget of a step."),
    own("num_gpu_blocks", "num_gpu_blocks", 8, 0, `KV blocks of ${number("block_size")} tokens.`),
    toggle("enable_prefix_caching", "Prefix caching", "Equal prefixes share KV blocks."),
    toggle("enable_chunked_prefill", "Chunked prefill", "Long prompts are cut to the budget that is left."),
    count("vllm", {
      ...{ id: "replicas", label: "Replicas", start: 1, least: 1, most: 16 },
      help: "Copies of the server behind a round-robin router, for every policy that can be replicated.",
    }),
  ];
}
