/** A line of `vllm serve` flags, as a person writes it, taken apart. No shell: quotes hold a value together, and no more. */
import { ConfigError, plainLine } from "../../../formats/index.js";

/** A flag by vLLM's name (`max_num_seqs`) with its value; "true" where it stands alone, "false" for `--no-...`. */
export interface ServeFlag {
  readonly name: string;
  readonly value: string;
}

/** Flags that vLLM has short names for. */
const shortNames: Readonly<Record<string, string>> = {
  tp: "tensor_parallel_size",
  pp: "pipeline_parallel_size",
  dp: "data_parallel_size",
  dcp: "decode_context_parallel_size",
  ep: "enable_expert_parallel",
  q: "quantization",
  sc: "speculative_config",
  cc: "compilation_config",
  O: "optimization_level",
};

/** ConfigError for a line that is not flags. Words that are no flags and follow none (`vllm serve MODEL`) are passed over. */
export function parseServeFlags(line: string): ServeFlag[] {
  const flags: { name: string; value: string | undefined }[] = [];
  for (const word of wordsOf(line)) {
    const parts = /^(--|-(?!\d))([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    if (parts === null) {
      const last = flags.at(-1);
      if (last !== undefined && last.value === undefined) last.value = word;
      continue;
    }
    const [, dashes, written = "", value] = parts;
    const name = dashes === "-" ? (shortNames[written] ?? written) : written;
    // A key inside a JSON setting (--compilation-config.mode) is that setting.
    flags.push({ name: name.replace(/\..*$/s, "").replaceAll("-", "_"), value });
  }
  return flags.map(({ name, value = "true" }) =>
    name.startsWith("no_") ? { name: name.slice("no_".length), value: "false" } : { name, value },
  );
}

/** White space, text in quotes, text without. */
const PIECE = /(\s+)|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+)/gy;

function wordsOf(line: string): string[] {
  const words: string[] = [];
  let isNew = true;
  let end = 0;
  for (const [whole, space, double, single, bare] of line.replaceAll("\\\n", " ").matchAll(PIECE)) {
    end += whole.length;
    const text = double ?? single ?? bare;
    if (space !== undefined || text === undefined) isNew = true;
    else if (isNew) words.push(text);
    else words.push(words.pop()! + text);
    if (text !== undefined) isNew = false;
  }
  if (end < line.replaceAll("\\\n", " ").length) {
    throw new ConfigError(`--serve-args: got a quote without its end after "${plainLine(line.slice(0, end), 60)}"`);
  }
  return words;
}
