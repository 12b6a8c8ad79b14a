/** What CUDA's own errors mean for a user, where a session cannot be opened: no device, a driver that is too old, no memory. */

/** https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html, cudaError */
const remedies: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    /CUDA failure 100\b|no CUDA-capable device/i,
    'no CUDA device is visible: see what nvidia-smi lists and CUDA_VISIBLE_DEVICES hides (a container sees them only with --gpus), or use device "cpu"',
  ],
  [
    /CUDA failure (35|803)\b|driver version is insufficient|unsupported display driver/i,
    'NVIDIA\'s driver is too old for CUDA 13: update it, or use device "cpu"',
  ],
  [
    /CUDA failure 209\b|no kernel image is available/i,
    'ONNX Runtime has no kernels for this card\'s compute capability: use another card, or device "cpu"',
  ],
];

/** What is wrong and what to do; undefined for an error of another kind. */
export function cudaRemedy(message: string): string | undefined {
  return remedies.find(([pattern]) => pattern.test(message))?.[1];
}
