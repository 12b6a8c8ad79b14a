/** Where an engine stands and what it has counted, as far as runs of decodes that are taken at once move it on. Times in ns. */
export interface EngineClocks {
  hostNs: number;
  gpuEndNs: number;
  /** When outputs were reported last, and when all first chunks reported are out. */
  deliveredNs: number;
  readonly firstsOutNs: number;
  /** No request comes before this time, and nobody answers. */
  readonly outputLimitNs: number;
  /** GPU time of all steps. */
  busyNs: number;
  /** Time in which the host thread worked: neither waited for the GPU nor for requests. */
  hostBusyNs: number;
  steps: number;
  /** Steps that a closed form stood for. */
  jumpedSteps: number;
  /** Steps with drawn times that were taken in runs of decodes. */
  runSteps: number;
}
