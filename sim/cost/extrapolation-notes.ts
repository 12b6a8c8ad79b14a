/** What a run asked beyond its profile's measured range, in a sentence. */
import { sharePercent, type Extrapolation } from "../../formats/index.js";

const names: Readonly<Record<Extrapolation["of"][number]["quantity"], string>> = {
  batch: "requests at once",
  step_tokens: "tokens in a step",
  prefill_tokens: "prompt tokens in a step",
  attention_pairs: "attention pairs of prompts in a step",
  prompt_tokens: "tokens of a prompt",
  context_tokens: "context tokens of a request",
};

/** None where all of it was measured. */
export function extrapolationNotes({ share, of }: Extrapolation): string[] {
  if (of.length === 0) return [];
  const parts = of.map(({ quantity, side, measured_to, asked, share: own }) => {
    const [reaching, measured] = side === "above" ? ["up to", "to"] : ["down to", "from"];
    return `${reaching} ${count(asked)} ${names[quantity]} (measured ${measured} ${count(measured_to)}; ${sharePercent(own)})`;
  });
  return [
    `extrapolated for ${sharePercent(share)} of the time, beyond what the profile was measured on: ${parts.join(", ")}`,
  ];
}

function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}
