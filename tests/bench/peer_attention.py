"""The work of attention_bench.cpp in PyTorch 2.x on the same cores, interleaved with ours.

Usage: peer_attention.py BENCH [ROUNDS]. BENCH is the benchmark executable. Each case runs in turn there and here, both with
one and with two threads, the better of which counts. Printed: medians over the rounds of our time, of PyTorch's, and of the
ratio."""
import json
import os
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

torch.manual_seed(0)


def seconds(work):
    for threads in (1, 2):
        torch.set_num_threads(threads)
        work()
        begin, runs = time.perf_counter(), 0
        while time.perf_counter() - begin < 0.15 or runs == 0:
            work()
            runs += 1
        yield (time.perf_counter() - begin) / runs


def heads(b, t, h, k):
    return torch.randn(b, t, h, k).transpose(1, 2)


def naive(b, t, h, k):
    q, key, v = heads(b, t, h, k), heads(b, t, h, k), heads(b, t, h, k)
    return lambda: torch.softmax(q @ key.transpose(-1, -2) * k**-0.5, -1) @ v


def fused(b, t, s, h, hkv, k, causal):
    q, key, v = heads(b, t, h, k), heads(b, s, hkv, k), heads(b, s, hkv, k)
    return lambda: F.scaled_dot_product_attention(q, key, v, is_causal=causal, enable_gqa=h != hkv)


def fused_backward(b, t, h, k, causal):
    q, key, v = (heads(b, t, h, k).requires_grad_() for _ in range(3))
    out = F.scaled_dot_product_attention(q, key, v, is_causal=causal)
    seed = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, (q, key, v), seed, retain_graph=True)


def scan_inputs(b, t, d, n):
    x, delta = torch.randn(b, t, d), torch.full((b, t, d), 0.1)
    a = -torch.arange(1, n + 1, dtype=torch.float32).repeat(d, 1)
    return x, delta, a, torch.randn(b, t, n), torch.randn(b, t, n), torch.ones(d)


def scan_loop(x, delta, a, b, c, skip):
    """The published reference: decays and inputs at once, then a loop over the steps."""
    decay = torch.exp(torch.einsum("btd,dn->btdn", delta, a))
    fed = torch.einsum("btd,btn,btd->btdn", delta, b, x)
    h, ys = torch.zeros_like(decay[:, 0]), []
    for t in range(x.shape[1]):
        h = decay[:, t] * h + fed[:, t]
        ys.append(torch.einsum("bdn,bn->bd", h, c[:, t]))
    return torch.stack(ys, 1) + x * skip


def scan(*sizes):
    inputs = scan_inputs(*sizes)
    return lambda: scan_loop(*inputs)


def scan_backward(*sizes):
    inputs = [x.requires_grad_() for x in scan_inputs(*sizes)]
    out = scan_loop(*inputs)
    seed = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, inputs, seed, retain_graph=True)


def without_gradient(work):
    def run():
        with torch.no_grad():
            work()

    return run


CASES = [
    ("attention/2048x8x64", "naive", without_gradient(naive(1, 2048, 8, 64))),
    ("attention/2048x8x64", "fused", without_gradient(fused(1, 2048, 2048, 8, 8, 64, False))),
    ("attention/causal_2048x8x64", "fused", without_gradient(fused(1, 2048, 2048, 8, 8, 64, True))),
    ("attention/causal_32x64x4x16", "fused", without_gradient(fused(32, 64, 64, 4, 4, 16, True))),
    ("attention/causal_16x128x4x32", "fused", without_gradient(fused(16, 128, 128, 4, 4, 32, True))),
    ("attention/causal_8x256x8x32", "fused", without_gradient(fused(8, 256, 256, 8, 8, 32, True))),
    ("attention/decode_32768x8x64", "fused", without_gradient(fused(1, 1, 32768, 8, 8, 64, False))),
    ("attention/decode_grouped_32768x32_8x128", "fused", without_gradient(fused(1, 1, 32768, 32, 8, 128, False))),
    ("attentionGradient/2048x8x64", "fused", fused_backward(1, 2048, 8, 64, False)),
    ("attentionGradient/causal_32x64x4x16", "fused", fused_backward(32, 64, 4, 16, True)),
    ("attentionGradient/causal_16x128x4x32", "fused", fused_backward(16, 128, 4, 32, True)),
    ("attentionGradient/causal_8x256x8x32", "fused", fused_backward(8, 256, 8, 32, True)),
    ("selectiveScan/1x1024x512x16", "loop", without_gradient(scan(1, 1024, 512, 16))),
    ("selectiveScan/8x64x128x8", "loop", without_gradient(scan(8, 64, 128, 8))),
    ("selectiveScanGradient/1x1024x512x16", "loop", scan_backward(1, 1024, 512, 16)),
    ("selectiveScanGradient/8x64x128x8", "loop", scan_backward(8, 64, 128, 8)),
]


def ours(bench, name):
    command = [bench, f"--benchmark_filter=^{name}/real_time$", "--benchmark_min_time=0.15", "--benchmark_format=json"]
    for threads in ("1", "2"):
        environment = {**os.environ, "FORMWRIGHT_BENCH_THREADS": threads}
        text = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        result = json.loads(text)["benchmarks"][0]
        yield result["real_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[result["time_unit"]]


def main():
    bench, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"PyTorch {torch.__version__}, {rounds} rounds", flush=True)
    for name, kind, work in CASES:
        pairs = [(min(ours(bench, name)), min(seconds(work))) for _ in range(rounds)]
        mine, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"| {name} | {kind} | {mine * 1e3:.3f} ms | {theirs * 1e3:.3f} ms | {ratio:.2f} |", flush=True)


main()
