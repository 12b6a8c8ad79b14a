"""Records what vLLM's own scheduler classes decide, as `npm run -s verify:golden` replays it.

    python record-vllm.py SCENARIOS.json MODEL OUT.json

takes the scenarios of a recording (format 1) and runs them on the vLLM that Python imports: an installed one, or the sources of another
release before it on PYTHONPATH. MODEL is a folder with the configuration of any small model; nothing of it is computed. Scenarios with a
setting that the release lacks are left out, and so are those with drafts, aborts or requests that follow another. Prefix-cache counts are
those of admitted requests, whatever the release counts.
"""

import copy
import inspect
import json
import sys

import torch
import vllm
from vllm.config import CacheConfig, DeviceConfig, ModelConfig, SchedulerConfig, VllmConfig
from vllm.sampling_params import SamplingParams
from vllm.utils.hashing import sha256
from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.core.sched.scheduler import Scheduler
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
from vllm.v1.outputs import ModelRunnerOutput
from vllm.v1.request import Request
from vllm.v1.structured_output import StructuredOutputManager

EOS = 2
# Pools up to this size are recorded block by block.
SMALL = 24
MOST_LOOPS = 5000


def parameters(function):
    return set(inspect.signature(function).parameters)


def scheduler_of(scenario, model):
    """The release's scheduler under a scenario's settings; None where the scenario is left out."""
    config = scenario["config"]
    if config.get("spec") or any("after" in row or "abort" in row for row in scenario["requests"]):
        return None
    if config["watermark"] and "watermark" not in SchedulerConfig.__dataclass_fields__:
        return None
    asked = {k: config[k] for k in config if k in SchedulerConfig.__dataclass_fields__}
    scheduling = SchedulerConfig(**asked, is_encoder_decoder=False)
    model = copy.deepcopy(model)
    model.max_model_len = config["max_model_len"]
    cache = CacheConfig(block_size=config["block_size"], enable_prefix_caching=config["enable_prefix_caching"])
    whole = VllmConfig(scheduler_config=scheduling, model_config=model, cache_config=cache, device_config=DeviceConfig("cpu"))
    # What vLLM changes for this platform is changed back.
    for name, value in asked.items():
        setattr(scheduling, name, value)
    scheduling.max_num_scheduled_tokens = config.get("max_num_scheduled_tokens")
    cache.block_size, cache.num_gpu_blocks = config["block_size"], config["num_blocks"]
    cache.enable_prefix_caching = config["enable_prefix_caching"]
    attention = FullAttentionSpec(block_size=config["block_size"], num_kv_heads=1, head_size=1, dtype=torch.float32)
    blocks = KVCacheConfig(config["num_blocks"], kv_cache_tensors=[], kv_cache_groups=[KVCacheGroupSpec(["layer"], attention)])
    kind = AsyncScheduler if config["async_scheduling"] else Scheduler
    more = {"hash_block_size": config["block_size"]} if "hash_block_size" in parameters(kind.__init__) else {}
    return kind(
        vllm_config=whole,
        kv_cache_config=blocks,
        structured_output_manager=StructuredOutputManager(whole),
        block_size=config["block_size"],
        log_stats=True,
        **more,
    )


def request_of(row, config, order):
    sampling = SamplingParams(max_tokens=row["max_tokens"], min_tokens=row.get("min_tokens", 0))
    sampling.update_from_generation_config({}, EOS)
    more = {"eos_token_id": EOS} if "eos_token_id" in parameters(Request.__init__) else {}
    return Request(
        request_id=row["id"],
        prompt_token_ids=[token for token, count in row["prompt"] for _ in range(count)],
        sampling_params=sampling,
        pooling_params=None,
        arrival_time=float(order),
        priority=row.get("priority", 0),
        block_hasher=get_request_block_hasher(config["block_size"], sha256),
        **more,
    )


