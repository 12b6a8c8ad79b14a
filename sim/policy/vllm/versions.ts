/**
 * What vLLM's releases do differently, as far as it is modelled. 0.26 to 0.32 were read and their decisions compared
 * with those of this policy; other versions are treated as the nearest of them, and a note says so. Defaults of all
 * that is modelled are the same in these releases. Source: vllm/v1/core/sched/{scheduler,utils}.py, vllm/config/vllm.py
 * (behaviour).
 */

import type { DataParallelRules } from "../step-policy.js";

export interface VersionRules {
  /** EOS, a stop token or the request's length end it below min_tokens too; before, min_tokens came first. */
  readonly endsBelowMinTokens: boolean;
  /** long_prefill_token_threshold does not cap a request that is the only one known. */
  readonly sparesLoneRequest: boolean;
  /** Requests passed over go to the front of those that wait; before, they had a queue of their own, served first. */
  readonly hasOneQueue: boolean;
  /** CUDA graphs are captured for max_num_seqs itself, too. */
  readonly capturesMaxNumSeqs: boolean;
  /** A prompt's last token over an existing context counts as a decode when the kind of CUDA graph is chosen. */
  readonly promptRestIsDecode: boolean;
}

/** Of 0.x. */
type Minor = number;

const OLDEST: Minor = 26;
const NEWEST: Minor = 32;

/** Where neither the profile nor the user knows. */
export const DEFAULT_VERSION = `0.${NEWEST}.0`;

/** The first release with each rule. */
const rulesSince: Readonly<Record<keyof VersionRules, Minor>> = {
  endsBelowMinTokens: 29,
  sparesLoneRequest: 31,
  hasOneQueue: 31,
  capturesMaxNumSeqs: 31,
  promptRestIsDecode: 31,
};

/** The first release that has each setting; the others are in all of them. */
const settingsSince: Readonly<Record<string, Minor>> = {
  max_num_queued_reqs: 29,
  max_num_queued_tokens: 29,
  max_num_active_seqs: 31,
  long_prefill_token_threshold_adaptive: 31,
};

/** A release, and what may follow it: `0.26.0+cpu`, `v0.28.1.dev12+g91a893de`, `0.32.0rc1`. */
export const VERSION_PATTERN = /^v?(\d+)\.(\d+)(?:\.\d+)?((?:[.+-]|a|b|rc)[\w.+-]*)?$/;

/** Which of these releases a version is treated as, and what is assumed in doing so. */
interface ReadVersion {
  readonly minor: Minor;
  readonly note?: string;
}

/** The rules of a version. */
export function rulesOf(version: string): VersionRules {
  const { minor } = read(version);
  const holds = (rule: keyof VersionRules): boolean => minor >= rulesSince[rule];
  return {
    endsBelowMinTokens: holds("endsBelowMinTokens"),
    sparesLoneRequest: holds("sparesLoneRequest"),
    hasOneQueue: holds("hasOneQueue"),
    capturesMaxNumSeqs: holds("capturesMaxNumSeqs"),
    promptRestIsDecode: holds("promptRestIsDecode"),
  };
}

/**
 * How the version balances its ranks, and keeps them in step: read of 0.19 and 0.32, dp_sync_interval of 0.30 too.
 * Releases before 0.32 are taken to balance as 0.19 does. Source: vllm/v1/engine/core_client.py, core.py (behaviour).
 */
export function dataParallelRules(version: string): DataParallelRules {
  const { minor } = read(version);
  const isLatest = minor >= NEWEST;
  return {
    countsInFlight: isLatest,
    reportsBeforeSteps: isLatest,
    syncSteps: minor >= 30 ? 16 : 32,
    syncsFirstStep: isLatest,
  };
}

/** What is assumed about how a version balances its ranks; undefined: nothing. */
export function assumedOfBalancing(version: string): string | undefined {
  const given = Number(VERSION_PATTERN.exec(version)?.[2] ?? NEWEST);
  if (given <= 19 || given >= NEWEST) return undefined;
  return `vLLM ${version} is taken to balance data parallel ranks as 0.19 does`;
}

/** What is assumed about a version other than these releases; undefined: nothing. */
export function assumedOf(version: string): string | undefined {
  return read(version).note;
}

/** Settings that came after the version, each with the release that it came with. */
export function laterSettings(version: string): ReadonlyMap<string, string> {
  const { minor } = read(version);
  const later = Object.entries(settingsSince).filter(([, since]) => since > minor);
  return new Map(later.map(([name, since]) => [name, `0.${since}.0`]));
}

function read(version: string): ReadVersion {
  const parts = VERSION_PATTERN.exec(version);
  if (parts === null) {
    return { minor: NEWEST, note: `vLLM version "${version}" is no release: the rules of 0.${NEWEST} are assumed` };
  }
  const [, major, minor, suffix = ""] = parts;
  const given = Number(major) === 0 ? Number(minor) : Infinity;
  if (given > NEWEST) {
    return { minor: NEWEST, note: `vLLM ${version} is newer than 0.${NEWEST}, whose rules are assumed` };
  }
  if (given < OLDEST) {
    return { minor: OLDEST, note: `vLLM ${version} is older than 0.${OLDEST}, whose rules are assumed` };
  }
  if (suffix === "" || suffix.startsWith(".post")) return { minor: given };
  if (suffix.startsWith("+")) return { minor: given, note: `vLLM ${version} is taken for release 0.${given}` };
  const note = `vLLM ${version} is no release: the rules of 0.${given} are assumed, some may be those of the one beside it`;
  return { minor: given, note };
}
