/**
 * Where the numbers of weights.bin come from: seeded noise, or a checkpoint of the user's; rotary tables are computed
 * for both. Each noise tensor has a stream of its own: alea(`${seed}/${tensor}`) seeds a xorshift32 generator
 * (Marsaglia 2003, 13/17/5), about 1.5 ns a number, so that writing gpt2-xl (1.5 G weights) is bound by the disk and
 * not by the generator.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import seedrandom from "seedrandom";
import { ArtifactError } from "../../formats/index.js";
import type { ModelSpec } from "../spec/index.js";
import { openSafetensors, readableTypes, type SafetensorsFile } from "./safetensors.js";
import type { WeightTensor } from "./weight-table.js";

/** The numbers of tensors in pieces, each tensor from start to end. */
export interface WeightSource {
  /** Stands for all the numbers: the same identity means the same weights.bin. */
  readonly identity: string;
  fill(tensor: WeightTensor, start: number, into: Float32Array): void | Promise<void>;
  close(): Promise<void>;
}

/** Raised by hand when the noise changes; it keeps models of another generator apart in the cache. */
const generatorVersion = 1;
const longestList = 8;

/** Noise of each tensor's mean and deviation; the same seed gives the same numbers on every machine. */
export function noiseSource(seed: number): WeightSource {
  let state = 0;
  return {
    identity: `noise ${generatorVersion} ${seed}`,
    fill(tensor, start, into) {
      const { fill } = tensor;
      if (fill.kind === "rotary") {
        fillRotary(tensor.dims[1]!, fill, start, into);
        return;
      }
      if (start === 0) state = streamSeed(seed, tensor.name);
      state = fillNoise(into, state, fill);
    },
    close: () => Promise.resolve(),
  };
}

/**
 * The tensors of a .safetensors file by the names that Hugging Face gives them. Throws ArtifactError that names every
 * tensor that is missing or of another shape or type than the model's.
 */
export async function checkpointSource(
  path: string,
  { name }: ModelSpec,
  weights: readonly WeightTensor[],
): Promise<WeightSource> {
  const file = await openSafetensors(path);
  const nameOf = new Map<WeightTensor, string>();
  const problems = weights.flatMap((tensor) => matchTensor(tensor, file, nameOf));
  if (problems.length > 0) {
    await file.close();
    const more = problems.length > longestList ? `, and ${problems.length - longestList} more` : "";
    const list = problems.slice(0, longestList).join("; ");
    throw new ArtifactError(
      `weights "${path}" do not fit model "${name}": ${list}${more}; choose the model they were made for`,
    );
  }
  const { size, mtimeMs } = await stat(path);
  const headerHash = createHash("sha256").update(file.header).digest("hex");
  return {
    identity: `checkpoint ${headerHash} ${size} ${mtimeMs}`,
    fill(tensor, start, into) {
      if (tensor.fill.kind === "rotary") {
        fillRotary(tensor.dims[1]!, tensor.fill, start, into);
        return;
      }
      return file.read(nameOf.get(tensor)!, start, into);
    },
    close: () => file.close(),
  };
}

/** Finds the tensor under one of its names, or says what is wrong with it. */
function matchTensor(tensor: WeightTensor, file: SafetensorsFile, nameOf: Map<WeightTensor, string>): string[] {
  const { checkpointNames, dims } = tensor;
  if (checkpointNames.length === 0) return [];
  const found = checkpointNames.find((candidate) => file.tensors.has(candidate));
  if (found === undefined) return [`"${checkpointNames[0]!}" is missing`];
  nameOf.set(tensor, found);
  const entry = file.tensors.get(found)!;
  if (entry.dims.join() !== dims.join()) {
    return [`"${found}" is [${entry.dims.join(", ")}], expected [${dims.join(", ")}]`];
  }
  const types = [...readableTypes.keys()].join(", ");
  return readableTypes.has(entry.dtype) ? [] : [`"${found}" is of type ${entry.dtype}, expected one of ${types}`];
}

/** cos or sin of position x theta^(-2 i / head width), row by row for each position. */
function fillRotary(
  halfWidth: number,
  fill: { part: "cos" | "sin"; theta: number },
  start: number,
  into: Float32Array,
) {
  const angle = fill.part === "cos" ? Math.cos : Math.sin;
  for (let i = 0; i < into.length; i++) {
    const position = Math.floor((start + i) / halfWidth);
    into[i] = angle(position * fill.theta ** (-((start + i) % halfWidth) / halfWidth));
  }
}

/** A state for xorshift32, which must not be 0. */
function streamSeed(seed: number, tensorName: string): number {
  return seedrandom.alea(`${seed}/${tensorName}`).int32() || 1;
}

/** Numbers uniform with this mean and deviation; returns the generator's next state. */
function fillNoise(
  into: Float32Array,
  state: number,
  { mean, deviation }: { mean: number; deviation: number },
): number {
  // int32 / 2^31 is uniform in [-1, 1), whose deviation is 1 / sqrt(3).
  const scale = (deviation * Math.sqrt(3)) / 2 ** 31;
  let x = state;
  for (let i = 0; i < into.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    into[i] = mean + x * scale;
  }
  return x;
}
