#!/usr/bin/env python3
"""Times benchmark cases against the same work of others, sample by sample in turn, and prints the ratios.

    tests/bench/compare.py BENCH [PATTERN] [--pairs N] [--threads N] [--compiled]

BENCH is the built executable. Each module in peers/ has CASES: a dictionary from the name of a benchmark case to a function
that prepares a rival's work and returns what is timed; or a dictionary of such functions by the rivals' names; or the name of
another case of BENCH, for a rival that is a C library. In a first look every rival runs with each number of threads up to
ours; the fastest is then measured in pairs with ours. --compiled measures torch.compile (COMPILED of the modules) instead.

One process serves our samples: starting, planning and warming up lie outside of them. Both sides are pinned to the same
cores. Before and after each case two probes run (multiply-adds, memory reads); where one is more than 10 % below its median,
the case is measured again, three times at most, and then marked with '~'.

A line is: case, rival, its threads, our time, its time, the median of the pairs' ratios (above 1: ours is faster), and the
lower end of its 95 % bootstrap interval.
"""
import argparse
import importlib
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
SAMPLE = 0.02  # seconds of work in a sample
PAUSE = 0.005  # for the threads of the side before to fall asleep


class Bench:
    """The benchmark executable, answering one sample at a time."""

    def __init__(self, path):
        self.process = subprocess.Popen([path, "--serve", f"--benchmark_min_time={SAMPLE}"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def seconds(self, name):
        """Of one iteration."""
        time.sleep(PAUSE)
        print(name, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            sys.exit(f"{name}: {answer or 'the benchmark ended'}")
        return float(answer)


class Torch:
    """A rival's work in this process."""

    def __init__(self, name, work, threads):
        import torch
        self.torch, self.name, self.work, self.threads = torch, name, work, threads
        torch.set_num_threads(threads)
        work()
        self.repeats = max(1, int(SAMPLE / max(min(self.timed(1) for _ in range(3)), 1e-7)))

    def timed(self, repeats):
        start = time.perf_counter()
        for _ in range(repeats):
            self.work()
        return (time.perf_counter() - start) / repeats

    def seconds(self):
        time.sleep(PAUSE)
        self.torch.set_num_threads(self.threads)
        self.timed(1 + self.repeats // 4)
        return self.timed(self.repeats)


class Library:
    """A rival that is another case of the benchmark."""

    def __init__(self, name, bench, case, threads):
        self.name, self.bench, self.case, self.threads = name, bench, case, threads
        self.seconds()

    def seconds(self):
        return self.bench.seconds(self.case)


class Probes:
    """What the machine gives: how far below the median of this run."""

    CASES = ("probe/fma/real_time", "probe/read/real_time")

    def __init__(self, bench):
        self.bench, self.seen = bench, {case: [] for case in self.CASES}
        for _ in range(3):
            self.now()

    def now(self):
        """Speeds of the probes as shares of their medians."""
        shares = []
        for case in self.CASES:
            seconds = min(self.bench.seconds(case) for _ in range(2))
            self.seen[case].append(seconds)
            shares.append(statistics.median(self.seen[case]) / seconds)
        return shares


def lowerEnd(ratios):
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50]


def rivalsOf(bench, case, peers, threads):
    """The rivals of a case, ready, fastest first."""
    found = []
    for name, prepare in (peers if isinstance(peers, dict) else {"PyTorch": peers}).items():
        if isinstance(prepare, str):
            found.append(Library(name, bench, prepare, threads))
            continue
        work = prepare()
        found += [Torch(name, work, n) for n in range(1, threads + 1)]
    looks = {rival: min(rival.seconds() for _ in range(3)) for rival in found} if len(found) > 1 else {found[0]: 0}
    return sorted(found, key=looks.get)


def measure(bench, probes, case, rival, pairs):
    """(ours, theirs) in turn; whether the machine kept its pace."""
    before = probes.now()
    samples = [(bench.seconds(case), rival.seconds()) for _ in range(pairs)]
    return samples, min(before + probes.now()) > 0.9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])
    os.environ["FORMWRIGHT_THREADS"] = str(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("forward", "training"):
            os.mkdir(f"{folder}/{part}")
        os.environ["FORMWRIGHT_BENCH_SHARE"] = folder
        run(options)


def run(options):
    import torch
    sys.path.insert(0, str(HERE))
    cases = {}
    for path in sorted((HERE / "peers").glob("*.py")):
        cases.update(getattr(importlib.import_module(f"peers.{path.stem}"), "COMPILED" if options.compiled else "CASES", {}))
    bench = Bench(options.bench)
    probes = Probes(bench)
    print(f"PyTorch {torch.__version__}, {options.threads} threads; times in microseconds")
    print(f"{'case':52} {'rival':24} {'threads':>7} {'ours':>10} {'rival':>10} {'ratio':>7} {'low':>7}")
    for case, peers in cases.items():
        if not re.search(options.pattern, case):
            continue
        bench.seconds(case)
        rival = rivalsOf(bench, case, peers, options.threads)[0]
        for _ in range(3):
            pairs, isSteady = measure(bench, probes, case, rival, options.pairs)
            if isSteady:
                break
        ratios = [theirs / ours for ours, theirs in pairs]
        ours, theirs = (statistics.median(pair[i] for pair in pairs) * 1e6 for i in range(2))
        print(f"{case.removesuffix('/real_time'):52} {rival.name:24} {rival.threads:7} {ours:10.1f} {theirs:10.1f} "
              f"{statistics.median(ratios):7.2f} {lowerEnd(ratios):7.2f}{'' if isSteady else ' ~'}", flush=True)


main()
