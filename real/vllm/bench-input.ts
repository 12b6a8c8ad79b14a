/** What a load against a vLLM server is made from. */
import type { OnProgress } from "../live-figures.js";
import type { RunInfo, RunJournal, Workload, WorkloadRequest } from "../../formats/index.js";
import type { ConnectionLimits, Endpoint, Sampling } from "./client/index.js";
import type { Network, ServedModel, ServerRef } from "./access/index.js";

/** How requests are made and sent, whatever the load. */
export interface VllmClientOptions {
  /** Of the server, such as http://127.0.0.1:8000, with what lets a client in where it takes more (addressOf). */
  readonly baseUrl: ServerRef;
  /** Absent: the first that the server serves. */
  readonly model?: string | undefined;
  /** Default /v1/completions. */
  readonly endpoint?: Endpoint | undefined;
  /** Default: ignore_eos, the rest as the server has it. */
  readonly sampling?: Sampling | undefined;
  /** Random token ids are below this (32,000): no more than the model's vocabulary (vocabularyFor finds it). */
  readonly vocab?: number | undefined;
  /** Requests before the run, one after another (1). The first that fails is a BackendError. */
  readonly warmUps?: number | undefined;
  /** The server has answered requests already, so that a run without warm-ups is valid too. */
  readonly isWarm?: boolean | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Asks for token ids with every chunk: how many it holds is then recorded, at some cost to the server. */
  readonly returnTokenIds?: boolean | undefined;
}

export interface BenchVllmInput extends VllmClientOptions {
  /** Explicit requests: ids, lengths, arrivals (absent: closed loop of maxConcurrency), text, shared content. */
  readonly workload: Workload;
  readonly load: RunInfo["load"];
  /** Of the token ids. */
  readonly seed: string;
  /** Date to stamp the run with, ISO 8601. */
  readonly date: string;
  /** Label of a request that probes something; becomes the column "probe". */
  readonly probeOf?: ((request: WorkloadRequest, index: number) => string | undefined) | undefined;
  /** Settings of the server, where known, by its engine's names. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** What the server uses that no profile models: a fit or a replay of the run rejects it. */
  readonly unmodelled?: readonly string[] | undefined;
  /** The way to the server, where it was measured. */
  readonly network?: Network | undefined;
  readonly policySettings?: Readonly<Record<string, unknown>> | undefined;
  readonly hardware?: RunInfo["hardware"] | undefined;
  /** Worker threads that send (1: this thread). */
  readonly workers?: number | undefined;
  /** Percentiles that the run is for, 0 to 100: it is not valid with too few requests for them. Default: 50. */
  readonly percentiles?: readonly number[] | undefined;
  readonly keepsText?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Keeps what ends while the run goes on. */
  readonly journal?: RunJournal | undefined;
  /** Waited for between the warm-ups and the run; told what is served. */
  readonly onWarm?: ((model: ServedModel) => Promise<void>) | undefined;
  readonly onProgress?: OnProgress | undefined;
}
