/** The graphs of a model, by family and by use: prompt, decode loop, plain forward pass, step of continuous batching. */
export { decodeGraph } from "./decode-graph.js";
export { decoderOf } from "./decoders.js";
export { cacheDims, graphNames, type CacheTensor } from "./graph-io.js";
export { forwardGraph, prefillGraph } from "./prompt-graphs.js";
export { cacheParts, groupNames, stepGraph, stepNames, type GroupNames } from "./step-graph.js";
export { slotCopyGraph, slotNames } from "./slot-copy-graph.js";
