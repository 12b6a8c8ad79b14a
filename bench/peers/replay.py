"""One offline replay of Dynamo's mocker: a spec as JSON on stdin, what was measured as JSON on stdout.

Spec: {"engine": {...}, "trace": path} or {"engine": {...}, "input_tokens", "output_tokens", "requests", "concurrency"}.
Seconds: `call_s` is the wall time of the replay call, `clock_s` the replay's own account of it, without loading a trace.
"""

import json
import sys
import time

from dynamo import _core


def peak_rss_mib():
    """High-water mark of this process; None where the system has no /proc."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
    except OSError:
        return None


def replay(spec):
    settings = {"extra_engine_args": {"engine": spec["engine"]}, "capture_planner_details": False}
    if "trace" in spec:
        return _core.run_mocker_trace_replay([spec["trace"]], trace_block_size=spec["engine"]["block_size"], **settings)
    return _core.run_mocker_synthetic_trace_replay(
        spec["input_tokens"],
        spec["output_tokens"],
        spec["requests"],
        replay_concurrency=spec["concurrency"],
        **settings,
    )


def main():
    spec = json.load(sys.stdin)
    start = time.perf_counter()
    summary = replay(spec).summary
    call_s = time.perf_counter() - start
    report = {
        "call_s": call_s,
        "clock_s": summary["wall_time_ms"] / 1e3,
        "peak_rss_mib": peak_rss_mib(),
        "completed": summary["completed_requests"],
        "input_tokens": summary["total_input_tokens"],
        "output_tokens": summary["total_output_tokens"],
        "makespan_s": summary["duration_ms"] / 1e3,
        "mean_ttft_ms": summary["mean_ttft_ms"],
        "mean_tpot_ms": summary["mean_tpot_ms"],
        "mean_e2el_ms": summary["mean_e2e_latency_ms"],
    }
    json.dump(report, sys.stdout)


main()
