#!/bin/sh
# How many 2-core machines do 300 requests/s need under static and dynamic batches, and which settings serve them best?
# Usage: examples/how-many-cpus.sh [FLAGS]
set -eu
servesim=${SERVESIM:-node dist/cli/main.js}
for policy in naive dynamic; do
  $servesim size --policy $policy --profile mini-cpu-2core --timeout 0.1 --request-rate 300 --slo p95_e2el:500 "$@"
done
$servesim tune --policy dynamic --profile mini-cpu-2core --request-rate 60 --num-prompts 2000 --goal p95_e2el "$@"
