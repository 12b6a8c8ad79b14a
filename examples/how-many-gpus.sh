#!/bin/sh
# How many H100s does a trace need at three times its rate, with P99 TTFT under 500 ms?
# Usage: examples/how-many-gpus.sh AzureLLMInferenceTrace_conv.csv [FLAGS]
# The trace is at https://github.com/Azure/AzurePublicDataset; docs/size-a-deployment.md shows what this prints.
set -eu
trace=$1
shift
${SERVESIM:-node dist/cli/main.js} size --policy vllm --profile h100-llama-3.1-8b-vllm-0.26 --max-model-len 16384 \
  --workload "$trace" --scale 3 --slo p99_ttft:500 --price-per-hour 3 --window 300 "$@"
