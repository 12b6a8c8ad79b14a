/**
 * What a version of vLLM makes of settings: findings for those that it does not know, or takes and ignores, and for its
 * defaults where the newest version's are others.
 */
import { assumedOf, defaultsOf, DEFAULT_VERSION, vllmDefaults } from "../../../sim/index.js";
import { parseServeFlags, type ServeFlag } from "./serve-flags.js";
import { flagVerdict, notModelledIn } from "./version-flags.js";

/** One line of what is found out about a server. */
export interface ServerFinding {
  readonly what: string;
  /** "unknown", "ignored": a flag that the version does not know, or takes and makes nothing of. */
  readonly state: "ok" | "missing" | "info" | "unknown" | "ignored";
  readonly detail: string;
  /** Without it nothing can be measured. */
  readonly isEssential: boolean;
}

export interface AskedOfVersion {
  readonly version: string;
  /** A line of `vllm serve` flags. */
  readonly serveArgs?: string | undefined;
  /** Settings of a server or a profile, by vLLM's names. What is off counts as not given. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** ConfigError for a line that is not flags. */
export function checkVersion({ version, serveArgs = "", settings = {} }: AskedOfVersion): ServerFinding[] {
  const written = parseServeFlags(serveArgs);
  const given = new Map([...flagsOf(settings), ...written].map((flag) => [flag.name, flag]));
  const verdicts = [...given.values()].map((flag) => ({ flag, verdict: flagVerdict(flag, version) }));
  // A setting that is told by a server need not be a flag.
  const unheard = verdicts
    .filter(({ flag, verdict }) => verdict?.state === "unheard" && written.includes(flag))
    .map(({ flag }) => flagText(flag));
  return [
    finding("vLLM version", "info", assumedOf(version) ?? `${version}, as its release is known`),
    ...verdicts.flatMap(({ flag, verdict }) =>
      verdict === undefined || verdict.state === "unheard"
        ? []
        : [finding("flag", verdict.state, `${flagText(flag)}: ${verdict.why}`)],
    ),
    ...(unheard.length === 0
      ? []
      : [finding("flag", "unknown", `${unheard.join(", ")}: no release from 0.19 to 0.32 has such a flag`)]),
    ...otherDefaults(version, given),
    ...notModelledIn(version).map((what) => finding("not modelled", "info", what)),
  ];
}

function flagsOf(settings: Readonly<Record<string, unknown>>): ServeFlag[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || value === null || value === false || value === 0 || !isPlain(value)
      ? []
      : [{ name, value: String(value) }],
  );
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function flagText({ name, value }: ServeFlag): string {
  const flag = name.replaceAll("_", "-");
  if (value === "false") return `--no-${flag}`;
  return value === "true" ? `--${flag}` : `--${flag} ${value}`;
}

function otherDefaults(version: string, given: ReadonlyMap<string, ServeFlag>): ServerFinding[] {
  return Object.entries(defaultsOf(version)).flatMap(([name, value]) => {
    if (given.has(name)) return [];
    const newest = String(vllmDefaults[name as keyof typeof vllmDefaults]);
    return [
      finding(
        "default",
        "info",
        `${name} is ${String(value)} where it is not given, and ${newest} in ${DEFAULT_VERSION}`,
      ),
    ];
  });
}

function finding(what: string, state: ServerFinding["state"], detail: string): ServerFinding {
  return { what, state, detail, isEssential: false };
}
