/** Reading experiment.yaml, with the line of whatever is wrong, and writing the resolved experiment back. */
import { LineCounter, parseDocument, stringify, type Node } from "yaml";
import type { z } from "zod";
import { check } from "../check.js";
import { ConfigError } from "../errors.js";
import { experimentSchema, validationSchema, type Experiment, type Validation } from "../experiment.js";
import { writeTextAtomic } from "./atomic.js";
import { readText } from "./read-bytes.js";

export function readExperiment(path: string): Experiment {
  return readYaml(path, experimentSchema);
}

export function readValidation(path: string): Validation {
  return readYaml(path, validationSchema);
}

function readYaml<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const line = lines.linePos(problem.pos[0]).line;
    throw new ConfigError(
      `${path}:${line}: not YAML: ${problem.message.split("\n")[0]!.replace(/ at line \d+, column \d+:$/, "")}`,
    );
  }
  const lineOf = (keys: readonly PropertyKey[]): number | undefined => {
    for (let length = keys.length; length >= 0; length--) {
      const node = document.getIn(keys.slice(0, length), true) as Node | null | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
  return check(schema, document.toJS(), { source: path, lineOf });
}

export function writeExperiment(path: string, experiment: Experiment): void {
  writeTextAtomic(path, stringify(experiment));
}
