/**
 * The request log as the receiver of tokens where no step is jumped over, so that each token is reported separately.
 */
import { InvariantError } from "../../formats/index.js";
import type { TokenSink } from "../policy/index.js";
import type { StepLog } from "./step-log.js";

export function tokenByToken(log: StepLog): TokenSink {
  return {
    token: (index, atNs) => log.token(index, atNs),
    steadyTokens: () => {
      throw new InvariantError("tokens were reported for all requests together, expected each by itself");
    },
    lastTokenWas: (index, atNs) => {
      log.lastTokenWas(index, atNs);
    },
  };
}
