/** Columns of requests.csv that hold an answer: its text where the model has GPT-2's vocabulary, else its token ids. */
import { tokenizerVocab } from "../../onnx/index.js";
import { loadDetokenizer } from "../../sim/index.js";

export type DescribeAnswer = (tokenIds: readonly number[]) => Readonly<Record<string, string>>;

export async function answerColumns(vocab: number): Promise<DescribeAnswer> {
  if (vocab !== tokenizerVocab) return (tokenIds) => ({ output_token_ids: tokenIds.join(" ") });
  const toText = await loadDetokenizer();
  return (tokenIds) => ({ output_token_ids: tokenIds.join(" "), output_text: toText(tokenIds) });
}
