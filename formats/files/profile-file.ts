/** Reading and writing profile.json. A profile of another version is rejected before anything else is looked at. */
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { PROFILE_VERSION, profileSchema, type Profile } from "../profile.js";
import { readJson, writeJson } from "./atomic.js";

export function readProfile(path: string): Profile {
  const value = readJson(path);
  const version = typeof value === "object" && value !== null ? (value as { version?: unknown }).version : undefined;
  if (version !== PROFILE_VERSION) {
    throw new ArtifactError(
      `${path}: profile version ${version === undefined ? "is missing" : JSON.stringify(version)}, ` +
        `this servesim reads version ${PROFILE_VERSION}; calibrate again with this servesim`,
    );
  }
  return check(profileSchema, value, { source: path, Failure: ArtifactError });
}

export function writeProfile(path: string, profile: Profile): void {
  writeJson(path, profile);
}
