/** manifest.json of an experiment folder. */
import { existsSync } from "node:fs";
import { check } from "../check.js";
import { ArtifactError } from "../errors.js";
import { manifestSchema, type Manifest } from "../run.js";
import { readJson, writeJson } from "./atomic.js";

/** The manifest, or undefined where there is none yet. */
export function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  return check(manifestSchema, readJson(path), { source: path, Failure: ArtifactError });
}

export function writeManifest(path: string, manifest: Manifest): void {
  writeJson(path, manifest);
}
