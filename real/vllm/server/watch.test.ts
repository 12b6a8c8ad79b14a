import { createServer, type Server } from "node:http";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "../../../formats/index.js";
import { realClock } from "../../clock.js";
import { writeServerView } from "./server-view.js";
import { startServerWatch } from "./watch.js";

/** What a server's /metrics says at the n-th request, from 0. */
type Page = (n: number) => { status?: number; text: string };

async function serve(page: Page): Promise<{ baseUrl: string; asked: () => number; close: () => Promise<void> }> {
  let asked = 0;
  const server: Server = createServer((_request, response) => {
    const { status = 200, text } = page(asked++);
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State {
  readonly running: number;
  readonly served: number;
  readonly startedAtS?: number;
}

function metrics({ running, served, startedAtS = 1000 }: State): string {
  return [
    `process_start_time_seconds ${startedAtS}`,
    `vllm:num_requests_running{engine="0"} ${running}`,
    `vllm:num_requests_waiting{engine="0"} 0`,
    `vllm:kv_cache_usage_perc{engine="0"} ${running / 10}`,
    `vllm:num_preemptions_total{engine="0"} ${served}`,
    `vllm:request_success_total{finished_reason="stop"} ${served}`,
    `vllm:request_success_total{finished_reason="length"} ${2 * served}`,
    `vllm:request_queue_time_seconds_bucket{le="0.3"} ${served}`,
    `vllm:request_queue_time_seconds_bucket{le="0.5"} ${3 * served}`,
    `vllm:request_queue_time_seconds_bucket{le="+Inf"} ${3 * served}`,
    `vllm:request_queue_time_seconds_sum ${served * 0.8}`,
    'vllm:cache_config_info{block_size="16",num_gpu_blocks="28982",cache_dtype="auto"} 1.0',
  ].join("\n");
}

/** Notes that do not depend on how quick this machine is. */
function faults(notes: readonly string[]): string[] {
  return notes.filter((note) => !note.includes("was read less often"));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("before, during and after: differences, changes of the gauges alone, and both files", async () => {
  // Idle, then 3 running for a while, then idle again; two requests' worth came in between.
  const server = await serve((n) => ({ text: metrics({ running: n >= 2 && n < 8 ? 3 : 0, served: n < 8 ? 5 : 7 }) }));
  const watch = await startServerWatch(server.baseUrl, { everyMs: 2 });
  const startNs = realClock.nowNs();
  await until(() => server.asked() > 12);
  const view = await watch.stop(startNs);
  await server.close();

  expect(view.samples.map(({ running }) => running)).toEqual([0, 3, 0]);
  expect(view.scrapes.taken).toBeGreaterThan(view.scrapes.kept);
  expect(view.counters).toEqual({ preemptions: 2, requests_finished: 6 });
  expect(view.histograms.queue_ms).toMatchObject({ count: 6, p50: { within: [300, 500] } });
  expect(view.histograms.queue_ms!.mean).toBeCloseTo(1600 / 6, 6);
  expect(view.histograms.queue_ms!.buckets).toEqual([
    [300, 2],
    [500, 4],
  ]);
  expect(view.gauges.running!.max).toBe(3);
  expect(view.gauges.kv_fraction!.max).toBeCloseTo(0.3, 12);
  expect([view.block_size, view.num_gpu_blocks]).toEqual([16, 28982]);
  expect(view.missing).toContain("ttft_ms");
  expect(faults(view.notes)).toEqual([]);

  const folder = mkdtempSync(join(tmpdir(), "servesim-"));
  await writeServerView(folder, view);
  expect(JSON.parse(readFileSync(join(folder, "server.json"), "utf8"))).toMatchObject({
    version: 1,
    num_gpu_blocks: 28982,
  });
  const rows = readFileSync(join(folder, "server-samples.csv"), "utf8").trim().split("\n");
  expect(rows[0]).toBe("at_ms,running,waiting,kv_fraction,preemptions");
  expect(rows).toHaveLength(4);
});

test("a server restarted in between gives no differences, and the view says so", async () => {
  const server = await serve((n) => ({ text: metrics({ running: 0, served: 9, startedAtS: n === 0 ? 1000 : 2000 }) }));
  const watch = await startServerWatch(server.baseUrl, { everyMs: 0 });
  const view = await watch.stop(realClock.nowNs());
  await server.close();
  expect(view.histograms).toEqual({});
  expect(view.counters).toEqual({});
  expect(view.notes[0]).toMatch("restarted");
});

test("readings that fail are counted and told, and the others stand", async () => {
  const server = await serve((n) => ({
    status: n === 2 ? 503 : 200,
    text: metrics({ running: 0, served: n }),
  }));
  const watch = await startServerWatch(server.baseUrl, { everyMs: 1 });
  await until(() => server.asked() > 4);
  const view = await watch.stop(realClock.nowNs());
  await server.close();
  expect(view.scrapes.failed).toBe(1);
  expect(faults(view.notes)).toEqual([`1 of ${view.scrapes.taken} readings of /metrics failed`]);
});

test("a server that never becomes idle is reported", async () => {
  const server = await serve(() => ({ text: metrics({ running: 1, served: 1 }) }));
  const watch = await startServerWatch(server.baseUrl, { everyMs: 0 });
  const view = await watch.stop(realClock.nowNs());
  await server.close();
  expect(view.notes[0]).toMatch("still had requests");
});

test("no metrics: rejected with what to do", async () => {
  const none = await serve(() => ({ status: 404, text: "Not Found" }));
  await expect(startServerWatch(none.baseUrl)).rejects.toThrow("answered with HTTP 404, expected vLLM's metrics");
  await none.close();
  const other = await serve(() => ({ text: "python_gc 1\n" }));
  await expect(startServerWatch(other.baseUrl)).rejects.toThrow("--disable-log-stats");
  await other.close();
  await expect(startServerWatch(other.baseUrl)).rejects.toThrow(BackendError);
});
