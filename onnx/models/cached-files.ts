/**
 * The files of a cached model: written with a manifest of their sizes and hashes, and checked against it before use.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ArtifactError } from "../../formats/index.js";
import { weightsFileName } from "../weights/index.js";

const manifestName = "manifest.json";

/**
 * Files changed within this time of each other may carry one and the same time stamp (2 s on the coarsest file
 * systems).
 */
const timestampTickMs = 2000;
const manifestSchema = z.object({
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string().optional() })),
});

/** Writes the graphs beside a finished weights.bin of this size, and the manifest last. */
export async function writeGraphs(
  folder: string,
  graphs: Readonly<Record<string, Uint8Array>>,
  weightBytes: number,
): Promise<void> {
  const weightsHash = await fileSha256(join(folder, weightsFileName));
  const files: z.infer<typeof manifestSchema>["files"] = [
    { name: weightsFileName, bytes: weightBytes, sha256: weightsHash },
  ];
  for (const [name, bytes] of Object.entries(graphs)) {
    await writeFile(join(folder, name), bytes);
    files.push({ name, bytes: bytes.byteLength, sha256: sha256(bytes) });
  }
  await writeFile(join(folder, manifestName), JSON.stringify({ files }, null, 2) + "\n");
}

/**
 * Every file has its size and its hash. The weights, which are large, are hashed only when they may have been touched
 * after the manifest. Throws ArtifactError naming the damage.
 */
export async function checkCachedModel(folder: string): Promise<void> {
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
    if (expectedHash === undefined || (name === weightsFileName && (await isSurelyOlder(folder, name, manifestName))))
      continue;
    if ((await fileSha256(join(folder, name))) !== expectedHash) {
      throw damaged(`${name} does not have the sha256 that ${manifestName} names`);
    }
    // Found correct: it is not hashed again until it changes.
    if (name === weightsFileName) await touch(join(folder, manifestName));
  }
}

async function isSurelyOlder(folder: string, name: string, than: string): Promise<boolean> {
  return (await stat(join(folder, name))).mtimeMs + timestampTickMs < (await stat(join(folder, than))).mtimeMs;
}

/** Marks a file as new; a shared cache that we may not write stays as it is. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
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
