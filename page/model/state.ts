/** What the controls say: a profile, and every value that is not where its control begins. */
import { accepted, type Knob, type KnobValue } from "./knob.js";
import { knobsOf } from "./knobs.js";
import type { PageData, PageProfile } from "./page-data.js";

export interface State {
  /** Its place in the page's profiles. */
  readonly profile: number;
  readonly changed: Readonly<Record<string, KnobValue>>;
}

export const startState = (profile: number): State => ({ profile, changed: {} });

export function profileOf({ profiles }: PageData, { profile }: State): PageProfile {
  return profiles[profile]!;
}

export function valueOf({ changed }: State, knob: Knob): KnobValue {
  return changed[knob.id] ?? knob.start;
}

/** The state with one value changed; one that is where the control begins is not kept. */
export function withValue(state: State, knob: Knob, value: KnobValue): State {
  const changed = Object.fromEntries(Object.entries(state.changed).filter(([id]) => id !== knob.id));
  return { ...state, changed: value === knob.start ? changed : { ...changed, [knob.id]: value } };
}

export function areSame(a: State, b: State): boolean {
  const ids = [...new Set([...Object.keys(a.changed), ...Object.keys(b.changed)])];
  return a.profile === b.profile && ids.every((id) => a.changed[id] === b.changed[id]);
}

/** What differs between two states, in words: "Request rate 12 instead of 8 requests/s". */
export function changesBetween(data: PageData, from: State, to: State): readonly string[] {
  if (from.profile !== to.profile) {
    return [`profile ${profileOf(data, to).reference} instead of ${profileOf(data, from).reference}`];
  }
  return knobsOf(profileOf(data, to)).flatMap((knob) => {
    const [before, after] = [valueOf(from, knob), valueOf(to, knob)];
    if (before === after) return [];
    return [`${nameOf(knob)} ${worded(knob, after)} instead of ${worded(knob, before)}`];
  });
}

function nameOf({ id, label }: Knob): string {
  const [policy, setting] = id.split(".");
  if (setting === undefined) return label.toLowerCase();
  return label === setting ? label : `${policy!}: ${label.toLowerCase()}`;
}

function worded(knob: Knob, value: KnobValue): string {
  if (knob.kind === "switch") return value === true ? "on" : "off";
  if (knob.kind === "choice") return knob.options.find(([option]) => option === value)![1];
  const text = (value as number).toLocaleString("en-US", { maximumSignificantDigits: 12 });
  return knob.unit === undefined ? text : `${text} ${knob.unit}`;
}

/** Values that the profile's controls accept; others are left out. */
export function acceptedState(data: PageData, profile: number, given: Readonly<Record<string, unknown>>): State {
  let state = startState(profile);
  for (const knob of knobsOf(data.profiles[profile]!)) {
    const value = accepted(knob, given[knob.id]);
    if (value !== undefined) state = withValue(state, knob, value);
  }
  return state;
}
