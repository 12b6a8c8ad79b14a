/** What a page is made with: its profiles, and the values that its controls begin with on each. */
import type { Profile } from "../../formats/index.js";

/** Where a profile's controls begin, chosen so that the first picture shows a busy server that keeps up. */
export interface Defaults {
  /** Requests/s. */
  readonly requestRate: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Requests in a vLLM server under this load, on average. */
  readonly running: number;
  /** Settings of a vLLM server on the profile's machine, resolved. */
  readonly server: Readonly<Record<string, unknown>>;
}

export interface PageProfile {
  /** As the user names it in commands: of one that ships its name, otherwise its path. */
  readonly reference: string;
  readonly profile: Profile;
  readonly defaults: Defaults;
}

export interface PageData {
  /** Of servesim. */
  readonly version: string;
  readonly profiles: readonly PageProfile[];
}
