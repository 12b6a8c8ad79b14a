/** Token ids of a text by GPT-2's byte-pair encoding (r50k_base), loaded on first use: the table is large. */

export type Tokenize = (text: string) => number[];

/** The tokenizer; ids are below 50,257. Special tokens in a text ("<|endoftext|>") are taken as plain text. */
export async function loadTokenizer(): Promise<Tokenize> {
  const { encode } = await import("gpt-tokenizer/encoding/r50k_base");
  const plainText = { disallowedSpecial: new Set<string>() };
  return (text) => encode(text, plainText);
}

/** Text of GPT-2's token ids; parts of characters cut off at the end come out as U+FFFD. */
export async function loadDetokenizer(): Promise<(tokenIds: readonly number[]) => string> {
  const { decode } = await import("gpt-tokenizer/encoding/r50k_base");
  return (tokenIds) => decode([...tokenIds]);
}
