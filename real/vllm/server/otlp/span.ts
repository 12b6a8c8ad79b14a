/** Spans of an OTLP export, from protocol buffers or JSON, with the attributes that are plain values. */
import { z } from "zod";
import { ArtifactError, plainLine } from "../../../../formats/index.js";
import { rejectTooMany } from "./item-count.js";
import { decodeExport } from "./trace-proto.js";

export type Attribute = string | number | boolean;

export interface Span {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** 64-bit integers come as strings in JSON, as numbers from some senders. */
const anyValue = z.looseObject({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  // Not-a-number and infinities are strings in JSON.
  doubleValue: z.union([z.number(), z.string()]).optional(),
});
const exportSchema = z.looseObject({
  resourceSpans: z
    .array(
      z.looseObject({
        scopeSpans: z
          .array(
            z.looseObject({
              spans: z
                .array(
                  z.looseObject({
                    name: z.string().default(""),
                    attributes: z.array(z.looseObject({ key: z.string(), value: anyValue.optional() })).default([]),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

export type TraceEncoding = "protobuf" | "json";

/** Spans of one export; ArtifactError when the bytes are not one. */
export function spansOf(bytes: Buffer, encoding: TraceEncoding): Span[] {
  let value: unknown;
  try {
    rejectTooMany(bytes, encoding);
    value = encoding === "json" ? JSON.parse(bytes.toString("utf8")) : decodeExport(bytes);
  } catch (cause) {
    if (cause instanceof ArtifactError) throw cause;
    const said = plainLine(cause instanceof Error ? cause.message : String(cause));
    throw new ArtifactError(`a trace export of ${bytes.length} bytes is not ${encoding}: ${said}`, { cause });
  }
  const parsed = exportSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new ArtifactError(`a trace export in ${encoding} is of another form: ${path.join(".")}: ${message}`);
  }
  const scopes = parsed.data.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  return scopes.flatMap(({ spans }) =>
    spans.map(({ name, attributes }) => ({
      name,
      attributes: new Map(
        attributes.flatMap(({ key, value: any }) => {
          const plain = any === undefined ? undefined : plainValue(any);
          return plain === undefined ? [] : [[key, plain] as const];
        }),
      ),
    })),
  );
}

/** Lists and maps are left out: none of the attributes that are read is one. */
function plainValue({
  stringValue,
  boolValue,
  intValue,
  doubleValue,
}: z.output<typeof anyValue>): Attribute | undefined {
  if (stringValue !== undefined) return stringValue;
  if (boolValue !== undefined) return boolValue;
  const number = intValue ?? doubleValue;
  return number === undefined ? undefined : Number(number);
}
