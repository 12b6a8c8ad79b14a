/** State and pinned baseline as the part of the page's address behind #, and back. */
import { knobsOf } from "./knobs.js";
import type { Knob } from "./knob.js";
import type { PageData } from "./page-data.js";
import { acceptedState, profileOf, type State } from "./state.js";

export interface Shown {
  readonly state: State;
  /** What differences are shown against; absent: nothing is pinned. */
  readonly baseline?: State | undefined;
}

const BASELINE = "baseline.";

/** Without the #. Empty for a page as it opens. */
export function hashOf(data: PageData, { state, baseline }: Shown): string {
  const words = new URLSearchParams();
  put(words, data, state, "");
  if (baseline !== undefined) put(words, data, baseline, BASELINE, true);
  return words.toString();
}

function put(words: URLSearchParams, data: PageData, state: State, before: string, always = false): void {
  if (always || state.profile !== 0) words.set(`${before}profile`, profileOf(data, state).reference);
  for (const [id, value] of Object.entries(state.changed)) words.set(before + id, String(value));
}

/** What an address says; what a page with other profiles or controls said is left out. */
export function shownBy(data: PageData, hash: string): Shown {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const state = stateIn(data, words, "") ?? acceptedState(data, 0, {});
  const isPinned = words.has(`${BASELINE}profile`);
  return { state, baseline: isPinned ? stateIn(data, words, BASELINE) : undefined };
}

/** Undefined where the page has no such profile. */
function stateIn(data: PageData, words: URLSearchParams, before: string): State | undefined {
  const reference = words.get(`${before}profile`);
  const profile = reference === null ? 0 : data.profiles.findIndex((each) => each.reference === reference);
  if (profile < 0) return undefined;
  const given = knobsOf(data.profiles[profile]!).flatMap((knob) => {
    const text = words.get(before + knob.id);
    return text === null ? [] : [[knob.id, parsed(knob, text)] as const];
  });
  return acceptedState(data, profile, Object.fromEntries(given));
}

function parsed({ kind }: Knob, text: string): unknown {
  if (kind === "number") return text.trim() === "" ? undefined : Number(text);
  if (kind === "switch") return text === "true" ? true : text === "false" ? false : undefined;
  return text;
}
