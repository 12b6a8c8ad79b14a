/**
 * A folder of files that belong together appears whole or not at all. A new one is written beside its place and
 * renamed. In one that is there (it may be a mount, the working folder, or hold files of others) the files are written
 * into a hidden folder inside, then moved: the one that makes the folder valid goes first and comes last. Files of
 * others stay untouched.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError } from "../../errors.js";
import { cannotWrite, discard } from "./atomic.js";
import { makeFolder } from "./make-folder.js";
import { abandonedIn, namesIn, removeAbandoned, temporaryBeside, temporaryIn } from "./temporary.js";

export interface FolderForm {
  /** Names of all files that belong together, whether they exist or not; those that exist are replaced. */
  readonly names: readonly string[];
  /** The one without which the folder is not valid; written last. */
  readonly key: string;
}

/** `fill` writes the files into a folder that is there and empty. ConfigError where the place is not writable. */
export async function writeWholeFolder(
  folder: string,
  form: FolderForm,
  fill: (inside: string) => Promise<void>,
): Promise<void> {
  const place = resolve(folder);
  const isThere = existsSync(place);
  if (isThere && !statSync(place).isDirectory()) {
    throw new ConfigError(`cannot write ${folder}: it is a file, not a folder; choose a folder you may write to`);
  }
  const staged = isThere ? temporaryIn(realpathSync(place), STAGED) : temporaryBeside(place);
  try {
    attempt(folder, () => {
      makeFolder(dirname(staged));
      removeAbandoned(dirname(staged), (path) => existsSync(join(path, form.key)));
      mkdirSync(staged);
    });
    await fill(staged).catch((error: unknown) => {
      // The message names the requested folder, not the hidden one.
      throw error instanceof ConfigError && error.cause !== undefined ? cannotWrite(folder, error.cause) : error;
    });
    attempt(folder, () => {
      if (isThere) replaceBy(realpathSync(place), staged, form);
      else renameSync(staged, place);
    });
  } finally {
    // Gone already where all went well.
    discard(staged);
  }
}

/** What a folder holds of these files, sorted. */
export function heldNames(folder: string, { names }: FolderForm): string[] {
  return namesIn(folder)
    .filter((name) => names.includes(name))
    .sort();
}

/** Files that a process had finished when it was killed are moved into place. */
export function finishAbandoned(folder: string, form: FolderForm): void {
  const place = resolve(folder);
  if (!existsSync(place)) {
    const [whole] = abandonedIn(dirname(place)).filter(
      (path) => basename(path).startsWith(`.${basename(place)}.`) && existsSync(join(path, form.key)),
    );
    if (whole !== undefined) renameSync(whole, place);
    return;
  }
  for (const path of abandonedIn(place)) {
    if (!existsSync(join(path, form.key))) continue;
    if (basename(path).startsWith(`.${MOVING}.`)) moveInto(place, path, form);
    else if (basename(path).startsWith(`.${STAGED}.`)) replaceBy(place, path, form);
    rmSync(path, { recursive: true, force: true });
  }
}

const STAGED = "staged";
const MOVING = "moving";

function replaceBy(place: string, staged: string, form: FolderForm): void {
  // Without the key file the folder is not valid until the new one is there.
  for (const name of [form.key, ...form.names]) rmSync(join(place, name), { force: true });
  // From here on, what is there is the new.
  const moving = temporaryIn(place, MOVING);
  renameSync(staged, moving);
  moveInto(place, moving, form);
  rmSync(moving, { recursive: true, force: true });
}

function moveInto(place: string, moving: string, { key }: FolderForm): void {
  const others = readdirSync(moving).filter((name) => name !== key);
  for (const name of [...others, key]) renameSync(join(moving, name), join(place, name));
}

function attempt(folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}
