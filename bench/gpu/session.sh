#!/usr/bin/env bash
# All that a machine with a GPU should run, in order, within 25 minutes. A call stops before CALL_S seconds are over and exits
# with 75: call it again until it exits with 0. What is done is not done again. Results, profiles and raw files lie in OUT.
#
#   bench/gpu/session.sh
#
#   DEVICE  cuda, or cpu to try the session with small models (cuda)     OUT           folder of the results (results/gpu-session)
#   CALL_S  most seconds of one call (540)                               CUDA_PACKAGE  .tgz for "servesim setup cuda --from"
#
# Exit: 0 all is done, 75 more is to do, 2 a variable is wrong, 3 the device cannot be used, 4 a stage failed (see failed.txt).
set -euo pipefail

device=${DEVICE:-cuda}
out=${OUT:-results/gpu-session}
call_s=${CALL_S:-540}
most_mib=48

say() { printf '%s\n' "$*" >&2; }

end() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

case $device in
  cuda)
    models='gpt2:fp32 gpt2:fp16 tinyllama-1.1b:fp16'
    budget_s=150 requests=200 rate=50
    accept=() limit=()
    ;;
  cpu)
    models='tiny:fp32 tiny:fp16 llama-mini:fp32'
    budget_s=25 requests=24 rate=10
    # It is the session that is tried, on a machine that may be busy.
    accept=(--accept-rejected)
    # Otherwise the search for the largest batch fills the machine with tens of thousands of rows.
    limit=(--memory-limit-mib 1500)
    ;;
  *) end 2 "error: DEVICE is $device, expected cuda or cpu" ;;
esac
[[ $call_s =~ ^[0-9]+$ ]] || end 2 "error: CALL_S is $call_s, expected seconds"

cd "$(dirname "$0")/../.."
[[ -f dist/cli/main.js ]] || npm run -s build
mkdir -p "$out/done"
export SERVESIM_CACHE=${SERVESIM_CACHE:-$out-cache}

servesim() { node dist/cli/main.js "$@"; }

# stage NAME SECONDS FUNCTION ARGUMENTS...: once, if that many seconds are left; a stage that fails is named and the rest goes on.
stage() {
  local name=$1 limit_s=$2 code=0
  shift 2
  [[ -e $out/done/$name ]] && return
  ((SECONDS + limit_s <= call_s)) || end 75 "$name needs up to $limit_s s, $((call_s - SECONDS)) s are left: call again"
  say "$name ($SECONDS s)"
  local start=$SECONDS
  "$@" >"$out/$name.log" 2>&1 || code=$?
  if ((code == 130)); then end 75 "$name was stopped: call again"; fi
  if ((code != 0)); then
    say "$name failed ($code): $(tail -n 1 "$out/$name.log")"
    printf '%s exit %s\n' "$name" "$code" >>"$out/failed.txt"
  fi
  printf 'exit %s after %s s\n' "$code" "$((SECONDS - start))" >"$out/done/$name"
}

# What fails inside a stage ends it by "|| return": set -e does not hold there, since the stage looks at its exit code.

machine() {
  date -u && uname -a && node --version && nproc && git rev-parse HEAD || return
  if [[ $device == cuda ]]; then nvidia-smi -q; fi
}

provider() {
  if [[ $device == cuda ]]; then servesim setup cuda ${CUDA_PACKAGE:+--from "$CUDA_PACKAGE"} || return; fi
  servesim doctor --json >"$out/doctor.json" || return
  [[ $device == cpu ]] || node -e '
    const { findings } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    process.exit(findings.some(({ what, state }) => what === "CUDA run" && state === "ok") ? 0 : 3);
  ' "$out/doctor.json"
}

# The same requests on the CPU and on the device: how many of the tokens are the same.
tokens() {
  local model=$1 precision=$2 name=$3 on
  shift 3
  for on in cpu "$device"; do
    servesim bench --policy "$name" "$@" --model "$model" --precision "$precision" --device "$on" \
      --dataset-name random --random-input-len 16 --random-output-len 12 --num-prompts 8 --max-concurrency 4 \
      --save-detailed --force --output "$out/tokens-$model-$precision-$name-$on" || return
  done
  node dist/bench/gpu/same-tokens.js "$out/tokens-$model-$precision-$name-cpu" "$out/tokens-$model-$precision-$name-$device"
}

