/** The kernel against theory: a single server fed by a Poisson stream, built on the calendar alone. */
import { Calendar, exponential, stream } from "./index.js";

const ARRIVAL = 1;
const DEPARTURE = 0;

interface QueueResult {
  readonly meanWaitS: number;
  readonly meanInSystem: number;
  readonly meanSojournS: number;
  readonly throughputPerS: number;
}

/** First come first served, one server; `serviceS` draws a service time. */
function singleServer(arrivalsPerS: number, serviceS: () => number, customers: number): QueueResult {
  const calendar = new Calendar();
  const random = stream("theory/0/arrivals");
  const gapNs = (): number => Math.round((exponential(random) / arrivalsPerS) * 1e9);
  const arrivedNs: number[] = [];
  let served = 0;
  const server = { busy: false };
  let waitNs = 0;
  let sojournNs = 0;
  let areaNs = 0;
  let lastNs = 0;
  const start = (customer: number): void => {
    server.busy = true;
    waitNs += calendar.nowNs - arrivedNs[customer]!;
    calendar.schedule(calendar.nowNs + Math.round(serviceS() * 1e9), DEPARTURE, customer);
  };
  calendar.schedule(gapNs(), ARRIVAL);
  while (served < customers && calendar.advance()) {
    areaNs += (arrivedNs.length - served) * (calendar.nowNs - lastNs);
    lastNs = calendar.nowNs;
    if (calendar.eventClass === ARRIVAL) {
      arrivedNs.push(calendar.nowNs);
      calendar.schedule(calendar.nowNs + gapNs(), ARRIVAL);
      if (!server.busy) start(arrivedNs.length - 1);
    } else {
      served++;
      sojournNs += calendar.nowNs - arrivedNs[calendar.payload]!;
      server.busy = false;
      if (served < arrivedNs.length) start(served);
    }
  }
  return {
    meanWaitS: waitNs / served / 1e9,
    meanInSystem: areaNs / lastNs,
    meanSojournS: sojournNs / served / 1e9,
    throughputPerS: (served / lastNs) * 1e9,
  };
}

const MEAN_SERVICE_S = 0.1;

test.each([0.3, 0.6, 0.8])("M/M/1 at load %p waits rho/(mu - lambda)", (load) => {
  const random = stream("theory/0/services");
  const { meanWaitS } = singleServer(load / MEAN_SERVICE_S, () => exponential(random) * MEAN_SERVICE_S, 400_000);
  const expectedS = (load * MEAN_SERVICE_S) / (1 - load);
  expect(Math.abs(meanWaitS / expectedS - 1)).toBeLessThan(0.04);
});

test.each([0.3, 0.6, 0.8])("M/D/1 at load %p waits half as long as M/M/1", (load) => {
  const { meanWaitS } = singleServer(load / MEAN_SERVICE_S, () => MEAN_SERVICE_S, 400_000);
  const expectedS = (load * MEAN_SERVICE_S) / (2 * (1 - load));
  expect(Math.abs(meanWaitS / expectedS - 1)).toBeLessThan(0.04);
});

test("Little's law: mean number in the system is throughput times mean time in it", () => {
  const random = stream("theory/0/services");
  const result = singleServer(7, () => exponential(random) * MEAN_SERVICE_S, 200_000);
  expect(result.meanInSystem / (result.throughputPerS * result.meanSojournS)).toBeCloseTo(1, 3);
});
