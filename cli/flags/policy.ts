/** The settings of every policy as flags; a flag of another policy is rejected by name. */
import { z } from "zod";
import { ConfigError } from "../../formats/index.js";
import { findPolicy, planPolicy, policyNames, type PolicyPlan } from "../../sim/index.js";
import { flagContext, flagName, givenFlags, type Shape } from "./flags.js";

/** Every policy's settings, merged by name; the help says whose each is and what it does there. */
export function policyShape(): Shape {
  return (shape ??= mergedShape());
}

let shape: Shape | undefined;

function mergedShape(): Shape {
  const merged: Record<string, z.ZodType> = {};
  for (const name of policyNames) {
    for (const [key, schema] of Object.entries(shapeOf(name))) {
      const { description } = schema;
      if (description === undefined) continue;
      const value = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
      const here = `${name}: ${description}${value === undefined ? "" : ` (${JSON.stringify(value)})`}`;
      const earlier = merged[key]?.description;
      const bare = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
      merged[key] = bare.describe(earlier === undefined ? here : `${earlier}; ${here}`);
    }
  }
  return merged;
}

/** Flags of settings that a policy knows by name only to reject them, with the policy. */
export function settingsNotModelled(): ReadonlyMap<string, string> {
  return new Map(
    policyNames.flatMap((name) =>
      Object.entries(shapeOf(name)).flatMap(([key, { description }]) =>
        description === undefined ? [[flagName(key), name] as const] : [],
      ),
    ),
  );
}

/** The policy that the flags ask for. */
export function planFromFlags(name: string, args: Readonly<Record<string, unknown>>): PolicyPlan {
  const own = shapeOf(name);
  const given = givenFlags(policyShape(), args);
  for (const key of Object.keys(given)) {
    if (key in own) continue;
    const owners = policyNames.filter((other) => key in shapeOf(other));
    throw new ConfigError(`--${flagName(key)} is a setting of ${owners.join(" and ")}, not of ${name}`);
  }
  return planPolicy(name, given, flagContext);
}

function shapeOf(name: string): Shape {
  return (findPolicy(name).settings as z.ZodObject).shape;
}
