/** One line of what is found out about a server. */
export interface ServerFinding {
  readonly what: string;
  /** "unknown", "ignored": a flag that the version does not know, or takes and makes nothing of. */
  readonly state: "ok" | "missing" | "info" | "unknown" | "ignored";
  readonly detail: string;
  /** Without it nothing can be measured. */
  readonly isEssential: boolean;
}
