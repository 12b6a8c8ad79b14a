/** What probes of a model with experts do not show: their prompts are random token ids, and which experts a token goes through depends on it. */
import { isProbes, type RecordedRun } from "../recording/index.js";
import { recordedModel } from "./model-shape.js";

/** Names that say of a model that it has experts: "Qwen1.5-MoE", "Mixtral-8x7B", "Qwen3-30B-A3B". */
const NAMES_OF_EXPERTS = /(^|[^a-z])moe([^a-z]|$)|\d+x\d+(\.\d+)?b|-a\d+(\.\d+)?b/i;

/** Empty for a dense model, for one that does not say, and without probes. */
export function routingNotes(runs: readonly RecordedRun[]): string[] {
  const probed = runs.filter(isProbes).find(({ run }) => hasExperts(run));
  if (probed === undefined) return [];
  return [
    `${probed.run.info.model.name} has experts: the prompts of probes are random token ids, which may be routed to other experts, and ` +
      "more evenly, than text; costs of steps are those of random tokens until a load of real prompts (bench --prompts) is in the fit",
  ];
}

function hasExperts(run: RecordedRun["run"]): boolean {
  return recordedModel(run).model.experts !== undefined || NAMES_OF_EXPERTS.test(run.info.model.name);
}
