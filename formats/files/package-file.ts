/** Where servesim is installed: the files that ship with it, its workers, its version. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvariantError } from "../errors.js";

/** Path of a file of the package, the same for sources (Jest, tsx), compiled code and bundles. */
export function packageFile(name: string): string {
  return join(packageFolder(), name);
}

/** Path of a worker, which is always the bundled one: dist/workers/NAME.cjs. */
export function workerFile(name: string): string {
  return packageFile(`dist/workers/${name}.cjs`);
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }).version;
}

/** The nearest folder above this code that has a package.json. */
function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) throw new InvariantError(`no package.json above ${here}, where servesim's code is`);
  }
}
