#!/usr/bin/env bash
# Starts a vLLM server to measure, after checking that it can run here. Stays in the foreground; Ctrl-C stops it.
#
#   LLM_MODEL=gpt2 VLLM_PORT=8000 real/vllm/start-server.sh [flags of vLLM, passed on]
#
#   LLM_MODEL        model name or folder (gpt2)          VLLM_HOST  address to listen on (127.0.0.1)
#   GPU_MEMORY_UTIL  fraction of GPU memory (0.9)         VLLM_PORT  port (8000)
#   VLLM_PYTHON      Python that has vLLM (python3)
#
# The server tells its settings (dev mode) and its times per request, so listen on a trusted network only.
# Exit: 2 a variable is wrong, 3 something is missing (vLLM, a GPU, the port), else what vLLM ended with.
set -euo pipefail

model=${LLM_MODEL:-gpt2}
host=${VLLM_HOST:-127.0.0.1}
port=${VLLM_PORT:-8000}
memory=${GPU_MEMORY_UTIL:-0.9}
python=${VLLM_PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

wrong() {
  say "error: $*"
  exit 2
}

missing() {
  say "missing: $*"
  exit 3
}

for word in "$@"; do
  case $word in
    -h | --help)
      sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"
      exit 0
      ;;
    --model | --model=* | --port | --port=* | --host | --host=*)
      wrong "$word is set by LLM_MODEL, VLLM_PORT or VLLM_HOST"
      ;;
  esac
done

if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65535)); then
  wrong "VLLM_PORT is \"$port\", expected a number from 1 to 65535"
fi
if ! [[ $memory =~ ^(0?\.[0-9]*[1-9][0-9]*|1(\.0*)?)$ ]]; then
  wrong "GPU_MEMORY_UTIL is \"$memory\", expected a fraction above 0, at most 1"
fi

command -v "$python" >/dev/null || missing "$python; install Python 3.10 or later, or name one with VLLM_PYTHON"
# Version, what it runs on, and whether it can tell times per request.
if ! facts=$(
  "$python" - 2>/dev/null <<'PY'
import pathlib, vllm
from vllm.platforms import current_platform
files = (pathlib.Path(vllm.__file__).parent / "entrypoints").rglob("cli_args.py")
can_tell = any("enable_per_request_metrics" in file.read_text() for file in files)
print("facts", vllm.__version__, current_platform.device_type or "unknown", "yes" if can_tell else "no")
PY
); then
  missing "vLLM in $(command -v "$python"); install it there (pip install vllm), or name another Python with VLLM_PYTHON"
fi
read -r _ version platform can_tell <<<"$(grep '^facts ' <<<"$facts")"

# A build of vLLM for the CPU needs no GPU.
flags=()
if [[ $platform != cpu ]]; then
  if ! gpus=$(nvidia-smi --query-gpu=name,memory.free --format=csv,noheader 2>/dev/null) || [[ -z $gpus ]]; then
    missing "a GPU that nvidia-smi knows; install the driver, or a build of vLLM for the CPU"
  fi
  say "GPU: ${gpus//$'\n'/; } free"
  flags=(--gpu-memory-utilization "$memory")
fi

if "$python" - "$host" "$port" <<'PY'
import socket, sys
with socket.socket() as probe:
    probe.settimeout(1)
    sys.exit(0 if probe.connect_ex((sys.argv[1], int(sys.argv[2]))) == 0 else 1)
PY
then
  missing "a free port: something listens on $host:$port; choose another VLLM_PORT"
fi

if [[ $can_tell == yes ]]; then
  flags+=(--enable-per-request-metrics)
else
  say "this vLLM has no --enable-per-request-metrics: queue, prefill and decode of a request come as spans alone"
fi
say "vLLM $version ($platform): $model at http://$host:$port; check it with: servesim doctor --base-url http://$host:$port"
export VLLM_SERVER_DEV_MODE=1
exec "$python" -m vllm.entrypoints.openai.api_server \
  --model "$model" --host "$host" --port "$port" "${flags[@]}" "$@"
