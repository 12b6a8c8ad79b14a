#!/bin/sh
# Which timeouts serve a light load best under static and dynamic batches, and does this machine confirm it?
# Usage: examples/static-batches.sh [PROFILE [FLAGS OF VERIFY]]
set -eu
servesim=${SERVESIM:-node dist/cli/main.js}
profile=${1:-mini-cpu-2core}
if [ $# -gt 0 ]; then shift; fi
load="--dataset-name fixed --input-len 20 --output-len 10 --request-rate 2 --num-prompts 400"
$servesim tune --policy naive --profile "$profile" --batch-size 8 --timeout 1 $load \
  --goal mean_e2el --settings timeout_s -o naive.json
$servesim verify naive.json --backend onnx "$@"
$servesim tune --policy dynamic --profile "$profile" --batch-size 8 --timeout 1 --max-time-wait 1 $load \
  --goal mean_e2el --settings timeout_s,max_time_wait_s -o dynamic.json
$servesim verify dynamic.json --backend onnx "$@"