# Whether stage NAME has ended well.
succeeded() {
  [[ -e $out/done/$1 && $(<"$out/done/$1") == 'exit 0 '* ]]
}

# Whether steps of continuous batching run on the device: on CUDA with 16 bits only, and where their tokens were right.
steps_run() {
  succeeded "tokens-steps-$1-$2"
}

calibrate() {
  local model=$1 precision=$2 name=$3 profile=$out/$3
  shift 3
  # A call before this one may have been stopped in its midst.
  if [[ -e $profile.measurements.plan.json ]]; then set -- --resume "$@"; fi
  if [[ $name != probe-oom ]] && steps_run "$model" "$precision"; then set -- --steps "$@"; else set -- --no-steps "$@"; fi
  servesim calibrate onnx --model "$model" --precision "$precision" --device "$device" --budget "${budget_s}s" \
    --output "$profile.json" --force "${accept[@]}" "$@"
}

# One policy simulated with the profile; for real, too, where the device runs it, and then both are compared.
policy() {
  local model=$1 precision=$2 name=$3 profile=$out/$1-$2.json
  shift 3
  local load=(--dataset-name random --random-input-len 32 --random-output-len 16 --num-prompts "$requests" --request-rate "$rate")
  local real=$out/$model-$precision-$name-real sim=$out/$model-$precision-$name-sim
  servesim simulate --policy "$name" "$@" --profile "$profile" "${load[@]}" --force --output "$sim" || return
  if [[ $name == vllm ]] && ! steps_run "$model" "$precision"; then return; fi
  servesim bench --policy "$name" "$@" --model "$model" --precision "$precision" --device "$device" "${load[@]}" \
    --force --output "$real" || return
  servesim compare "$sim" "$real" || return
  servesim compare "$sim" "$real" --json >"$out/$model-$precision-$name-compare.json"
}

pack() {
  local mib
  # Answers were compared; their logs stay.
  rm -rf "$out"/tokens-*/
  mib=$(du -sm "$out" | cut -f1)
  say "$mib MiB in $out"
  ((mib <= most_mib))
}

stage machine 20 machine
stage provider 200 provider
if [[ $(<"$out/done/provider") != 'exit 0 '* ]]; then
  rm "$out/done/provider"
  end 3 "error: $device cannot be used here, see $out/provider.log"
fi
for one in $models; do
  model=${one%:*} precision=${one#*:}
  stage "tokens-$model-$precision" 180 tokens "$model" "$precision" naive --batch-size 4 --timeout 0.1
  if [[ $device == cpu || $precision == fp16 ]]; then
    stage "tokens-steps-$model-$precision" 180 tokens "$model" "$precision" vllm --max-num-seqs 4
  fi
done
for one in $models; do
  model=${one%:*} precision=${one#*:}
  stage "calibrate-$model-$precision" $((budget_s + 90)) calibrate "$model" "$precision" "$model-$precision"
  stage "naive-$model-$precision" 60 policy "$model" "$precision" naive --batch-size 8 --timeout 0.05
  stage "dynamic-$model-$precision" 60 policy "$model" "$precision" dynamic \
    --batch-size 8 --min-batch-size 2 --max-batch-size 32 --timeout 0.05
  stage "vllm-$model-$precision" 60 policy "$model" "$precision" vllm \
    --max-num-seqs 16 --no-async-scheduling --no-enable-prefix-caching
done
one=${models%% *}
stage probe-oom $((budget_s + 240)) calibrate "${one%:*}" "${one#*:}" probe-oom --probe-oom "${limit[@]}"
stage pack 30 pack
[[ -e $out/failed.txt ]] && end 4 "done, and these stages failed: $(tr '\n' ';' <"$out/failed.txt")"
say "done: carry $out home"
