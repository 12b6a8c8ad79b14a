/** Reading experiment.yaml, with the line of whatever is wrong, and writing the resolved experiment back. */
import { LineCounter, parseDocument, stringify, type Document, type Node } from "yaml";
import type { z } from "zod";
import { check } from "../check.js";
import { ConfigError } from "../errors.js";
import { experimentSchema, validationSchema, type Experiment, type Validation } from "../experiment.js";
import { sweepSchema, type Sweep } from "../sweep.js";
import { writeTextAtomic, readText } from "./disk/index.js";

export function readExperiment(path: string): Experiment {
  return readYaml(path, experimentSchema);
}

export function readValidation(path: string): Validation {
  return readYaml(path, validationSchema);
}

/** Paths in the file are from its folder; what they name is looked at later. */
export function readSweep(path: string): Sweep {
  return readYaml(path, sweepSchema);
}

function readYaml<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const lines = new LineCounter();
  const document = parsed(path, lines);
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
  return check(schema, plainOf(document, path), { source: path, lineOf });
}

/** Far more than an experiment needs; a document of some kilobytes can nest or repeat itself beyond what memory holds. */
const MAX_YAML_CHARACTERS = 1 << 20;
const MAX_ALIASES = 100;

function parsed(path: string, lineCounter: LineCounter): Document.Parsed {
  const text = readText(path);
  if (text.length > MAX_YAML_CHARACTERS) {
    throw new ConfigError(`${path}: got ${text.length} characters, expected at most ${MAX_YAML_CHARACTERS}`);
  }
  try {
    return parseDocument(text, { lineCounter });
  } catch (error) {
    throw tooNested(path, error);
  }
}

function plainOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw tooNested(path, error);
  }
}

/** A stack that overflows, or aliases of aliases (yaml counts what they would become). */
function tooNested(path: string, cause: unknown): unknown {
  if (cause instanceof RangeError) return new ConfigError(`${path}: nested too deep for an experiment`, { cause });
  if (cause instanceof ReferenceError) {
    return new ConfigError(`${path}: ${cause.message.toLowerCase()}; write out what aliases stand for`, { cause });
  }
  return cause;
}

export function writeExperiment(path: string, experiment: Experiment): void {
  writeTextAtomic(path, stringify(experiment));
}
