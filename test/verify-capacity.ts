/**
 * npm run -s verify:capacity [-- --cases N] [--seed S] [--json]: random loads at known shares of capacity, over the
 * shipped profiles and all policies, and whether servesim's verdict on each is right. Exit 1 when fewer than 99 % are.
 * With --edges: random latency goals in place of shares, and whether the edge by brute force lies in the interval of
 * `servesim capacity`. Exit 1 when it does in fewer than 90 %. With --sessions: the same of loads of sessions.
 */
import { parseArgs } from "node:util";
import { verifyEdges, verifySessionEdges } from "./capacity/verify-edges.js";
import { capacityCase, loadKinds, utilisations } from "./capacity/cases.js";
import { judge, type Judged } from "./capacity/judge.js";

const WANTED_SHARE = 0.99;

const { cases, seed, json, edges, sessions } = options();
if (sessions) process.exitCode = (await verifySessionEdges(cases, seed)) ? 0 : 1;
else if (edges) process.exitCode = (await verifyEdges(cases, seed)) ? 0 : 1;
else verifyVerdicts();

function verifyVerdicts(): void {
  const judged = Array.from({ length: cases }, (_, number) => judge(capacityCase(number, seed)));
  const isRight = ({ told, expected }: Judged): boolean => told === expected;
  const right = judged.filter(isRight).length;
  if (json) {
    console.log(JSON.stringify({ cases, seed, right, judged: judged.map(plain) }, null, 2));
  } else {
    for (const kind of loadKinds) {
      for (const share of utilisations) {
        const of = judged.filter(({ given }) => given.kind === kind && given.utilisation === share);
        if (of.length > 0) console.log(`${kind} at ${share}: ${of.filter(isRight).length} of ${of.length} right`);
      }
    }
    const errors = judged.flatMap(({ toldPerS, truePerS }) => (toldPerS === null ? [] : [toldPerS / truePerS - 1]));
    const sorted = errors.map(Math.abs).sort((a, b) => a - b);
    const at = (share: number): string => `${(100 * sorted[Math.floor(share * (sorted.length - 1))]!).toFixed(1)} %`;
    console.log(`capacity against the long open loops: error ${at(0.5)} (median), ${at(0.95)} (P95), ${at(1)} (most)`);
    console.log(
      `open loops that grow or not as they should: ${judged.filter((one) => one.isBorneOut).length} of ${cases}`,
    );
    for (const one of judged.filter((one) => !isRight(one))) console.log(`wrong: ${JSON.stringify(plain(one))}`);
    console.log(`verdicts right: ${right} of ${cases}`);
  }
  if (right < WANTED_SHARE * cases) process.exitCode = 1;
}

function plain({ given, ...found }: Judged): object {
  const { number, profile, plan, load, kind, utilisation, requests, replicas } = given;
  const { name: policy, settings } = plan;
  return { number, profile: profile.name, policy, settings, load, kind, utilisation, requests, replicas, ...found };
}

function options(): { cases: number; seed: string; json: boolean; edges: boolean; sessions: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        cases: { type: "string", default: "100" },
        seed: { type: "string", default: "1" },
        json: { type: "boolean", default: false },
        edges: { type: "boolean", default: false },
        sessions: { type: "boolean", default: false },
      },
    });
    const cases = Number(values.cases);
    if (Number.isSafeInteger(cases) && cases >= 1) return { ...values, cases };
    throw new Error(`--cases "${values.cases}", expected a whole number, at least 1`);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message.replaceAll("\n", " ") : String(error)}`);
    process.exit(2);
  }
}
