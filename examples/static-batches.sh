#!/bin/sh
# What does a shorter wait for full batches change, under static and dynamic batches, and does this machine confirm it?
# Usage: examples/static-batches.sh [PROFILE [FLAGS OF VERIFY]]; without a profile the machine is measured first
set -eu
servesim=${SERVESIM:-node dist/cli/main.js}
if [ $# -gt 0 ]; then
  profile=$1
  shift
else
  profile=this-machine.json
  $servesim calibrate onnx --model tiny --no-steps --budget 90s --output $profile
fi
load="--dataset-name fixed --input-len 20 --output-len 10 --request-rate 12 --num-prompts 600"
$servesim whatif --policy naive --profile "$profile" --batch-size 8 --timeout 0.4 $load \
  --change timeout=0.1 -o naive.json
$servesim verify naive.json --backend onnx "$@"
$servesim whatif --policy dynamic --profile "$profile" --batch-size 8 --timeout 1 --max-time-wait 0.4 $load \
  --change max_time_wait=0.1 -o dynamic.json
$servesim verify dynamic.json --backend onnx "$@"
