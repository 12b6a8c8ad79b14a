/** Names for charts: each stands in tooltips, ids and axes many times over, so none is longer than a line or two. */
import { cutInMiddle } from "./text.js";

/** Characters of the longest name that is left as it is. */
export const MAX_NAME = 120;

/** Gives each name as charts show it: cut in the middle where it is long, with a number where a cut one is taken already. */
export function shortNames(): (name: string) => string {
  const shown = new Map<string, string>();
  const taken = new Set<string>();
  return (name) => {
    const known = shown.get(name);
    if (known !== undefined) return known;
    let short = name;
    if (name.length > MAX_NAME) {
      const cut = cutInMiddle(Array.from(name), MAX_NAME - 1);
      short = cut;
      for (let number = 2; taken.has(short); number++) short = `${cut} (${number})`;
    }
    shown.set(name, short);
    taken.add(short);
    return short;
  };
}
