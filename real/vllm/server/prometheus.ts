/**
 * Prometheus text exposition (0.0.4, and what OpenMetrics adds to a sample line), every label kept. Samples are grouped by
 * their own name, so that a counter is found under the name it is printed with ("vllm:num_preemptions_total").
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { ArtifactError, plainLine } from "../../../formats/index.js";

export interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Samples by name, in the order of the text. */
export type Exposition = ReadonlyMap<string, readonly Sample[]>;

/**
 * Parses a text; with `only`, just the samples of these names (the rest is skipped unread, which is what makes it
 * cheap to scrape ten times a second). ArtifactError names the line.
 */
export function parsePrometheus(text: string, only?: Pick<ReadonlySet<string>, "has">): Exposition {
  const found = new Map<string, Sample[]>();
  let lineNumber = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    lineNumber++;
    const name = sampleName(text, start, end);
    if (name !== undefined && (only === undefined || only.has(name))) {
      const sample = parseSample(text.slice(start, end).trim(), name, lineNumber);
      const samples = found.get(name);
      if (samples === undefined) found.set(name, [sample]);
      else samples.push(sample);
    }
    start = end + 1;
  }
  return found;
}

/** Name at the head of a line; undefined for a comment or an empty line. */
function sampleName(text: string, start: number, end: number): string | undefined {
  let from = start;
  while (from < end && isBlank(text.charCodeAt(from))) from++;
  if (from === end || text[from] === "#") return undefined;
  let to = from;
  while (to < end && text[to] !== "{" && !isBlank(text.charCodeAt(to))) to++;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\" };

function parseSample(line: string, name: string, lineNumber: number): Sample {
  const reject = (expected: string): never => {
    throw new ArtifactError(`metrics line ${lineNumber}: got "${plainLine(line, 120)}", expected ${expected}`);
  };
  const labels = new Map<string, string>();
  let at = name.length;
  while (isBlank(line.charCodeAt(at))) at++;
  if (line[at] === "{") {
    at++;
    for (;;) {
      const label = /^[\s,]*([a-zA-Z_][\w]*)\s*=\s*"/.exec(line.slice(at));
      if (label === null) break;
      at += label[0].length;
      let value = "";
      for (; line[at] !== '"'; at++) {
        if (at >= line.length) return reject("a label value that ends with a quote");
        if (line[at] === "\\") value += escapes[line[++at]!] ?? reject('only \\n, \\" and \\\\ as escapes');
        else value += line[at]!;
      }
      at++;
      labels.set(label[1]!, value);
    }
    const close = /^[\s,]*\}/.exec(line.slice(at));
    if (close === null) return reject('labels as name="value", closed by }');
    at += close[0].length;
  }
  // A timestamp or an exemplar may follow; neither is needed.
  const value = /^\s*(\S+)/.exec(line.slice(at))?.[1];
  const number = value === undefined ? undefined : toNumber(value);
  return number === undefined ? reject("a number after the name") : { labels, value: number };
}

function toNumber(text: string): number | undefined {
  if (/^[+]?inf(inity)?$/i.test(text)) return Infinity;
  if (/^-inf(inity)?$/i.test(text)) return -Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}
