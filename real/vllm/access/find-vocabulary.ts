/** Which random token ids a server takes: its vocabulary's size is in none of its answers, so it is found by asking. */
import { BackendError, plainLine, type Workload } from "../../../formats/index.js";
import { askServer } from "./ask-server.js";
import { shownUrl, type ServerRef } from "./server-address.js";

/** Sizes that vocabularies are at least as large as, tried from the top. */
const vocabularies = [128_000, 100_000, 50_000, 32_000, 16_000, 8_000, 4_000, 2_000, 1_000];

/** Longest wait for one token, ms: the first of a server may compile. */
const COMPLETION_MS = 60_000;

/** A number of token ids that the server takes, found by asking; BackendError when it takes none. */
export async function findVocabulary(baseUrl: ServerRef, model: string, signal?: AbortSignal): Promise<number> {
  let said = "";
  for (const size of vocabularies) {
    const post = JSON.stringify({ model, prompt: [size - 1], max_tokens: 1 });
    const { status, text } = await askServer(baseUrl, "/v1/completions", { post, withinMs: COMPLETION_MS, signal });
    if (status === 200) return size;
    said = text;
    if (status !== 400) break;
  }
  throw new BackendError(
    `${shownUrl(baseUrl)} does not accept prompts of token ids: ${plainLine(said, 200)}; give --vocab-size, or see its log`,
  );
}

export interface VocabularyInput {
  readonly baseUrl: ServerRef;
  readonly endpoint: string;
  /** Of the server, as it describes itself. */
  readonly server: { readonly engine: string; readonly model: { readonly name: string } };
  readonly workloads: Iterable<Workload>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bound of random token ids for these loads, found by asking. Undefined where none are sent (prompts with a text, chat),
 * and for a server that is not vLLM: others may take ids that they have no token for.
 */
export async function vocabularyFor(input: VocabularyInput): Promise<number | undefined> {
  const { baseUrl, endpoint, server, workloads, signal } = input;
  if (endpoint !== "/v1/completions" || server.engine !== "vllm") return undefined;
  for (const { requests } of workloads) {
    if (requests.some(({ prompt }) => prompt === undefined)) return findVocabulary(baseUrl, server.model.name, signal);
  }
  return undefined;
}
