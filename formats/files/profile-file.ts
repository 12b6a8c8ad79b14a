/** Reading and writing profile.json. */
import { checkProfile } from "../check-profile.js";
import type { Profile } from "../profile.js";
import { readJson, writeJson } from "./atomic.js";

export function readProfile(path: string): Profile {
  return checkProfile(readJson(path), path);
}

export function writeProfile(path: string, profile: Profile): void {
  writeJson(path, profile);
}
