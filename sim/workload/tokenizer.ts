/** Token ids of a text by GPT-2's byte-pair encoding (r50k_base), loaded when first asked for: the table is large. */

export type Tokenize = (text: string) => number[];

/** The tokenizer; every text has at least one token, ids are below 50,257. */
export async function loadTokenizer(): Promise<Tokenize> {
  const { encode } = await import("gpt-tokenizer/encoding/r50k_base");
  return (text) => encode(text);
}
