/**
 * Sampling of tokens: its settings, the random numbers it uses and the plain way to do it, which the tests hold the graph to.
 * Every row has a seed of its own, so that its tokens do not depend on who shares its batch.
 */
import seedrandom from "seedrandom";
import { ConfigError, defined } from "../../formats/index.js";

/** Without one, the largest logit is taken. */
export interface Sampling {
  /** Above 0; logits are divided by it. */
  readonly temperature: number;
  /** Candidates kept, the likeliest first; all by default. */
  readonly topK?: number;
  /** Then the fewest whose probabilities sum to this are kept; all by default (1). */
  readonly topP?: number;
  /** One for each row; the same seed draws the same numbers. */
  readonly seeds: readonly string[];
}

/** Settings alone, as users give them; seeds belong to rows. */
export type SamplingSettings = Omit<Sampling, "seeds">;

/** The settings that were asked for; undefined where tokens are greedy: nothing given, or a temperature of 0. */
export function samplingSettings(given: {
  readonly temperature?: number | undefined;
  readonly top_k?: number | undefined;
  readonly top_p?: number | undefined;
}): SamplingSettings | undefined {
  const { temperature, top_k: topK, top_p: topP } = given;
  if (temperature === 0 || (temperature ?? topK ?? topP) === undefined) return undefined;
  return {
    temperature: temperature ?? 1,
    ...defined({ topK, topP }),
  };
}

/** Throws ConfigError for settings out of range or a wrong number of seeds. */
export function checkSampling({ temperature, topK, topP, seeds }: Sampling, rows: number): void {
  const wrong = (field: string, got: number, expected: string) =>
    new ConfigError(`sampling: ${field} is ${got}, expected ${expected}`);
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw wrong("temperature", temperature, "a number above 0 (for greedy tokens leave sampling out)");
  }
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK >= 1)) {
    throw wrong("topK", topK, "a whole number of at least 1");
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) throw wrong("topP", topP, "a number above 0, at most 1");
  if (seeds.length !== rows) throw wrong("the number of seeds", seeds.length, `one for each of ${rows} rows`);
}

/** Numbers in [0, 1) as the graphs take them: `uniforms[token * rows + row]`. */
export function drawUniforms({ seeds }: Sampling, tokens: number): Float32Array {
  const uniforms = new Float32Array(tokens * seeds.length);
  for (const [row, seed] of seeds.entries()) {
    const random = seedrandom.alea(seed);
    for (let token = 0; token < tokens; token++) uniforms[token * seeds.length + row] = random.quick();
  }
  return uniforms;
}

/** The token that `sampledToken` of next-token.ts chooses, in float64. */
export function sampleToken(logits: Float32Array, { temperature, topK, topP = 1 }: Sampling, uniform: number): number {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const candidates = order.slice(0, topK ?? logits.length);
  const largest = logits[candidates[0]!]!;
  const weights = candidates.map((id) => Math.exp((logits[id]! - largest) / temperature));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let end = 0;
  while (end < weights.length && kept < topP * all) kept += weights[end++]!;
  let sum = 0;
  for (let at = 0; at < end; at++) {
    sum += weights[at]!;
    if (sum > uniform * kept) return candidates[at]!;
  }
  return candidates[end - 1]!;
}
