/**
 * ONNX Runtime through its C API, for what its Node binding cannot do: outputs written in place, and memory of a
 * device.
 */
export { ortLibrary } from "./ort-library.js";
export type { OrtDevice } from "./ort-device.js";
export { DeviceMemory, HostTensor, type OrtTensor } from "./ort-tensor.js";
export { OrtBinding, OrtSession } from "./ort-session.js";
