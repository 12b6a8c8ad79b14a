/** How a policy of steps runs on ONNX Runtime unless its settings say otherwise. */

/**
 * Each sequence takes a slot of max_model_len tokens. Scheduling takes so little time compared with a step that doing
 * it ahead gains nothing, and makes requests wait for one more step.
 */
export const defaultStepSettings = {
  max_num_seqs: 32,
  async_scheduling: false,
  enable_prefix_caching: false,
} as const;
