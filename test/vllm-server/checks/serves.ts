/** The server answers: the ground under every other check. */
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";
import { complete, promptOf } from "./complete.js";

export const serves: Check = {
  name: "the server serves its model and counts tokens",
  variant: plain,
  run: async ({ server }) => {
    const models = (await (await fetch(`${server.baseUrl}/v1/models`)).json()) as { data: { id: string }[] };
    if (!models.data.some(({ id }) => id === server.model)) throw new Error(`no ${server.model} in /v1/models`);
    const { usage } = await complete(server, promptOf(4), 9);
    const { prompt_tokens: prompt, completion_tokens: output } = usage;
    if (prompt !== 4 || output !== 9)
      throw new Error(`got ${prompt} prompt and ${output} output tokens, expected 4 and 9`);
    return `${server.model}, 4 prompt and 9 output tokens as asked`;
  },
};
