/** Which model a server serves, and on which engine. */
import { z } from "zod";
import { BackendError, ConfigError, plainLine } from "../../../formats/index.js";
import { askJson, type AskOptions } from "./ask-server.js";
import { engineOf } from "./engines.js";
import { shownUrl, type ServerRef } from "./server-address.js";

/** A model that the server answers for; `maxModelLen`: longest prompt plus output, tokens, where it says. */
export interface ServedModel {
  readonly name: string;
  readonly maxModelLen: number | undefined;
  /** Which engine answers (engineOf): "vllm", another by its own name, or "unknown". */
  readonly engine: string;
}

/** Longest name of a model, characters. */
const MAX_NAME = 300;

const modelList = z.looseObject({
  data: z
    .array(
      z.looseObject({ id: z.string(), max_model_len: z.int().positive().nullish(), owned_by: z.string().nullish() }),
    )
    .min(1),
});

/**
 * The model called `wanted`, or the first that is served. BackendError without a server, ConfigError for another name.
 */
export async function findServedModel(
  baseUrl: ServerRef,
  wanted?: string,
  options: AskOptions = {},
): Promise<ServedModel> {
  const answer = modelList.safeParse(await askJson(baseUrl, "/v1/models", options));
  if (!answer.success) {
    throw new BackendError(
      `${shownUrl(baseUrl)}/v1/models lists no model, expected an OpenAI-style server that serves one`,
    );
  }
  const { data } = answer.data;
  const found = wanted === undefined ? data[0]! : data.find(({ id }) => id === wanted);
  if (found === undefined) {
    throw new ConfigError(
      `${shownUrl(baseUrl)} does not serve a model "${wanted ?? ""}" (it serves: ${plainLine(data.map(({ id }) => id).join(", "))}); leave out ` +
        "the model to take the first",
    );
  }
  rejectOddName(found.id, baseUrl);
  const engine = await engineOf(baseUrl, found.owned_by ?? "", options);
  return { name: found.id, maxModelLen: found.max_model_len ?? undefined, engine };
}

/** A name is sent back as it is, so it cannot be cleaned: a name that is unsafe in a terminal or a file is rejected. */
function rejectOddName(name: string, baseUrl: ServerRef): void {
  const shown = plainLine(name, MAX_NAME);
  if (shown === name) return;
  throw new BackendError(
    `${shownUrl(baseUrl)}/v1/models names a model ${JSON.stringify(plainLine(name, 60))}, expected at most ${MAX_NAME} ` +
      "characters, none of them a control character; give another with --served-model-name when the server is started",
  );
}
