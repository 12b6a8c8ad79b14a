/** One small completion, for checks that need the server to have done something. */
import type { VllmServer } from "../start-server.js";

export interface Completion {
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** Prompt of token ids, so many outputs, none fewer. */
export async function complete(
  { baseUrl, model }: VllmServer,
  prompt: readonly number[],
  outputTokens: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Completion> {
  const response = await fetch(`${baseUrl}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, prompt, max_tokens: outputTokens, ignore_eos: true, temperature: 0 }),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  return (await response.json()) as Completion;
}

/** Token ids that are in every test model's vocabulary. */
export function promptOf(tokens: number): number[] {
  return Array.from({ length: tokens }, (_, i) => 5 + ((i * 7) % 900));
}
