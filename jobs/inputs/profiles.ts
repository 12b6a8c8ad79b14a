/** Profiles by name, of those that ship with servesim, or by path. */
import { existsSync, readdirSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { ConfigError, suggest, type Profile } from "../../formats/index.js";
import { packageFile, readProfile } from "../../formats/files/index.js";

/** Names of the profiles that ship: profiles/NAME.json. */
export function profileNames(): readonly string[] {
  const folder = packageFile("profiles");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  return files.sort().map((file) => basename(file, ".json"));
}

/** The file of a profile that ships. */
export function shippedProfile(name: string): string {
  return packageFile(join("profiles", `${name}.json`));
}

/**
 * A profile as the user gave it; a path is resolved from the folder `base`. ConfigError with the nearest name for
 * anything but the name of a shipped profile or a file.
 */
export function profileReference(given: string, base = "."): string {
  const names = profileNames();
  if (names.includes(given)) return given;
  if (given === "") throw new ConfigError(`no profile "" (known: ${names.join(", ")}; or give a file)`);
  const path = isAbsolute(given) ? given : join(base, given);
  if (/[\\/]|\.json$/i.test(given) || existsSync(path)) return path;
  throw new ConfigError(
    `no profile "${given}"${suggest(given, names)} (known: ${names.join(", ")}; or give a file, such as ${given}.json)`,
  );
}

/** A profile by the name of one that ships, or by path. */
export function loadProfile(nameOrPath: string): Profile {
  return readProfile(profileNames().includes(nameOrPath) ? shippedProfile(nameOrPath) : profileReference(nameOrPath));
}
