#!/usr/bin/env python3
"""Times benchmark cases against the same work in PyTorch, sample by sample in turn, and prints the ratios.

    tests/bench/compare.py BENCH [PATTERN] [--pairs N] [--threads N]

BENCH is the built executable. Each module in peers/ has CASES: a dictionary from the name of a benchmark case to a function
that prepares the work and returns what is timed. With two threads PyTorch also runs with one, and the better one counts.
A line is: case, our time, PyTorch's, the median of the pairs' ratios, and the lower end of its 95 % bootstrap interval.
"""
import argparse
import importlib
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import time

import torch

HERE = pathlib.Path(__file__).parent
SAMPLE = 0.02  # seconds of work in a sample


def ours(bench, name):
    """Seconds of one iteration."""
    out = subprocess.run([bench, f"--benchmark_filter=^{re.escape(name)}$", f"--benchmark_min_time={SAMPLE}",
                          "--benchmark_format=json"], capture_output=True, text=True, check=True)
    result = json.loads(out.stdout)["benchmarks"][0]
    return result["real_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[result["time_unit"]]


def timed(work, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def theirs(work, threads):
    torch.set_num_threads(threads)
    once = timed(work, 1)
    return timed(work, max(1, int(SAMPLE / max(once, 1e-7))))


def lowerEnd(ratios):
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["FORMWRIGHT_THREADS"] = str(options.threads)
    sys.path.insert(0, str(HERE))
    cases = {}
    for path in sorted((HERE / "peers").glob("*.py")):
        cases.update(importlib.import_module(f"peers.{path.stem}").CASES)
    print(f"PyTorch {torch.__version__}; times in microseconds; ratio = PyTorch / ours")
    print(f"{'case':58} {'ours':>10} {'PyTorch':>10} {'threads':>7} {'ratio':>7} {'low':>7}")
    for name, prepare in cases.items():
        if not re.search(options.pattern, name):
            continue
        work = prepare()
        for _ in range(3):
            work()
        threads = min(range(1, options.threads + 1), key=lambda n: min(theirs(work, n) for _ in range(3)))
        pairs = [(ours(options.bench, name), theirs(work, threads)) for _ in range(options.pairs)]
        ratios = [b / a for a, b in pairs]
        print(f"{name:58} {statistics.median(a for a, _ in pairs) * 1e6:10.1f} {statistics.median(b for _, b in pairs) * 1e6:10.1f} "
              f"{threads:7} {statistics.median(ratios):7.2f} {lowerEnd(ratios):7.2f}", flush=True)


main()
