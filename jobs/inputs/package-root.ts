/** Where servesim is installed: the files that ship with it, and its version. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of a file that ships with servesim. Compiled code lies one folder deeper than sources. */
export function packageFile(name: string): string {
  const isSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(`${isSource ? "../../" : "../../../"}${name}`, import.meta.url));
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }).version;
}
