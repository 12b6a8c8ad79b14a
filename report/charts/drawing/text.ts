/**
 * Text in charts: estimated widths (a server has no fonts to measure), wrapping, shortening, and numbers as people read
 * them. Widths in px, taken from a wide sans-serif face, so that a narrower one leaves room rather than overlaps.
 */
import { format } from "d3";

/** Width of a line of text in px at a font size in px, estimated on the wide side. */
export function textWidthPx(text: string, fontPx: number): number {
  let em = 0;
  for (const char of text) em += charEm(char);
  return em * fontPx;
}

function charEm(char: string): number {
  if (/[ijltfI.,:;'|()[\] ]/.test(char)) return 0.39;
  if (/[mwMW@%]/.test(char)) return 0.98;
  if (/[A-Z]/.test(char)) return 0.72;
  return char.codePointAt(0)! > 0x2fff ? 1.1 : 0.63;
}

/** Cut in the middle to at most `maxPx`, with an ellipsis: names that differ at either end stay apart. */
export function shortened(text: string, maxPx: number, fontPx: number): string {
  if (textWidthPx(text, fontPx) <= maxPx) return text;
  const chars = Array.from(text);
  let best = "…";
  // From the shortest on: a name may have thousands of characters, the room has a few dozen.
  for (let keep = 2; keep < chars.length; keep++) {
    const cut = cutInMiddle(chars, keep);
    if (textWidthPx(cut, fontPx) > maxPx) break;
    best = cut;
  }
  return best;
}

/** The first and the last of the characters, `keep` together, around an ellipsis. */
function cutInMiddle(chars: readonly string[], keep: number): string {
  const head = Math.ceil(keep / 2);
  return `${chars.slice(0, head).join("")}…${chars.slice(chars.length - (keep - head)).join("")}`;
}

/** Lines of at most `maxPx`, broken at spaces; a single word that is too long is shortened. */
export function wrapped(text: string, maxPx: number, fontPx: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidthPx(longer, fontPx) > maxPx) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== "") lines.push(line);
  return lines.map((each) => shortened(each, maxPx, fontPx));
}

/** A value with `digits` significant digits, no exponent between 1e-4 and 1e7: `0.537`, `1,234`, `0`. */
export function numberText(value: number, digits = 3): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return format(`.${digits - 1}~e`)(value).replace("−", "-");
  if (size >= 10 ** digits) return format(",.0f")(value);
  return format(`.${digits}~r`)(value);
}

/** With some significant digits, without separators: `0.5372`, `1234`. */
export function figureText(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}

/** `25` or `25–99`. */
export function rangeText(low: number, high: number): string {
  return low === high ? numberText(low, 6) : `${numberText(low, 6)}–${numberText(high, 6)}`;
}

/** Names in an order people expect: digits inside a name compare as numbers. The same on every machine. */
export function byName(a: string, b: string): number {
  const [left, right] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const difference = i % 2 === 1 ? Number(x) - Number(y) : 0;
    if (difference !== 0 && Number.isFinite(difference)) return difference;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** Characters of the longest name that is left as it is. */
const MAX_NAME = 120;

/**
 * Gives each name as charts show it, since names are repeated in tooltips, ids and axes: long ones are cut in the middle,
 * with a number where another name was cut to the same text.
 */
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

/** Without the characters that XML forbids (controls, lone surrogates), which become U+FFFD. */
export function xmlSafe(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd");
}
