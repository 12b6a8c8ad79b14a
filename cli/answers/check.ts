/** Commands in an answer, ready to be pasted into a shell. */
import { loadShape, type Answer, type Profile } from "../../formats/index.js";
import { whyNotChecked } from "../../jobs/verify/index.js";

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

/** The commands of an answer whose check is not known yet. */
export function ownCommands(): Answer["commands"] {
  return { reproduce: sameCommand(), check: null };
}

/** The answer with the command that checks it on the profile's machine; `output`: its file, if it is written. */
export function withCheck(answer: Answer, output: string | undefined, { cost }: Profile): Answer {
  const server = `--base-url URL${hasTwoServers(answer) ? " --after-url URL" : ""}`;
  const where = cost.kind === "vllm_engine" ? server : "--backend onnx";
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
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const compared = [
  "max_num_seqs",
  "max_num_batched_tokens",
  "enable_prefix_caching",
  "enable_chunked_prefill",
  "num_gpu_blocks",
];

/** A server with other settings than the answer's is another server. */
export function differentSettings(
  asked: Readonly<Record<string, unknown>>,
  reported: Readonly<Record<string, unknown>>,
): string[] {
  return compared
    .filter((name) => reported[name] !== undefined && asked[name] !== undefined && reported[name] !== asked[name])
    .map((name) => `the server has ${name} ${String(reported[name])}, the answer is about ${String(asked[name])}`);
}
