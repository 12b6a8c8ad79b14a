/** vLLM's per-request spans over OTLP/HTTP. */
export { startOtlpReceiver, type OtlpReceiver } from "./receiver.js";
export { joinSpans, type JoinedSpans, type RequestSpan } from "./request-span.js";
