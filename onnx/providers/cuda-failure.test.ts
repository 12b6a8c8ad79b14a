import { cudaRemedy } from "./cuda-failure.js";

// As ONNX Runtime 1.29 says it on a machine whose driver finds no device.
const noDevice =
  'Parse Failed to parse provider option "device_id": CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=vm';

test.each([
  [noDevice, /^no CUDA device is visible: .*CUDA_VISIBLE_DEVICES/],
  ["CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version", /^NVIDIA's driver is too old/],
  ["CUDA failure 209: no kernel image is available for execution on the device", /^ONNX Runtime has no kernels for/],
])("%s: told in words, with what to do", (message, told) => {
  expect(cudaRemedy(message)).toMatch(told);
});

test("other errors are left as they are", () => {
  expect(cudaRemedy("CUDA failure 2: out of memory")).toBeUndefined();
  expect(cudaRemedy("Load model failed: protobuf parsing failed")).toBeUndefined();
});
