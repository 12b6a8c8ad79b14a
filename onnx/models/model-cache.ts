/**
 * Builds a model once and keeps it: `<cacheDir>/<name>-<hash>/` with small .onnx files, weights.bin and manifest.json.
 * It is written to a temporary folder beside that one and renamed when complete, so a killed build leaves no incomplete
 * model.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { ConfigError, defined } from "../../formats/index.js";
import { makeFolder } from "../../formats/files/index.js";
import { decodeGraph, decoderOf, forwardGraph, prefillGraph, stepGraph } from "../graphs/index.js";
import { encodeModel } from "../protobuf/index.js";
import {
  kvBytesPerToken,
  parseModelSpec,
  type ModelForm,
  type ModelSpec,
  type Precision,
  type ModelShape,
} from "../spec/index.js";
import {
  checkpointSource,
  noiseSource,
  parameterCount,
  weightsFileBytes,
  weightsFileName,
  writeWeightsFile,
  type WeightSource,
  type WeightTensor,
  type BuildProgress,
} from "../weights/index.js";
import { checkCachedModel, writeGraphs } from "./cached-files.js";
import { isExportPath, openExportedDecoder } from "./exported-decoder.js";
import type { ModelFiles } from "./model-files.js";

/**
 * `seed` makes the weights (default 1) unless they are read; `signal` stops a build, which then leaves nothing behind.
 */
export interface EnsureModelOptions extends ModelForm {
  /** A .safetensors file with the weights of a GPT-2 or Llama checkpoint of this shape. */
  readonly weightsPath?: string;
  readonly cacheDir?: string;
  readonly seed?: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** The form and weights of a calibration plan, as options of `ensureModel`. */
export function modelForm({ precision, fused, weights }: PlannedForm): EnsureModelOptions {
  return {
    ...defined({ precision, fused, weightsPath: weights }),
  };
}

/** As users give it; a key may be present without a value. */
interface PlannedForm {
  readonly precision?: Precision | undefined;
  readonly fused?: boolean | undefined;
  readonly weights?: string | undefined;
}

/** `$SERVESIM_CACHE`, else `$XDG_CACHE_HOME/servesim`, else `~/.cache/servesim`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const set = (value: string | undefined) => (value === "" ? undefined : value);
  return set(env.SERVESIM_CACHE) ?? join(set(env.XDG_CACHE_HOME) ?? join(homedir(), ".cache"), "servesim");
}

/**
 * The model of this preset or shape, from the cache or newly built. A preset may carry its form in its name
 * (`gpt2+fused+fp16`); a path that ends in .onnx is a user's own decoder export and is used where it lies. Throws
 * ConfigError where the cache cannot be written, ArtifactError where a cached model is damaged or a checkpoint does not
 * fit.
 */
export async function ensureModel(
  shapeOrName: ModelShape | string,
  options: EnsureModelOptions = {},
): Promise<ModelFiles> {
  if (isExportPath(shapeOrName)) return openExport(shapeOrName, options);
  const spec = parseModelSpec(shapeOrName, options);
  const { cacheDir = defaultCacheDir(), seed = 1, weightsPath } = options;
  const { weights, cache } = decoderOf(spec);
  const graphs = encodeGraphs(spec);
  const source = weightsPath === undefined ? noiseSource(seed) : await checkpointSource(weightsPath, spec, weights);
  const folder = join(cacheDir, `${spec.name}-${contentHash(graphs, weights, source)}`);
  try {
    if (!(await exists(folder))) await build(folder, graphs, weights, source, options);
  } catch (error) {
    throw asCacheError(error, cacheDir);
  } finally {
    await source.close();
  }
  await checkCachedModel(folder);
  const path = (name: keyof typeof graphs) => join(folder, name);
  return {
    ...spec,
    seed,
    ...defined({ weightsPath }),
    parameters: parameterCount(weights),
    weightBytes: weightsFileBytes(weights),
    kvBytesPerToken: kvBytesPerToken(spec.shape, spec.precision),
    cache,
    folder,
    prefillPath: path("prefill.onnx"),
    decodePath: path("decode.onnx"),
    sampledPrefillPath: path("prefill-sampled.onnx"),
    sampledDecodePath: path("decode-sampled.onnx"),
    forwardPath: path("forward.onnx"),
    stepPaths: stepGroups.map((groups) => ({
      greedy: join(folder, stepFile(groups, false)),
      sampled: join(folder, stepFile(groups, true)),
    })),
  };
}

function openExport(path: string, { precision, fused, weightsPath }: EnsureModelOptions): Promise<ModelFiles> {
  const given = Object.entries({ precision, fused, weights: weightsPath }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return openExportedDecoder(path);
  throw new ConfigError(
    `model "${path}" is an export and has its own weights and form: leave out ${given.map(([name]) => name).join(" and ")}`,
  );
}

/** Attention groups that a step graph is written for: rows that decode, and beside them one chunk of a prompt. */
const stepGroups = [1, 2] as const;

function stepFile(groups: number, isSampled: boolean): string {
  return `step-${groups}${isSampled ? "-sampled" : ""}.onnx`;
}

function encodeGraphs(spec: ModelSpec) {
  return {
    "prefill.onnx": encodeModel(prefillGraph(spec)),
    "decode.onnx": encodeModel(decodeGraph(spec)),
    "prefill-sampled.onnx": encodeModel(prefillGraph(spec, { sampled: true })),
    "decode-sampled.onnx": encodeModel(decodeGraph(spec, { sampled: true })),
    "forward.onnx": encodeModel(forwardGraph(spec)),
    ...Object.fromEntries(
      stepGroups.flatMap((groups) =>
        [false, true].map((sampled) => [stepFile(groups, sampled), encodeModel(stepGraph(spec, { groups, sampled }))]),
      ),
    ),
  };
}

function contentHash(
  graphs: Readonly<Record<string, Uint8Array>>,
  weights: readonly WeightTensor[],
  { identity }: WeightSource,
): string {
  const hash = createHash("sha256").update(JSON.stringify({ identity, weights }));
  for (const bytes of Object.values(graphs)) hash.update(bytes);
  return hash.digest("hex").slice(0, 12);
}

async function build(
  folder: string,
  graphs: Readonly<Record<string, Uint8Array>>,
  weights: readonly WeightTensor[],
  source: WeightSource,
  { onProgress, signal }: EnsureModelOptions,
): Promise<void> {
  await removeAbandoned(folder);
  const temporary = `${folder}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    makeFolder(temporary);
    await writeWeightsFile(join(temporary, weightsFileName), weights, source, (progress) => {
      signal?.throwIfAborted();
      onProgress?.(progress);
    });
    await writeGraphs(temporary, graphs, weightsFileBytes(weights));
    // Another process may have built the same model meanwhile; its files are the same, so ours are removed.
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what killed builds of this model left behind. */
async function removeAbandoned(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.tmp-`;
  const entries = await readdir(parent).catch(() => []);
  for (const entry of entries) {
    if (entry.startsWith(prefix) && !isRunning(parseInt(entry.slice(prefix.length), 10))) {
      await rm(join(parent, entry), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function asCacheError(error: unknown, cacheDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = "choose a writable folder with enough space by setting SERVESIM_CACHE";
  if (
    code !== undefined &&
    ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOSPC", "EDQUOT", "EFBIG"].includes(code)
  ) {
    return new ConfigError(`cannot build the model in cache folder "${cacheDir}": ${message}, ${hint}`, {
      cause: error,
    });
  }
  return error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
