/**
 * Checks a value against a zod schema and says what is wrong so that a user can act on it: where (file, line, path),
 * got, expected, and the nearest known name for a misspelt key.
 */
import { greatest } from "./extremes.js";
import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { ConfigError } from "./errors.js";

export type PathPart = PropertyKey;

export interface CheckContext {
  /** File, flag or object the value came from, as the user knows it. */
  readonly source: string;
  /** Line of a path in the source, where the reader knows it. */
  readonly lineOf?: (path: readonly PathPart[]) => number | undefined;
  /** How the user writes a path, where that is not `a.b[0]` (a flag, say). */
  readonly nameOf?: (path: readonly PathPart[]) => string;
  /** Error class to throw: ConfigError for what users write, ArtifactError for what servesim writes. */
  readonly Failure?: new (message: string) => Error;
}

/** Returns the parsed value, every default filled; throws one error that names each problem (at most five). */
export function check<S extends z.ZodType>(schema: S, value: unknown, context: CheckContext): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true, jitless: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describe(issue, { schema, value, context }));
  const shown = problems.slice(0, 5).join("\n  ");
  const more = problems.length > 5 ? `\n  and ${problems.length - 5} more` : "";
  throw new (context.Failure ?? ConfigError)(
    problems.length === 1 ? shown : `${problems.length} problems:\n  ${shown}${more}`,
  );
}

/** "did you mean" for a name that is not known; empty when nothing known is near. */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(name, known);
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3)) ? `, did you mean "${nearest}"?` : "";
}

interface Checked {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly context: CheckContext;
}

function describe(issue: z.core.$ZodIssue, checked: Checked): string[] {
  const { schema, value, context } = checked;
  const where = (path: readonly PathPart[]): string => {
    const line = context.lineOf?.(path);
    const at = line === undefined ? context.source : `${context.source}:${line}`;
    return path.length === 0 ? at : `${at}: ${(context.nameOf ?? formatPath)(path)}`;
  };
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const list = known.length > 0 ? ` (known: ${known.join(", ")})` : "";
      return `${where([...issue.path, key])}: unknown key "${key}"${suggest(key, known)}${list}`;
    });
  }
  if (issue.code === "invalid_union") {
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const deepest = branches.sort((a, b) => depth(b) - depth(a))[0];
    if (deepest !== undefined && depth(deepest) > 0) {
      return deepest.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] }, checked));
    }
    const expected = branches.flat().map((inner) => plain(inner.message));
    return [`${where(issue.path)}: got ${show(valueAt(value, issue.path))}, ${[...new Set(expected)].join(" or ")}`];
  }
  return [`${where(issue.path)}: got ${show(valueAt(value, issue.path))}, ${plain(issue.message)}`];
}

/** What the user wrote at a path; an issue's own input may be a conversion of it. */
function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  return path.reduce((inner, part) => (inner as Record<PathPart, unknown> | null | undefined)?.[part], value);
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return greatest(issues.map((issue) => issue.path.length));
}

function plain(message: string): string {
  const text = message
    .replace(/^Invalid input: /, "")
    .replace(/^Too (small|big): /, "")
    .replace(/, received \w+$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function formatPath(path: readonly PathPart[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  const text = ["function", "symbol", "bigint"].includes(typeof value) ? typeof value : jsonOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** As JSON; a value that JSON cannot hold, such as an object that contains itself, is shown by its type. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return typeof value;
  }
}

/** Keys that the schema knows at a path, through arrays, unions and wrappers. */
function knownKeys(schema: z.ZodType, path: readonly PathPart[]): string[] {
  let nodes: JsonNode[] = [z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as JsonNode];
  for (const part of path) {
    nodes = nodes.flatMap(branches).flatMap((node) => {
      const next = typeof part === "number" ? node.items : (node.properties?.[String(part)] ?? additional(node));
      return next === undefined ? [] : [next];
    });
  }
  return [...new Set(nodes.flatMap(branches).flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonNode {
  readonly properties?: Record<string, JsonNode>;
  readonly additionalProperties?: JsonNode | boolean;
  readonly items?: JsonNode;
  readonly anyOf?: JsonNode[];
  readonly oneOf?: JsonNode[];
  readonly allOf?: JsonNode[];
}

function branches(node: JsonNode): JsonNode[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return [node, ...inner.flatMap(branches)];
}

function additional(node: JsonNode): JsonNode | undefined {
  return typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
}
