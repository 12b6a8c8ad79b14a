/**
 * The part of OTLP's trace export that servesim reads: opentelemetry/proto/collector/trace/v1/trace_service.proto and
 * what it imports, as a protobufjs descriptor. Fields that are not listed are skipped.
 */
import protobuf from "protobufjs/light.js";

const repeated = (id: number, type: string): object => ({ id, type, rule: "repeated" });

const root = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: { fields: { resourceSpans: repeated(1, "ResourceSpans") } },
    ResourceSpans: { fields: { scopeSpans: repeated(2, "ScopeSpans") } },
    ScopeSpans: { fields: { spans: repeated(2, "Span") } },
    Span: {
      fields: {
        name: { id: 5, type: "string" },
        startTimeUnixNano: { id: 7, type: "fixed64" },
        endTimeUnixNano: { id: 8, type: "fixed64" },
        attributes: repeated(9, "KeyValue"),
      },
    },
    KeyValue: { fields: { key: { id: 1, type: "string" }, value: { id: 2, type: "AnyValue" } } },
    AnyValue: {
      oneofs: { value: { oneof: ["stringValue", "boolValue", "intValue", "doubleValue"] } },
      fields: {
        stringValue: { id: 1, type: "string" },
        boolValue: { id: 2, type: "bool" },
        intValue: { id: 3, type: "int64" },
        doubleValue: { id: 4, type: "double" },
      },
    },
  },
} as protobuf.INamespace);

const exportRequest = root.lookupType("ExportTraceServiceRequest");

/** An export as plain objects, the way OTLP's JSON form has it: 64-bit numbers as strings. */
export function decodeExport(bytes: Uint8Array): unknown {
  return exportRequest.toObject(exportRequest.decode(bytes), { longs: String });
}

/** Bytes of an export given in the JSON form. */
export function encodeExport(value: Readonly<Record<string, unknown>>): Uint8Array {
  return exportRequest.encode(exportRequest.fromObject(value)).finish();
}
