/**
 * The body of a request as the server gets it. A prompt known by its length alone becomes seeded random token ids (words,
 * for chat, which takes text), so that no two requests share a prefix, unless the workload says that they do.
 */
import { ConfigError, type Workload, type WorkloadRequest } from "../../../formats/index.js";
import { stream, type Random } from "../../../sim/index.js";
import { engineTitle, isOtherEngine } from "../access/index.js";

export const endpoints = ["/v1/completions", "/v1/chat/completions"] as const;
export type Endpoint = (typeof endpoints)[number];

/** What is asked for beside prompt and length; what is absent is left to the server. */
export interface Sampling {
  /** Go on to max_tokens whatever is generated. */
  readonly ignoreEos: boolean;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
}

export interface BodyOptions {
  readonly model: string;
  /** Of the server (engineOf): what it does not take is left out. */
  readonly engine: string;
  readonly endpoint: Endpoint;
  readonly sampling: Sampling;
  readonly seed: string;
  /** Random ids are below this; the first few, mostly special tokens, are not taken. */
  readonly vocab: number;
  /** Keeps prompts of random ids apart from those of earlier runs in the server's prefix cache. */
  readonly cacheSalt: string;
  readonly returnTokenIds: boolean;
  /** Usage comes with every chunk, so that the tokens of an answer that is given up are known. */
  readonly countsAlong?: boolean | undefined;
}

/** Engines that do not know cache_salt. TensorRT-LLM rejects a completion with any field that it does not know. */
const withoutSalt: ReadonlySet<string> = new Set(["tensorrt_llm", "llamacpp"]);
const withoutTokenIds = withoutSalt;

/** Whether the engine says which tokens an answer has. */
export function sendsTokenIds(engine: string): boolean {
  return !withoutTokenIds.has(engine);
}

/** Whether a prompt of random ids may be found in a prefix cache by a later run with the same seed. */
export function sharesPromptsBetweenRuns(engine: string): boolean {
  return withoutSalt.has(engine);
}

/** ConfigError for fields of a request that the engine lacks, or reads otherwise than vLLM. */
export function rejectOwnFields(
  engine: string,
  input: { readonly returnTokenIds?: boolean | undefined; readonly workload: Workload },
): void {
  if (!isOtherEngine(engine)) return;
  const title = engineTitle(engine);
  if (input.returnTokenIds === true && !sendsTokenIds(engine)) {
    throw new ConfigError(
      `return_token_ids: ${title} has no such field, leave it out; tokens are counted by its usage`,
    );
  }
  if (input.workload.requests.some(({ priority = 0 }) => priority !== 0)) {
    throw new ConfigError(`priority: ${title} ranks requests differently from vLLM, leave priorities out`);
  }
}

/** The first ids of a vocabulary are special tokens and single bytes. */
const FIRST_ID = 256;

/** JSON, UTF-8. `ids`: the prompt, where it is not the request's own. */
export function requestBody(request: WorkloadRequest, options: BodyOptions, ids?: readonly number[]): Buffer {
  const { model, engine, endpoint, sampling, returnTokenIds } = options;
  const isText = request.prompt !== undefined;
  const { ignoreEos, temperature, topP, topK } = sampling;
  const fields = {
    model,
    max_tokens: request.outputTokens,
    stream: true,
    stream_options: { include_usage: true, ...(options.countsAlong === true ? { continuous_usage_stats: true } : {}) },
    ignore_eos: ignoreEos,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(request.priority === undefined || request.priority === 0 ? {} : { priority: request.priority }),
    ...(returnTokenIds ? { return_token_ids: true } : {}),
    ...(isText || withoutSalt.has(engine) ? {} : { cache_salt: options.cacheSalt }),
  };
  const rest = JSON.stringify(fields).slice(1);
  if (endpoint === "/v1/chat/completions") {
    const content = request.prompt ?? randomWords(request, options.seed);
    return Buffer.from(`{"messages":${JSON.stringify([{ role: "user", content }])},${rest}`);
  }
  const prompt = isText ? JSON.stringify(request.prompt) : `[${(ids ?? promptIds(request, options)).join(",")}]`;
  return Buffer.from(`{"prompt":${prompt},${rest}`);
}

/** Token ids of a request's length; runs of shared content get the same ids in every request of the seed. */
export function promptIds(request: WorkloadRequest, { seed, vocab }: Pick<BodyOptions, "seed" | "vocab">): number[] {
  const draw = (random: Random, count: number): number[] => {
    const first = Math.min(FIRST_ID, Math.floor(vocab / 2));
    return Array.from({ length: count }, () => first + Math.floor(random() * (vocab - first)));
  };
  const { content } = request;
  if (content === undefined) return draw(stream(`${seed}/0/token-ids/${request.id}`), request.promptTokens);
  return content.flatMap(([tokenId, tokens]) => draw(stream(`${seed}/0/content/${tokenId}`), tokens));
}

/** Words that most vocabularies have as one token each. */
const WORDS =
  "the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one " +
  "you were all her she there would their we him been has when who will no more if out so up said what its about than";

/** As many words as the prompt has tokens; the server says how many tokens they are. */
export function randomWords(request: WorkloadRequest, seed: string): string {
  const words = WORDS.split(" ");
  const random = stream(`${seed}/0/words/${request.id}`);
  return Array.from({ length: request.promptTokens }, () => words[Math.floor(random() * words.length)]!).join(" ");
}
