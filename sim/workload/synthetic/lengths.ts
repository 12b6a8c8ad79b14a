/**
 * Synthetic requests: prompt and output lengths of a dataset drawn from its own stream, and what prompts share. Lengths
 * lie in typed arrays, 8 bytes a request, so that ten million cost little.
 */
import { InvariantError, type ContentRuns, type Load } from "../../../formats/index.js";
import { stream, type Random } from "../../kernel/index.js";
import {
  lognormalTokens,
  rangeTokens,
  sigmaOfCv,
  sigmaOfP99,
  uniformTokens,
  zipfTokens,
  type DrawTokens,
} from "./distributions.js";

export interface Lengths {
  readonly promptTokens: Uint32Array;
  readonly outputTokens: Uint32Array;
  /** What the prompt of a request says; absent: no two prompts share anything. */
  readonly contentOf?: (index: number) => ContentRuns;
}

/** The lengths of `count` requests under a load whose dataset is not `prompts`. */
export function syntheticLengths(load: Load, count: number, seed: string): Lengths {
  const random = stream(`${seed}/0/lengths`);
  switch (load.dataset_name) {
    case "fixed":
      return drawn(count, random, exactly(load.input_len!), exactly(load.output_len));
    case "random": {
      const ratio = load.random_range_ratio ?? 0;
      const own = rangeTokens(load.random_input_len ?? 1024, ratio);
      const lengths = drawn(count, random, own, rangeTokens(load.random_output_len ?? 128, ratio));
      return withPrefixes(lengths, load.random_prefix_len ?? 0, 1, () => 0);
    }
    case "lognormal":
      return drawn(count, random, lognormalOf(load, "input"), lognormalOf(load, "output"));
    case "zipf": {
      const input = zipfTokens(load.zipf_input_exponent ?? 1, load.zipf_input_max!);
      return drawn(count, random, input, zipfTokens(load.zipf_output_exponent ?? 1, load.zipf_output_max!));
    }
    case "prefix_repetition": {
      const suffix = exactly(load.prefix_repetition_suffix_len ?? 256);
      const lengths = drawn(count, random, suffix, exactly(load.prefix_repetition_output_len ?? 128));
      const prefixes = load.prefix_repetition_num_prefixes ?? 10;
      const prefixOf = shuffledShares(count, prefixes, random);
      return withPrefixes(lengths, load.prefix_repetition_prefix_len ?? 256, prefixes, (index) => prefixOf[index]!);
    }
    default:
      throw new InvariantError(`lengths of dataset "${load.dataset_name ?? "prompts"}", expected a synthetic one`);
  }
}

function exactly(tokens: number): DrawTokens {
  return uniformTokens(tokens, tokens);
}

function lognormalOf(load: Load, which: "input" | "output"): DrawTokens {
  const mean = load[`lognormal_${which}_mean`]!;
  const p99 = load[`lognormal_${which}_p99`];
  const cv = load[`lognormal_${which}_cv`];
  if (p99 !== undefined) return lognormalTokens(mean, sigmaOfP99(mean, p99));
  return lognormalTokens(mean, cv === undefined ? load[`lognormal_${which}_sigma`]! : sigmaOfCv(cv));
}

function drawn(count: number, random: Random, prompt: DrawTokens, output: DrawTokens): Lengths {
  const promptTokens = new Uint32Array(count);
  const outputTokens = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    promptTokens[index] = prompt(random);
    outputTokens[index] = output(random);
  }
  return { promptTokens, outputTokens };
}

/** Puts a prefix before each prompt: ids below `prefixes` are the prefixes', those above the requests' own. */
function withPrefixes(
  { promptTokens, outputTokens }: Lengths,
  prefixTokens: number,
  prefixes: number,
  prefixOf: (index: number) => number,
): Lengths {
  if (prefixTokens === 0) return { promptTokens, outputTokens };
  const shared = Array.from({ length: prefixes }, (_, prefix) => [prefix, prefixTokens] as const);
  const withPrefix = promptTokens.map((tokens) => tokens + prefixTokens);
  const contentOf = (index: number): ContentRuns => [
    shared[prefixOf(index)]!,
    [prefixes + index, promptTokens[index]!],
  ];
  return { promptTokens: withPrefix, outputTokens, contentOf };
}

/** Numbers 0 to `shares` - 1, each as often as the others (to one), in random order (Fisher and Yates). */
function shuffledShares(count: number, shares: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index % shares);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
