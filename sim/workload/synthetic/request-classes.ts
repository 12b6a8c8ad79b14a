/** Requests of classes in given shares, each with its own priority and lengths, drawn from streams of their own. */
import {
  ConfigError,
  defined,
  InvariantError,
  parseClasses,
  withFields,
  type Load,
  type RequestClass,
  type Workload,
} from "../../../formats/index.js";
import { stream, type Random } from "../../kernel/index.js";
import { lognormalTokens, sigmaOfCv } from "./distributions.js";

/** The classes of a load; none where it has none. */
export function classesOf({ classes }: Load): readonly RequestClass[] {
  if (classes === undefined) return [];
  const found = parseClasses(classes);
  if (typeof found === "string") throw new InvariantError(`classes: ${found}, and that was not rejected`);
  return found;
}

/** The workload with a class for each request; the same where the load has no classes. */
export function withClasses(workload: Workload, load: Load, seed: string): Workload {
  const classes = classesOf(load);
  if (classes.length === 0) return workload;
  const random = stream(`${seed}/0/classes`);
  const lengths = stream(`${seed}/0/class-lengths`);
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  const requests = workload.requests.map((request) => {
    const one = drawClass(classes, random() * total);
    const promptTokens = drawTokens(one.input_len, one.input_cv, lengths);
    if (promptTokens !== undefined && (request.prompt ?? request.content) !== undefined) {
      throw new ConfigError(
        `classes: ${one.name} has an input_len, but the load's prompts have their texts; leave it out`,
      );
    }
    const outputTokens = drawTokens(one.output_len, one.output_cv, lengths);
    return withFields(request, {
      class: one.name,
      ...defined({ priority: one.priority, promptTokens, outputTokens }),
    });
  });
  return { ...workload, requests };
}

function drawClass(classes: readonly RequestClass[], at: number): RequestClass {
  let sum = 0;
  return classes.find(({ share }) => at < (sum += share)) ?? classes.at(-1)!;
}

function drawTokens(mean: number | undefined, cv = 0, random: Random): number | undefined {
  if (mean === undefined) return undefined;
  return cv === 0 ? mean : lognormalTokens(mean, sigmaOfCv(cv))(random);
}
