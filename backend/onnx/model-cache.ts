/**
 * Builds a model once and keeps it: `<cacheDir>/<name>-<hash>/` with three small .onnx files, weights.bin and manifest.json.
 * It is written to a temporary folder beside that one and renamed when complete, so a killed build leaves no half model.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ArtifactError, ConfigError } from "../../formats/index.js";
import { decodeGraph } from "./decode-graph.js";
import { forwardGraph, prefillGraph } from "./prompt-graphs.js";
import { gpt2Weights, parameterCount, weightsFileBytes, weightsFileName, type WeightTensor } from "./gpt2-weights.js";
import { encodeModel } from "./onnx-proto.js";
import { namedShape, type ModelShape } from "./shape.js";
import { writeWeightsFile, type BuildProgress } from "./weights-file.js";

/** A complete model on disk. */
export interface ModelFiles {
  readonly name: string;
  readonly shape: ModelShape;
  readonly seed: number;
  readonly parameters: number;
  readonly weightBytes: number;
  readonly folder: string;
  readonly prefillPath: string;
  readonly decodePath: string;
  readonly forwardPath: string;
}

/** `seed` makes the weights (default 1); `signal` stops a build, which then leaves nothing behind. */
export interface EnsureModelOptions {
  readonly cacheDir?: string;
  readonly seed?: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** Raised by hand when the noise of weights-file.ts changes; the graphs and tensor table are hashed as they are. */
const generatorVersion = 1;
const manifestName = "manifest.json";

const manifestSchema = z.object({
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string().optional() })),
});

/** `$SERVESIM_CACHE`, else `$XDG_CACHE_HOME/servesim`, else `~/.cache/servesim`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const set = (value: string | undefined) => (value === "" ? undefined : value);
  return set(env.SERVESIM_CACHE) ?? join(set(env.XDG_CACHE_HOME) ?? join(homedir(), ".cache"), "servesim");
}

/**
 * The model of this preset or shape, from the cache or newly built. Throws ConfigError where the cache cannot be written,
 * ArtifactError where a cached model is damaged.
 */
export async function ensureModel(
  shapeOrPreset: ModelShape | string,
  options: EnsureModelOptions = {},
): Promise<ModelFiles> {
  const { name, shape } = namedShape(shapeOrPreset);
  const { cacheDir = defaultCacheDir(), seed = 1 } = options;
  const weights = gpt2Weights(shape);
  const graphs = encodeGraphs(shape, weights);
  const folder = join(cacheDir, `${name}-${contentHash(graphs, weights, seed)}`);
  if (!(await exists(folder))) {
    try {
      await build(folder, graphs, weights, seed, options);
    } catch (error) {
      throw asCacheError(error, cacheDir);
    }
  }
  await checkModel(folder);
  return {
    name,
    shape,
    seed,
    parameters: parameterCount(weights),
    weightBytes: weightsFileBytes(weights),
    folder,
    prefillPath: join(folder, "prefill.onnx"),
    decodePath: join(folder, "decode.onnx"),
    forwardPath: join(folder, "forward.onnx"),
  };
}

function encodeGraphs(shape: ModelShape, weights: readonly WeightTensor[]): Record<string, Uint8Array> {
  return {
    "prefill.onnx": encodeModel(prefillGraph(shape, weights)),
    "decode.onnx": encodeModel(decodeGraph(shape, weights)),
    "forward.onnx": encodeModel(forwardGraph(shape, weights)),
  };
}

function contentHash(graphs: Record<string, Uint8Array>, weights: readonly WeightTensor[], seed: number): string {
  const hash = createHash("sha256").update(JSON.stringify({ generatorVersion, seed, weights }));
  for (const bytes of Object.values(graphs)) hash.update(bytes);
  return hash.digest("hex").slice(0, 12);
}

async function build(
  folder: string,
  graphs: Record<string, Uint8Array>,
  weights: readonly WeightTensor[],
  seed: number,
  { onProgress, signal }: EnsureModelOptions,
): Promise<void> {
  await removeAbandoned(folder);
  const temporary = `${folder}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    await mkdir(temporary, { recursive: true });
    await writeWeightsFile(join(temporary, weightsFileName), weights, seed, (progress) => {
      signal?.throwIfAborted();
      onProgress?.(progress);
    });
    const files: z.infer<typeof manifestSchema>["files"] = [
      { name: weightsFileName, bytes: weightsFileBytes(weights) },
    ];
    for (const [name, bytes] of Object.entries(graphs)) {
      await writeFile(join(temporary, name), bytes);
      files.push({ name, bytes: bytes.byteLength, sha256: sha256(bytes) });
    }
    await writeFile(join(temporary, manifestName), JSON.stringify({ files }, null, 2) + "\n");
    // Another process may have built the same model meanwhile; its files are the same, so ours go.
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what builds of this model left that were killed outright. */
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

/** A cheap look: every file has its size, and the small ones their hash. */
async function checkModel(folder: string): Promise<void> {
  const damaged = (what: string) =>
    new ArtifactError(`cached model "${folder}" is damaged: ${what}, delete this folder and run again`);
  const text = await readFile(join(folder, manifestName), "utf8").catch(() => {
    throw damaged(`${manifestName} cannot be read`);
  });
  const manifest = manifestSchema.safeParse(parseJson(text));
  if (!manifest.success) throw damaged(`${manifestName} is not in the expected form`);
  for (const { name, bytes, sha256: expectedHash } of manifest.data.files) {
    const size = await stat(join(folder, name)).then(
      (info) => info.size,
      () => undefined,
    );
    if (size === undefined) throw damaged(`${name} is missing`);
    if (size !== bytes) throw damaged(`${name} has ${size} bytes, expected ${bytes}`);
    if (expectedHash !== undefined && sha256(await readFile(join(folder, name))) !== expectedHash) {
      throw damaged(`${name} does not have the sha256 that ${manifestName} names`);
    }
  }
}

function asCacheError(error: unknown, cacheDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = "choose a writable folder with enough space by setting SERVESIM_CACHE";
  if (code !== undefined && ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOSPC", "EDQUOT"].includes(code)) {
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

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
