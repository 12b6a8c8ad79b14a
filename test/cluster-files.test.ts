/** The files for clusters have the form that the API of a Job (batch/v1), by its published schema and by what of it they use, and a shell demand. They are not run. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Job } from "kubernetes-models/batch/v1";
import { parse } from "yaml";
import { z } from "zod";

/** A label of DNS, RFC 1123. */
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const quantities = z.strictObject({ cpu: z.string(), memory: z.string().regex(/^\d+(Ki|Mi|Gi)$/) });

/** The fields of a Job that the file may use, as https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ has them. */
const jobSchema = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata: z.strictObject({ name: label }),
  spec: z.strictObject({
    completionMode: z.literal("Indexed"),
    completions: z.int().positive(),
    parallelism: z.int().positive(),
    backoffLimitPerIndex: z.int().nonnegative(),
    template: z.strictObject({
      spec: z.strictObject({
        // backoffLimitPerIndex demands it.
        restartPolicy: z.literal("Never"),
        containers: z
          .array(
            z.strictObject({
              name: label,
              image: z.string().min(1),
              command: z.array(z.string()).min(1),
              resources: z.strictObject({ requests: quantities, limits: quantities }),
              volumeMounts: z.array(z.strictObject({ name: label, mountPath: z.string().startsWith("/") })),
            }),
          )
          .length(1),
        volumes: z.array(z.strictObject({ name: label, persistentVolumeClaim: z.strictObject({ claimName: label }) })),
      }),
    }),
  }),
});

test("the Kubernetes Job is an indexed one, mounts volumes that it has, and runs as many shards as it has completions", () => {
  const { spec } = jobSchema.parse(parse(readFileSync("examples/cluster/kubernetes.yaml", "utf8")));
  const { containers, volumes } = spec.template.spec;
  expect(containers[0]!.volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
  expect(containers[0]!.command).toContain(`auto/${spec.completions}`);
  expect(spec.parallelism).toBeLessThanOrEqual(spec.completions);
});

test("the Kubernetes Job is valid by the schema that Kubernetes publishes of its API", () => {
  const job = parse(readFileSync("examples/cluster/kubernetes.yaml", "utf8")) as ConstructorParameters<typeof Job>[0] &
    object;
  expect(() => {
    new Job(job).validate();
  }).not.toThrow();
  const wrong = structuredClone(job) as { spec: { completions: unknown } };
  wrong.spec.completions = "many";
  expect(() => {
    new Job(wrong as typeof job).validate();
  }).toThrow("spec/completions must be integer");
});

test("the Slurm file is a shell script with options that sbatch knows", () => {
  const file = "examples/cluster/slurm.sh";
  for (const shell of ["sh", "bash"]) {
    const checked = spawnSync(shell, ["-n", file], { encoding: "utf8" });
    expect([shell, checked.status, checked.stderr]).toEqual([shell, 0, ""]);
  }
  const options = readFileSync(file, "utf8").match(/^#SBATCH .*$/gm)!;
  for (const option of options) {
    expect(option).toMatch(/^#SBATCH --(job-name=\S+|cpus-per-task=\d+|mem-per-cpu=\d+G|time=\d\d:\d\d:\d\d|requeue)$/);
  }
  const checked = spawnSync("shellcheck", [file], { encoding: "utf8" });
  if (checked.error !== undefined) console.warn("SKIPPED: shellcheck of the Slurm file, because it is not installed");
  else expect(checked).toMatchObject({ status: 0, stdout: "" });
});
