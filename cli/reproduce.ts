/** Commands in an answer, ready to be pasted into a shell. */
import type { Profile } from "../formats/index.js";

/** Flags about where a result goes, which do not change it; true: with a value. */
const delivery: Readonly<Record<string, boolean>> = {
  "-o": true,
  "--output": true,
  "--chart": true,
  "--page": true,
  "--json": false,
  "--force": false,
};

/** The command as it was given, without what says where its result goes. */
export function sameCommand(words: readonly string[] = process.argv.slice(2)): string {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [name] = word.split("=");
    if (!Object.hasOwn(delivery, name!)) kept.push(word);
    else if (delivery[name!] === true && !word.includes("=")) at++;
  }
  return ["servesim", ...kept].map(quoted).join(" ");
}

/**
 * The command that checks an answer on the profile's machine; `output`: the answer's file, if it is written.
 */
export function verifyCommandOf(output: string | undefined, { cost }: Profile): string {
  const where = cost.kind === "vllm_engine" ? "--base-url URL" : "--backend onnx";
  return `servesim verify ${quoted(output ?? "ANSWER.json")} ${where}`;
}

/** A word as a POSIX shell reads it back. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
