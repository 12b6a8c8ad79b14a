/** Finds the schema of one number inside a larger schema. */
import { z } from "zod";

/**
 * The schema of the number at a path of keys, where it alone decides whether a number may stand there: undefined where a
 * schema above it checks more than its keys, and where no number is.
 */
export function numberAt(schema: z.core.$ZodType, keys: readonly string[]): z.ZodNumber | undefined {
  let node: z.core.$ZodType | undefined = bare(schema);
  for (const key of keys) {
    if (!(node instanceof z.ZodObject) || (node.def.checks ?? []).length > 0) return undefined;
    const inner: z.core.$ZodType | undefined = (node.shape as Readonly<Record<string, z.core.$ZodType>>)[key];
    node = inner === undefined ? undefined : bare(inner);
  }
  return node instanceof z.ZodNumber ? node : undefined;
}

/** Without what says that it may be absent. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const isOptional =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isOptional ? bare(schema.def.innerType) : schema;
}
