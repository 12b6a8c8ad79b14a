/**
 * What vLLM's releases do differently, as far as it is modelled. 0.19 to 0.32 were read and their decisions compared with
 * those of this policy; other versions are treated as the nearest of them, and a note says so.
 * What is known of them beside this: real/vllm/server/version-flags.ts. Source: vllm/v1/core/{block_pool.py,sched},
 * vllm/config/{cache,scheduler,vllm}.py (behaviour), and the change that is named at each.
 */

import type { DataParallelRules } from "../step-policy.js";
import type { ServerSettings } from "../server-settings.js";

export interface VersionRules {
  /** Released blocks without a prefix key go to the front of the free queue; before, all went to its back. #42656 */
  readonly freesUnkeyedFirst: boolean;
  /** EOS, a stop token or the request's length end it below min_tokens too; before, min_tokens came first. #54218 */
  readonly endsBelowMinTokens: boolean;
  /** long_prefill_token_threshold does not cap a request that is the only one known. #57951 */
  readonly sparesLoneRequest: boolean;
  /** CUDA graphs are captured for max_num_seqs itself, too. #57355 */
  readonly capturesMaxNumSeqs: boolean;
  /** A prompt's last token over an existing context counts as a decode when the kind of CUDA graph is chosen. */
  readonly promptRestIsDecode: boolean;
}

/** Of 0.x. */
type Minor = number;

const OLDEST: Minor = 19;
const NEWEST: Minor = 32;

/** Where neither the profile nor the user knows. */
export const DEFAULT_VERSION = `0.${NEWEST}.0`;

/** The first release with each rule. */
const rulesSince: Readonly<Record<keyof VersionRules, Minor>> = {
  freesUnkeyedFirst: 24,
  endsBelowMinTokens: 29,
  sparesLoneRequest: 31,
  capturesMaxNumSeqs: 31,
  promptRestIsDecode: 31,
};

/** The first release whose model runner tells a prompt's rest from a decode; before, one token was as good as another. */
const RUNNER_V2: Minor = 23;

/** The first release that has each setting; the others are in all of them. */
const settingsSince: Readonly<Record<string, Minor>> = {
  watermark: 24,
  max_num_scheduled_tokens: 26,
  max_num_queued_reqs: 29,
  max_num_queued_tokens: 29,
  max_num_active_seqs: 31,
  long_prefill_token_threshold_adaptive: 31,
};

/** The first release that leaves 0.92 of the memory to vLLM where it is not told; before, 0.9. #38284 */
const UTILISATION_92: Minor = 20;

/** A release, and what may follow it: `0.26.0+cpu`, `v0.28.1.dev12+g91a893de`, `0.32.0rc1`. */
export const VERSION_PATTERN = /^v?(\d+)\.(\d+)(?:\.\d+)?((?:[.+-]|a|b|rc)[\w.+-]*)?$/;

/** Which of these releases a version is treated as, and what is assumed in doing so. */
interface ReadVersion {
  readonly minor: Minor;
  readonly note?: string;
}

/** The release that a version is treated as: 26 for 0.26. */
export function releaseOf(version: string): Minor {
  return read(version).minor;
}

/** The rules of a version. */
export function rulesOf(version: string): VersionRules {
  const { minor } = read(version);
  const rules = Object.entries(rulesSince).map(([rule, since]) => [rule, minor >= since]);
  return { ...Object.fromEntries(rules), ...(minor < RUNNER_V2 ? { promptRestIsDecode: true } : {}) } as VersionRules;
}

/** Its defaults where they are not those of the newest (vllmDefaults). */
export function defaultsOf(version: string): Pick<ServerSettings, "gpu_memory_utilization"> {
  return read(version).minor < UTILISATION_92 ? { gpu_memory_utilization: 0.9 } : {};
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
    return { minor: NEWEST, note: `vLLM version "${version}" is not a release: the rules of 0.${NEWEST} are assumed` };
  }
  const [, major, second, suffix = ""] = parts;
  const given = Number(major) === 0 ? Number(second) : Infinity;
  const minor = Math.min(Math.max(given, OLDEST), NEWEST);
  const noteOf = (what: string): ReadVersion => ({ minor, note: `vLLM ${version} is ${what}` });
  if (minor !== given) return noteOf(`${given > minor ? "newer" : "older"} than 0.${minor}, whose rules are assumed`);
  if (suffix === "" || suffix.startsWith(".post")) return { minor };
  if (suffix.startsWith("+")) return noteOf(`taken for release 0.${minor}`);
  return noteOf(`not a release: the rules of 0.${minor} are assumed, some may be those of a neighbouring release`);
}
