/** The formats by name, and their JSON Schema (what a user's file may hold, before defaults are filled). */
import { z } from "zod";
import { ConfigError } from "./errors.js";
import { suggest } from "./check.js";
import { answerSchema, verificationSchema } from "./answer/index.js";
import { experimentSchema } from "./experiment.js";
import { originalRowSchema } from "./original-csv.js";
import { profileSchema } from "./profile/index.js";
import { manifestSchema, runSchema } from "./run/index.js";
import { sweepSchema } from "./sweep.js";
import { promptsSchema, workloadRowSchema } from "./load/index.js";

const schemas: Readonly<Record<string, z.ZodType>> = {
  answer: answerSchema,
  experiment: experimentSchema,
  manifest: manifestSchema,
  "original-csv-row": originalRowSchema,
  profile: profileSchema,
  prompts: promptsSchema,
  run: runSchema,
  sweep: sweepSchema,
  verification: verificationSchema,
  "workload-row": workloadRowSchema,
};

/** Names that `jsonSchema` knows. */
export const schemaNames: readonly string[] = Object.keys(schemas);

/** JSON Schema (draft 2020-12) of a format. */
export function jsonSchema(name: string): object {
  const schema = schemas[name];
  if (schema === undefined) {
    throw new ConfigError(`no schema "${name}"${suggest(name, schemaNames)} (known: ${schemaNames.join(", ")})`);
  }
  return { title: `servesim ${name}`, ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) };
}
