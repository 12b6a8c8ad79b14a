/**
 * One colour and one marker per policy in every chart. Colours of Okabe and Ito (https://jfly.uni-koeln.de/color/),
 * distinguishable with any colour vision and at 3:1 or better on white and on near-black for the three built-in
 * policies; markers say the same without colour. Real is solid, simulated hatched (bars) or dashed and hollow (lines).
 */
import {
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType,
} from "d3";
import { byName } from "./text.js";

/** Where requests come from: a real server or a simulation. */
export type ChartSource = "real" | "sim";

export const sourceNames: Readonly<Record<ChartSource, string>> = { real: "real", sim: "simulated" };

/** Those sources that some of the items have, real first. */
export function sourcesOf(items: readonly { readonly source: ChartSource }[]): ChartSource[] {
  return (["real", "sim"] as const).filter((source) => items.some((item) => item.source === source));
}

export interface PolicyLook {
  readonly colour: string;
  readonly marker: SymbolType;
}

const known: Readonly<Record<string, PolicyLook>> = {
  naive: { colour: "#0072b2", marker: symbolCircle },
  dynamic: { colour: "#d55e00", marker: symbolSquare },
  vllm: { colour: "#009e73", marker: symbolTriangle },
};

const others: readonly PolicyLook[] = [
  { colour: "#cc79a7", marker: symbolDiamond },
  { colour: "#e69f00", marker: symbolCross },
  { colour: "#56b4e9", marker: symbolStar },
  { colour: "#7f7f7f", marker: symbolWye },
  { colour: "#8c510a", marker: symbolDiamond },
  { colour: "#7b4ea3", marker: symbolCross },
];

/** The built-in policies in their usual order, then the rest by name. */
export function inPolicyOrder(schedulers: Iterable<string>): string[] {
  const builtIn = Object.keys(known);
  const rank = (name: string): number => (builtIn.includes(name) ? builtIn.indexOf(name) : builtIn.length);
  return [...new Set(schedulers)].sort((a, b) => rank(a) - rank(b) || byName(a, b));
}

/**
 * The look of each scheduler. A name that is not built in takes the colour its hash points to, or the next free one, so
 * that it keeps its colour from report to report; colours repeat only beyond nine policies.
 */
export function policyLooks(schedulers: readonly string[]): ReadonlyMap<string, PolicyLook> {
  const looks = new Map<string, PolicyLook>();
  const taken = new Set<number>();
  for (const name of inPolicyOrder(schedulers)) {
    if (Object.hasOwn(known, name)) {
      looks.set(name, known[name]!);
      continue;
    }
    let slot = hash(name) % others.length;
    while (taken.has(slot) && taken.size < others.length) slot = (slot + 1) % others.length;
    taken.add(slot);
    looks.set(name, others[slot]!);
  }
  return looks;
}

/** FNV-1a, 32 bit. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const char of name) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return value;
}
