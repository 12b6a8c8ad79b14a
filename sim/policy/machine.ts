/** What a policy may know about the machine it schedules for. */
import type { ServerSettings } from "./server-settings.js";

export interface Machine {
  /** Memory in all, and taken before any request (weights, runtime), bytes. */
  readonly totalBytes: number;
  readonly baseBytes: number;
  readonly kvBytesPerToken: number;
  /** Longest prompt plus output that the model can hold, tokens. */
  readonly positions: number;
  /** Settings of the vLLM server that the profile was measured on, or of the engine whose steps were. */
  readonly server?: ServerSettings;
  /** Its version, as it was recorded. */
  readonly serverVersion?: string;
  /** Whether the model has experts; absent: it is dense, or nobody knows. */
  readonly hasExperts?: boolean;
}
