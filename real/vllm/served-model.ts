/** Which model a server serves, and what it says of itself. */
import { z } from "zod";
import { BackendError, ConfigError } from "../../formats/index.js";
import { askJson, askServer } from "./connection.js";

/** What vLLM calls itself. */
const VLLM = "vllm";

/** A model that the server answers for; `maxModelLen`: longest prompt plus output, tokens, where it says. */
export interface ServedModel {
  readonly name: string;
  readonly maxModelLen: number | undefined;
  /** Which engine answers, in lower case: "vllm", another that says so, or "unknown". */
  readonly engine: string;
}

const modelList = z.looseObject({
  data: z
    .array(
      z.looseObject({ id: z.string(), max_model_len: z.int().positive().nullish(), owned_by: z.string().nullish() }),
    )
    .min(1),
});

/** The model called `wanted`, or the first that is served. BackendError without a server, ConfigError for another name. */
export async function findServedModel(baseUrl: string, wanted?: string): Promise<ServedModel> {
  const answer = modelList.safeParse(await askJson(baseUrl, "/v1/models"));
  if (!answer.success) {
    throw new BackendError(`${baseUrl}/v1/models lists no model, expected an OpenAI-style server that serves one`);
  }
  const { data } = answer.data;
  const found = wanted === undefined ? data[0]! : data.find(({ id }) => id === wanted);
  if (found === undefined) {
    throw new ConfigError(
      `${baseUrl} does not serve a model "${wanted ?? ""}" (it serves: ${data.map(({ id }) => id).join(", ")}); leave out ` +
        "the model to take the first",
    );
  }
  return { name: found.id, maxModelLen: found.max_model_len ?? undefined, engine: await engineOf(baseUrl, found.owned_by ?? "") }; // prettier-ignore
}

/**
 * By who owns the model (vLLM, SGLang, TensorRT-LLM and llama.cpp each name themselves), or by vLLM's own metrics behind a
 * gateway that names itself. Only vLLM of those that name nobody answers to /version.
 */
async function engineOf(baseUrl: string, owner: string): Promise<string> {
  const name = owner.trim().toLowerCase();
  if (name === VLLM) return VLLM;
  const { status, text } = await askServer(baseUrl, "/metrics");
  if (status === 200 && /^vllm:/m.test(text)) return VLLM;
  if (name !== "") return name;
  return (await serverVersion(baseUrl)) === undefined ? "unknown" : VLLM;
}

/** vLLM's version; undefined for a server that does not tell. */
export async function serverVersion(baseUrl: string): Promise<string | undefined> {
  const { status, text } = await askServer(baseUrl, "/version");
  if (status !== 200) return undefined;
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
