/** Small files of JSON: a profile, the manifest of an experiment's folder, and the prompts that users write. */
import { existsSync } from "node:fs";
import { checkProfile, type Profile } from "../profile/index.js";
import { check } from "../check.js";
import { ArtifactError } from "../errors.js";
import { manifestSchema, type Manifest } from "../run/index.js";
import { promptsSchema } from "../load/index.js";
import { readJson, writeJson } from "./json.js";

export function readProfile(path: string): Profile {
  return checkProfile(readJson(path), path);
}

export function writeProfile(path: string, profile: Profile): void {
  writeJson(path, profile);
}

/** The manifest, or undefined where there is none yet. */
export function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  return check(manifestSchema, readJson(path), { source: path, Failure: ArtifactError });
}

export function writeManifest(path: string, manifest: Manifest): void {
  writeJson(path, manifest);
}

/** A JSON array of prompts, at least one, none blank. */
export function readPrompts(path: string): string[] {
  return check(promptsSchema, readJson(path), { source: path });
}
