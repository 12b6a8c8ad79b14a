/** What is fitted to which recorded runs of ../shared/data/vllm-h100 and scored on which. */
import type { LoadKind } from "./judge.js";

export interface AccuracyPart {
  readonly title: string;
  /** Recordings below the data folder that the profile is fitted to; none: it is that of `base`, as it is. */
  readonly fit: readonly string[];
  readonly isBlackBox: boolean;
  /** Title of an earlier part, whose GPU costs are kept. */
  readonly base?: string;
  /** Settings whose other recordings are scored; those of the fit are marked. */
  readonly score: readonly string[];
}

const llama = ["llama8b/probes", "llama8b/poisson-light-r1", "llama8b/poisson-medium-r1"];
/** As the shipped profile: the synchronous run shows how launch and GPU of a step overlap. */
const llamaLogs = [...llama, "llama8b-sync/poisson-medium-r1"];
const gpt2 = ["gpt2/probes", "gpt2/poisson-light-r1", "gpt2/poisson-medium-r1"];

const LLAMA = "Llama-3.1-8B, host 1, step logs";
const elsewhere = ["llama8b-m2", "llama8b-sync"];

export const accuracyParts: readonly AccuracyPart[] = [
  { title: LLAMA, fit: llamaLogs, isBlackBox: false, score: ["llama8b"] },
  { title: "Llama-3.1-8B, host 1, client times alone", fit: llama, isBlackBox: true, score: ["llama8b"] },
  { title: "GPT-2, host 1, step logs", fit: gpt2, isBlackBox: false, score: ["gpt2", "gpt2-kv1200"] },
  { title: "GPT-2, host 1, client times alone", fit: gpt2, isBlackBox: true, score: ["gpt2", "gpt2-kv1200"] },
  { title: "Llama-3.1-8B, host 2, profile of host 1", base: LLAMA, fit: [], isBlackBox: false, score: elsewhere },
  {
    title: "Llama-3.1-8B, host 2, --refit host",
    base: LLAMA,
    fit: ["llama8b-m2/poisson-medium-r1"],
    isBlackBox: false,
    score: elsewhere,
  },
];

export function loadKindOf(recording: string): LoadKind {
  if (recording.includes("kvpressure")) return "block pressure";
  return recording.includes("capacity") ? "near capacity" : "below capacity";
}
