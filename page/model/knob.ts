/** A control: what it changes, in which range, and what it is called. */

export type KnobValue = number | string | boolean;

interface KnobText {
  /** Names it in the state and in the address: a load's key, or policy.setting. */
  readonly id: string;
  readonly group: KnobGroup;
  readonly label: string;
  readonly help: string;
}

export interface NumberKnob extends KnobText {
  readonly kind: "number";
  readonly unit?: string;
  readonly start: number;
  readonly least: number;
  readonly most: number;
  /** How a slider goes from least to most; log needs a positive least. */
  readonly scale: "linear" | "log";
  readonly isWhole: boolean;
}

export interface ChoiceKnob extends KnobText {
  readonly kind: "choice";
  readonly start: string;
  readonly options: readonly (readonly [value: string, text: string])[];
}

export interface SwitchKnob extends KnobText {
  readonly kind: "switch";
  readonly start: boolean;
}

export type Knob = NumberKnob | ChoiceKnob | SwitchKnob;

export const knobGroups = ["load", "naive", "dynamic", "vllm"] as const;
export type KnobGroup = (typeof knobGroups)[number];

/** Positions of a slider. */
export const SLIDER_STEPS = 200;

/** Where a slider stands for a value; values beyond the range stand at its ends. */
export function positionOf({ least, most, scale }: NumberKnob, value: number): number {
  const share = scale === "log" ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
  return Math.round(SLIDER_STEPS * Math.min(1, Math.max(0, share)));
}

/** The value where a slider stands: whole, or of three significant digits. */
export function valueAt({ least, most, scale, isWhole }: NumberKnob, position: number): number {
  if (position <= 0) return least;
  if (position >= SLIDER_STEPS) return most;
  const share = position / SLIDER_STEPS;
  const exact = scale === "log" ? least * (most / least) ** share : least + share * (most - least);
  const value = isWhole && exact < 1000 ? Math.round(exact) : Number(exact.toPrecision(3));
  return Math.min(most, Math.max(least, value));
}

/** The value that was given, or undefined where the control cannot have it. */
export function accepted(knob: Knob, given: unknown): KnobValue | undefined {
  if (knob.kind === "switch") return typeof given === "boolean" ? given : undefined;
  if (knob.kind === "choice") return knob.options.some(([value]) => value === given) ? (given as string) : undefined;
  if (typeof given !== "number" || !Number.isFinite(given)) return undefined;
  const isFine = given >= knob.least && given <= knob.most && (!knob.isWhole || Number.isInteger(given));
  return isFine ? given : undefined;
}
