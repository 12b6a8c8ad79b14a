/** States that teach: what is compared with what, what to look at, and why it is so. */
import type { KnobValue } from "./knob.js";
import type { PageProfile } from "./page-data.js";
import type { ComparedPolicy } from "./run-options.js";

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly lesson: string;
  /** Values of the pinned baseline, and of the state; others begin where their controls do. */
  readonly before: Readonly<Record<string, KnobValue>>;
  readonly after: Readonly<Record<string, KnobValue>>;
  /** Whose batch to watch. */
  readonly watched: ComparedPolicy;
}

export function presetsOf(page: PageProfile): readonly Preset[] {
  return [staticBatching(), longPrompt(page), blocksRunOut(page), knee(page), sharedPrefix(page)];
}

function staticBatching(): Preset {
  return {
    id: "static",
    title: "Static batching wastes",
    lesson:
      "Pinned: all answers are as long as each other. Now their lengths differ. A batch of naive and dynamic ends with its longest " +
      "answer: requests that are done keep their places (the empty rows in the batch view), and everybody who waits for the next " +
      "batch waits longer. vllm gives a place away in the step after an answer ends.",
    before: { spread: 0 },
    after: { spread: 0.95 },
    watched: "naive",
  };
}

/** Lengths whose tail still fits into the model. */
function longPrompt({ profile, defaults }: PageProfile): Preset {
  const { positions } = profile.model;
  const input_len = Math.max(8, Math.floor(positions / 24));
  const output_len = Math.min(input_len, defaults.outputTokens);
  const budget = Math.min(256, Math.ceil(positions / 4));
  const load = { lengths: "long", spread: 0.3, input_len, output_len };
  return {
    id: "long-prompt",
    title: "A long prompt stalls decodes",
    lesson:
      "Prompts have a long tail. Pinned: vllm may put a whole long prompt into one step, and every request that decodes in it waits " +
      `until it is done. Now a step takes ${budget} tokens at most, so that long prompts are cut: streams are held up for less time ` +
      "(gap between tokens, P99), and long prompts take more steps. The token budget is that trade. A small model on a large GPU has little to gain.",
    before: { ...load, "vllm.max_num_batched_tokens": Math.min(16_384, positions) },
    after: { ...load, "vllm.max_num_batched_tokens": budget },
    watched: "vllm",
  };
}

/** Blocks for the requests that run on average, and somewhat fewer. */
function blocksRunOut({ defaults }: PageProfile): Preset {
  const { running, inputTokens, outputTokens, server } = defaults;
  const perRequest = (inputTokens + outputTokens) / (server.block_size as number);
  const blocks = Math.ceil(Math.max(3 * perRequest, 0.7 * running * perRequest)) + 1;
  return {
    id: "blocks",
    title: "Blocks run out",
    lesson:
      `Pinned: all the memory there is. Now vllm has ${blocks} KV blocks. Requests that decode need more of them with every token; when ` +
      "none is left, the latest request is put back and computes everything again (see preemptions). Watch the blocks fill up, and " +
      "who waits although the batch has places.",
    before: {},
    after: { "vllm.num_gpu_blocks": Math.max(8, blocks) },
    watched: "vllm",
  };
}

function knee({ defaults }: PageProfile): Preset {
  return {
    id: "knee",
    title: "The knee",
    lesson:
      "Pinned: a load that vllm keeps up with. Now requests come twice as often, which is more than it can serve. Up to " +
      "some rate latency hardly changes, then it grows without bound: queues grow as long as the load lasts. In the chart by rate " +
      "every policy has its knee elsewhere; choose a rate to the left of it.",
    before: {},
    after: { request_rate: Number((2 * defaults.requestRate).toPrecision(3)) },
    watched: "vllm",
  };
}

function sharedPrefix({ profile, defaults }: PageProfile): Preset {
  const room = profile.model.positions - 2 * (defaults.inputTokens + defaults.outputTokens);
  const prefix_len = Math.max(16, Math.min(4 * defaults.inputTokens, Math.floor(room / 2)));
  return {
    id: "prefix",
    title: "A shared prefix",
    lesson:
      `All prompts begin with the same ${prefix_len} tokens, as with a system prompt. Pinned: every request computes them. Now vllm's ` +
      "prefix cache is on: requests share the blocks, and only the rest of a prompt is computed. How much sooner the first token " +
      "comes depends on how much of a step's time goes into prompts.",
    before: { prefix_len, "vllm.enable_prefix_caching": false },
    after: { prefix_len, "vllm.enable_prefix_caching": true },
    watched: "vllm",
  };
}
