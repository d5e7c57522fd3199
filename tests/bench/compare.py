#!/usr/bin/env python3
"""Times benchmark cases against the same work of others, sample by sample in turn, and prints the ratios.

    tests/bench/compare.py BENCH [PATTERN] [--rows] [--write FILE] [--pairs N] [--threads N] [--compiled]

BENCH is the built executable; only cases whose names match PATTERN run. Each module in peers/ has CASES: a dictionary from
the name of a benchmark case (and after a space what sets this comparison apart) to a function that prepares a rival's work
and returns what is timed; or to a dictionary of such functions by the rivals' names; or, in that, to the name of another case
of BENCH, for a rival that is a C library. In a first look every rival of PyTorch runs with each number of threads up to ours;
the fastest rival is then measured in pairs with ours. --compiled measures torch.compile (COMPILED of the modules) instead.

One process serves our samples: starting, planning and warming up lie outside of them. Both sides are pinned to the same
cores. Before and after each case two probes run (multiply-adds, memory reads); where one is more than 10 % below its median,
the case is measured again after a pause, up to three times, and then marked with '~': it counts in no row.

A line is: case, rival, its threads, our time, its time, the median of the pairs' ratios (above 1: ours is faster), and the
lower end of its 95 % bootstrap interval. --rows measures what the rows of the goals (ROWS below) need and prints their
geometric means; --write puts both tables into FILE between the lines "<!-- measured -->" and "<!-- end -->".
"""
import argparse
import dataclasses
import datetime
import importlib
import math
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
ATTEMPTS = 3  # to find the machine steady


@dataclasses.dataclass
class Row:
    name: str
    what: str
    pattern: str
    must: float = None
    moon: float = None


ROWS = [
    Row("C1", "matrix products from 512, widths 768 and 3072, all transposes", r"^matmul/C1/", 0.95, 1.1),
    Row("C2", "small, skinny and batched matrix products", r"^matmul/C2/", 1.2, 2),
    Row("C3", "linear + bias + GELU + residual + norm, forward and backward", r"^layer/", 1.3, 2),
    Row("C4", "training step, d=64 L=2 T=64 B=32", r"^training/gpt_64x2/", 1.5, 3.0),
    Row("C4", "training step, d=128 L=4 T=128 B=16", r"^training/gpt_128x4/", 1.5, 2.7),
    Row("C4", "training step, d=256 L=6 T=256 B=8", r"^training/gpt_256x6/", 1.5, 2.2),
    Row("", "forward pass of these three", r"^forward/gpt_"),
    Row("", "GPT-2 124M, forward pass, T=128 B=1", r"^forward/gpt2/"),
    Row("C5", "attention, T=2048, against naive", r"^attention/2048x8x64/real_time naive$", 3, 5),
    Row("C5", "attention, T=2048, against ggml's flash attention", r"^attention/2048x8x64/real_time ggml$", 1.2, 1.8),
    Row("C5", "attention, T=2048, against PyTorch's fused kernel", r"^attention/2048x8x64/real_time$", 1.2, 1.8),
    Row("C8", "selective scan against the reference loop, forward", r"^selectiveScan/", 20, 50),
    Row("C8", "selective scan, forward and backward", r"^selectiveScanBothWays/", 20, 50),
    Row("C10", "unbiased linear CKA, exact, all pairs of 12 x 2048 x 768", r"^cka/", 2, 3.5),
]
IN_FLOPS = r"^(matmul|layer|training|forward|attention)/"  # cases whose items are FLOPs


