/** The server answers: the ground under every other check. */
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";

export const serves: Check = {
  name: "the server serves its model and counts tokens",
  variant: plain,
  run: async ({ server }) => {
    const models = (await (await fetch(`${server.baseUrl}/v1/models`)).json()) as { data: { id: string }[] };
    if (!models.data.some(({ id }) => id === server.model)) throw new Error(`no ${server.model} in /v1/models`);
    const response = await fetch(`${server.baseUrl}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: server.model, prompt: [5, 6, 7, 8], max_tokens: 9, ignore_eos: true }),
    });
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    if (usage.prompt_tokens !== 4 || usage.completion_tokens !== 9) {
      throw new Error(
        `got ${usage.prompt_tokens} prompt and ${usage.completion_tokens} output tokens, expected 4 and 9`,
      );
    }
    return `${server.model}, 4 prompt and 9 output tokens as asked`;
  },
};
