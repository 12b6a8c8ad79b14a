import { replicasPicture, type ReplicasPicture } from "./replicas-picture.js";

const windows = [2, 5, null].map((replicas, at) => ({
  start_s: 60 * at,
  end_s: 60 * at + 60,
  requests: 600,
  replicas,
}));
const picture: ReplicasPicture = {
  title: "vllm <within> limits",
  policy: "vllm",
  value: 5,
  trace: { window_s: 60, windows, fixed_replica_hours: 0.25, ideal_replica_hours: null },
};
const range = { value: 1, low: 1, high: 1 };

test("replicas over time have a bar for each window, a line for the fixed number and one for the autoscaler", () => {
  const svg = replicasPicture(picture);
  expect(svg).toContain("5 replicas all the time are enough; window by window 2, 5, 0.");
  expect(svg.match(/<title>from /g)).toHaveLength(6);
  expect(svg).toContain("vllm &lt;within&gt; limits");
  const timeline = [0, 30, 400].map((at_s) => ({ at_s, serving: 1 + at_s / 30, starting: 0, draining: 0 }));
  const plan = { signal: "queue", target: 2, startup_s: 1, interval_s: 1, scale_down_delay_s: 1, min: 1, max: 9, initial: 1 } as const; // prettier-ignore
  const autoscale = { plan, verdict: "met", met_share: 1, attainment: range, minutes: 3, minutes_outside: range, replica_hours: range, mean_replicas: 2, peak_replicas: 14, statistics: {}, timeline } as const; // prettier-ignore
  const both = replicasPicture({ ...picture, autoscale: { ...autoscale, timeline } });
  expect(both).toContain("the autoscaler takes up to 14");
  expect(both).not.toMatch(/NaN|Infinity/);
});

test("without a fixed number there is no line for it", () => {
  const svg = replicasPicture({ ...picture, value: null });
  expect(svg).toContain("no fixed number is enough");
  expect(svg).not.toMatch(/NaN|Infinity|null/);
});