class Bench:
    """The benchmark executable, answering one sample at a time."""

    def __init__(self, path):
        self.process = subprocess.Popen([path, "--serve", f"--benchmark_min_time={SAMPLE}", f"--benchmark_min_warmup_time={SAMPLE / 4}"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def sample(self, name):
        """Seconds of one iteration, and how many items (FLOPs, mostly) it does in a second."""
        time.sleep(PAUSE)
        print(name, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            sys.exit(f"{name}: {answer or 'the benchmark ended'}")
        return tuple(map(float, answer.split()))

    def seconds(self, name):
        return self.sample(name)[0]


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
        self.bench, self.seen, self.flops = bench, {case: [] for case in self.CASES}, 0
        for _ in range(3):
            self.now()

    def now(self):
        """Speeds of the probes as shares of their medians."""
        shares = []
        for case in self.CASES:
            seconds, flops = min(self.bench.sample(case) for _ in range(3))
            self.flops = max(self.flops, flops)
            self.seen[case].append(seconds)
            shares.append(statistics.median(self.seen[case]) / seconds)
        return shares


@dataclasses.dataclass
class Result:
    case: str
    rival: str
    threads: int
    pairs: list  # seconds, (ours, the rival's)
    isSteady: bool
    work: float  # items of an iteration

    @property
    def ratios(self):
        return [theirs / ours for ours, theirs in self.pairs]

    def microseconds(self, side):
        return statistics.median(pair[side] for pair in self.pairs) * 1e6


def geomean(results, rng=None):
    """Of the median ratios; with `rng`, of pairs drawn again."""
    medians = [statistics.median(rng.choices(r.ratios, k=len(r.ratios)) if rng else r.ratios) for r in results]
    return math.exp(statistics.fmean(map(math.log, medians)))


def lowerEnd(results):
    rng = random.Random(1)
    return sorted(geomean(results, rng) for _ in range(1000))[25]


def rivalsOf(bench, peers, threads):
    """The rivals of a case, ready, fastest first."""
    found = []
    for name, prepare in (peers if isinstance(peers, dict) else {"PyTorch": peers}).items():
        if isinstance(prepare, str):
            found.append(Library(name, bench, prepare, threads))
        else:
            work = prepare()
            found += [Torch(name, work, n) for n in range(1, threads + 1)]
    looks = {rival: min(rival.seconds() for _ in range(3)) for rival in found}
    return sorted(found, key=looks.get)


def measure(bench, probes, case, peers, options):
    name = case.split()[0]
    seconds, rate = bench.sample(name)
    rival = rivalsOf(bench, peers, options.threads)[0]
    for attempt in range(ATTEMPTS):
        time.sleep(attempt)
        before = probes.now()
        pairs = [(bench.seconds(name), rival.seconds()) for _ in range(options.pairs)]
        isSteady = min(before + probes.now()) > 0.9
        if isSteady:
            break
    return Result(case, rival.name, rival.threads, pairs, isSteady, seconds * rate)


def processor():
    """Its name and what its cores can do."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    field = lambda name: re.search(rf"^{name}\s*: (.*)", text, re.M)[1]
    widest = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in field("flags").split()), "SSE")
    return f"{field('model name')} (family {field('cpu family')}, model {field('model')}, {widest})"


def tables(results, options, version, probes):
    """Markdown: the rows, then their cases."""
    number = lambda x: "" if x is None else f"{x:g}"
    read = 0.536870912 / statistics.median(probes.seen["probe/read/real_time"])
    lines = [f"{datetime.date.today()}, {processor()}, {options.threads} threads on {options.threads} cores, PyTorch {version}; "
             f"{options.pairs} pairs a case. Ratio: the rival's time through ours (geometric mean of the cases' medians); low: lower "
             f"end of its 95 % interval; roof: our share of the probe of multiply-adds, {probes.flops / 1e9:.0f} GFLOP/s. The probe of "
             f"memory reads {read:.1f} GB/s.", "",
             "| Row | What | Ratio | Low | Must | Moon |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        found = [r for r in results if r.isSteady and re.search(row.pattern, r.case)]
        if found:
            low = lowerEnd(found)
            lost = sum(not r.isSteady and bool(re.search(row.pattern, r.case)) for r in results)
            # A row that lacks cases claims nothing.
            verdict = "" if row.must is None else " ?" if lost else " ✓" if low >= row.must else " ✗"
            what = row.what + (f" ({lost} of {lost + len(found)} cases unsteady, left out)" if lost else "")
            lines.append(f"| {row.name} | {what} | {geomean(found):.2f} | {low:.2f}{verdict} | {number(row.must)} | {number(row.moon)} |")
    lines += ["", "| Case | Rival | Threads | Ours, µs | Rival's, µs | Ratio | Low | Roof |", "|---|---|---|---|---|---|---|---|"]
    for r in results:
        roof = f"{r.work / r.microseconds(0) * 1e6 / probes.flops:.0%}" if re.search(IN_FLOPS, r.case) else ""
        lines.append(f"| {r.case.replace('/real_time', '')} | {r.rival} | {r.threads} | {r.microseconds(0):.1f} | "
                     f"{r.microseconds(1):.1f} | {geomean([r]):.2f} | {lowerEnd([r]):.2f}{'' if r.isSteady else ' ~'} | {roof} |")
    return "\n".join(lines)


def run(options):
    import torch
    sys.path.insert(0, str(HERE))
    cases = {}
    for path in sorted((HERE / "peers").glob("*.py")):
        cases.update(getattr(importlib.import_module(f"peers.{path.stem}"), "COMPILED" if options.compiled else "CASES", {}))
    if options.rows:
        cases = {case: cases[case] for row in ROWS for case in cases if re.search(row.pattern, case)}
    bench = Bench(options.bench)
    probes = Probes(bench)
    print(f"PyTorch {torch.__version__}, {options.threads} threads; times in microseconds")
    print(f"{'case':48} {'rival':24} {'threads':>7} {'ours':>10} {'rival':>10} {'ratio':>7} {'low':>7}")
    results = []
    for case, peers in cases.items():
        if not re.search(options.pattern, case):
            continue
        r = measure(bench, probes, case, peers, options)
        print(f"{case.replace('/real_time', ''):48} {r.rival:24} {r.threads:7} {r.microseconds(0):10.1f} {r.microseconds(1):10.1f} "
              f"{geomean([r]):7.2f} {lowerEnd([r]):7.2f}{'' if r.isSteady else ' ~'}", flush=True)
        results.append(r)
    if not options.rows:
        return
    text = tables(results, options, torch.__version__, probes)
    print("\n" + text)
    if options.write:
        path = pathlib.Path(options.write)
        before, rest = path.read_text().split("<!-- measured -->\n")
        path.write_text(f"{before}<!-- measured -->\n{text}\n<!-- end -->{rest.split('<!-- end -->')[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--write")
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


main()
