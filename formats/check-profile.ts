/** A profile from JSON of any origin. Another version is rejected before anything else is checked. */
import { check } from "./check.js";
import { ArtifactError } from "./errors.js";
import { PROFILE_VERSION, profileSchema, type Profile } from "./profile.js";

/** ArtifactError that names each problem by `source`, the file or object that the value came from. */
export function checkProfile(value: unknown, source: string): Profile {
  const version = typeof value === "object" && value !== null ? (value as { version?: unknown }).version : undefined;
  if (version !== PROFILE_VERSION) {
    throw new ArtifactError(
      `${source}: profile version ${version === undefined ? "is missing" : JSON.stringify(version)}, ` +
        `this servesim reads version ${PROFILE_VERSION}; calibrate again with this servesim`,
    );
  }
  return check(profileSchema, value, { source, Failure: ArtifactError });
}
