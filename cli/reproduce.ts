/** Commands in an answer, ready to be pasted into a shell. */
import { loadShape, type Answer, type Profile } from "../formats/index.js";
import { whyNotChecked } from "../jobs/verify/index.js";

/** Flags about where a result goes, which do not change it; true: with a value. */
const delivery: Readonly<Record<string, boolean>> = {
  "-o": true,
  "--output": true,
  "--chart": true,
  "--png": false,
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

/** The answer with the command that checks it on the profile's machine; `output`: its file, if it is written. */
export function withCheck(answer: Answer, output: string | undefined, { cost }: Profile): Answer {
  const isServer = cost.kind === "vllm_engine";
  const where = !isServer
    ? "--backend onnx"
    : hasTwoServers(answer)
      ? "--base-url URL --after-url URL"
      : "--base-url URL";
  const check = `servesim verify ${quoted(output ?? "ANSWER.json")} ${where}`;
  return {
    ...answer,
    commands: { ...answer.commands, check: whyNotChecked(answer, cost.kind) === undefined ? check : null },
  };
}

/** Whether it compares settings that one server cannot have at a time. */
function hasTwoServers({ question, tuning }: Answer): boolean {
  const { changes = [] } = question.asked as { changes?: readonly string[] };
  const ofLoad = changes.filter((change) => Object.hasOwn(loadShape, keyOf(change)));
  return Object.keys(tuning?.changes ?? {}).length > 0 || ofLoad.length < changes.length;
}

function keyOf(change: string): string {
  return change.replace(/^-*/, "").split("=")[0]!.replaceAll("-", "_");
}

/** A word as a POSIX shell reads it back. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
