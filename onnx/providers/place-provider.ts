/** Puts the CUDA provider's libraries beside onnxruntime-node's binding, once the package's checksum is verified. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { reasonOf, requireRegular } from "../../formats/files/index.js";
import { BackendError, ConfigError } from "../../formats/index.js";
import { providerFiles, type ProviderPackage } from "./provider-package.js";

const run = promisify(execFile);

export interface PlaceOptions {
  readonly source: ProviderPackage;
  /** Version of the onnxruntime-node that is installed, and the folder of its binding. */
  readonly ortVersion: string;
  readonly bindingFolder: string;
  /** A package file that is there already; absent: npm fetches it from the registry it is set to. */
  readonly file?: string | undefined;
  /** Called with each thing done. */
  readonly note: (line: string) => void;
}

export interface PlacedFile {
  readonly path: string;
  readonly bytes: number;
}

/** BackendError when the package cannot be fetched, is another than it should be, or the folder cannot be written; ConfigError for a given file. */
export async function placeProvider(options: PlaceOptions): Promise<PlacedFile[]> {
  const { source, ortVersion, bindingFolder, file, note } = options;
  if (source.ortVersion !== ortVersion) {
    throw new BackendError(
      `onnxruntime-node ${ortVersion} is installed, ${source.name}@${source.version} has the CUDA provider of ` +
        `${source.ortVersion}: they must be the same version`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "servesim-cuda-"));
  try {
    const archive = file ?? (await fetched(source, folder, note));
    if (!existsSync(archive)) throw new ConfigError(`${archive}: no such file`);
    requireRegular(archive);
    await requireChecksum(archive, source, file === undefined ? BackendError : ConfigError);
    note(`checksum of ${archive} is right`);
    await run("tar", ["-xzf", archive, "-C", folder, ...providerFiles.map((name) => `${source.folder}/${name}`)]);
    return providerFiles.map((name) => {
      const path = join(bindingFolder, name);
      copyWhole(join(folder, source.folder, name), path);
      note(`placed ${path}`);
      return { path, bytes: statSync(path).size };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetched(
  { name, version }: ProviderPackage,
  folder: string,
  note: (line: string) => void,
): Promise<string> {
  note(`fetching ${name}@${version} with npm pack (about 180 MB)`);
  try {
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder, `${name}@${version}`]);
    return join(folder, stdout.trim().split("\n").at(-1)!);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.trim().split("\n").at(-1)! : String(cause);
    throw new BackendError(
      `${name}@${version} could not be fetched (${said}); fetch it where there is a network (npm pack ${name}@${version}) ` +
        "and give the file with --from",
      { cause },
    );
  }
}

async function requireChecksum(
  path: string,
  { name, version, sha512 }: ProviderPackage,
  Failure: typeof BackendError | typeof ConfigError,
): Promise<void> {
  const hash = createHash("sha512");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new ConfigError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  const got = hash.digest("base64");
  if (got === sha512) return;
  throw new Failure(
    `${path} is not ${name}@${version}, or is damaged: SHA-512 ${got}, expected ${sha512}; fetch it again`,
  );
}

/** Under another name first, so that a library appears whole or not at all. */
function copyWhole(from: string, to: string): void {
  const partial = `${to}.partial`;
  try {
    copyFileSync(from, partial);
    renameSync(partial, to);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw new BackendError(`cannot write ${to}; run it as a user who may, or copy the file there by hand`, { cause });
  }
}
