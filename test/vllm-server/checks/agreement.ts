/** The circle closed: a load that no fit has seen, measured on the server and simulated on its profile. */
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";
import { agree } from "./agree.js";

const lengths = ["--random-input-len", "160", "--random-output-len", "40", "--random-range-ratio", "0.5"];
const rate = ["--request-rate", "2", "--num-prompts", "60", "--seed", "agreement"];

export const agreement: Check = {
  name: "a load never tried before is predicted",
  variant: plain,
  run: (context) =>
    agree(context, {
      load: ["--dataset-name", "random", ...lengths, ...rate],
      means: ["mean_ttft_ms", "mean_e2el_ms"],
    }),
};