class Recording:
    """One scenario: a loop of schedule() and update_from_output(), one or two steps in flight, and what is seen of each."""

    def __init__(self, scenario, scheduler):
        self.config, self.rows, self.scheduler = scenario["config"], scenario["requests"], scheduler
        self.index = {row["id"]: at for at, row in enumerate(self.rows)}
        self.requests, self.events, self.prefix = {}, [], {}
        self.pool = scheduler.kv_cache_manager.block_pool

    def run(self):
        due = {at: row["arrive"] for at, row in enumerate(self.rows)}
        depth = 2 if self.config["async_scheduling"] else 1
        in_flight, steps = [], 0
        for loop in range(MOST_LOOPS):
            added = self.add(sorted((at for at in due if due[at] <= loop), key=lambda at: due[at]))
            due = {at: arrive for at, arrive in due.items() if arrive > loop}
            goes_on = False
            if self.scheduler.has_requests():
                step, sampling = self.schedule({"ev": "schedule", "loop": loop, "step": steps}, added)
                in_flight.append((step, sampling, steps))
                steps += 1
                goes_on = step.total_num_scheduled_tokens > 0 or self.scheduler.has_requests()
            elif not in_flight and not due:
                return self.events
            if in_flight and not (goes_on and len(in_flight) < depth):
                step, sampling, number = in_flight.pop(0)
                self.update({"ev": "update", "loop": loop, "step": number}, step, sampling)
        raise RuntimeError(f"not at its end after {MOST_LOOPS} loops")

    def add(self, arrived):
        for at in arrived:
            request = request_of(self.rows[at], self.config, len(self.requests))
            self.requests[request.request_id] = request
            self.scheduler.add_request(request)
        return [self.rows[at]["id"] for at in arrived]

    def schedule(self, event, added):
        scheduler = self.scheduler
        known = {name: request.num_tokens for name, request in scheduler.requests.items()}
        step = scheduler.schedule()
        cached = step.scheduled_cached_reqs
        resumed = [[n, c] for n, c in zip(cached.req_ids, cached.num_computed_tokens) if n in cached.resumed_req_ids]
        new = [[one.req_id, one.num_computed_tokens] for one in step.scheduled_new_reqs]
        if self.config["enable_prefix_caching"]:
            for kind, admitted in (("", new), ("preempted_", resumed)):
                for name, hits in admitted:
                    self.count(f"{kind}queries", known[name])
                    self.count(f"{kind}hits", hits)
        waiting = [one.request_id for one in [*getattr(scheduler, "skipped_waiting", []), *scheduler.waiting]]
        running = [one.request_id for one in scheduler.running]
        blocks = {name: list(scheduler.kv_cache_manager.get_block_ids(name)[0]) for name in running}
        self.events.append(
            {
                **event,
                "added": added,
                "scheduled": [[name, tokens] for name, tokens in step.num_scheduled_tokens.items()],
                "admitted": new + resumed,
                "preempted": sorted(step.preempted_req_ids or ()),
                "running": running,
                "waiting": sorted(waiting) if self.config["policy"] == "priority" else waiting,
                "free": self.pool.get_num_free_blocks(),
                **({"blocks": blocks} if self.config["num_blocks"] <= SMALL else {}),
            }
        )
        return step, {name: not scheduler.requests[name].is_prefill_chunk for name in step.num_scheduled_tokens}

    def count(self, name, tokens):
        self.prefix[name] = self.prefix.get(name, 0) + tokens

    def update(self, event, step, sampling):
        names = list(step.num_scheduled_tokens)
        output = ModelRunnerOutput(
            req_ids=names,
            req_id_to_index={name: at for at, name in enumerate(names)},
            sampled_token_ids=[[self.token(name)] if sampling[name] else [] for name in names],
            logprobs=None,
            prompt_logprobs_dict={},
            pooler_output=[],
        )
        told = self.scheduler.update_from_output(step, output)
        outputs = [one for client in told.values() for one in client.outputs]
        none = {"queries": 0, "hits": 0, "preempted_queries": 0, "preempted_hits": 0}
        queue = [block.block_id for block in self.pool.free_block_queue.get_all_free_blocks()]
        self.events.append(
            {
                **event,
                "tokens": [[one.request_id, list(one.new_token_ids)] for one in outputs if one.new_token_ids],
                "finished": [[one.request_id, str(one.finish_reason)] for one in outputs if one.finish_reason is not None],
                "running": [one.request_id for one in self.scheduler.running],
                "free": self.pool.get_num_free_blocks(),
                "prefix": {**none, **self.prefix},
                **({"free_queue": queue} if self.config["num_blocks"] <= SMALL else {}),
            }
        )
        self.prefix = {}

    def token(self, name):
        at, position = self.index[name], self.requests[name].num_output_tokens
        return EOS if self.rows[at].get("eos_at") == position + 1 else 1_000_000 + 10_000 * at + position


def main(scenarios, folder, out):
    init_none_hash(sha256)
    model = ModelConfig(model=folder, dtype="float32", max_model_len=1024, skip_tokenizer_init=True)
    with open(scenarios) as file:
        given = json.load(file)
    recorded = []
    for scenario in given["scenarios"]:
        scheduler = scheduler_of(scenario, model)
        if scheduler is not None:
            recorded.append({**scenario, "events": Recording(scenario, scheduler).run()})
    source = f"vLLM {vllm.__version__}: decisions of its own Scheduler and AsyncScheduler, one full-attention KV group"
    whole = {"format": 1, "source": source, "rules": given["rules"], "scenarios": recorded}
    with open(out, "w") as file:
        json.dump(whole, file, separators=(",", ":"))
    print(f"{len(recorded)} of {len(given['scenarios'])} scenarios recorded from vLLM {vllm.__version__}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
