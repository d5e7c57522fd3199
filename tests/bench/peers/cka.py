"""The work of cka_bench.cpp in PyTorch, whose result is compared first: Gram matrices without their diagonals, once with a
sum for each pair, once with all of them as rows of one product."""
import os

import torch
from safetensors.torch import load_file


def grams(features):
    found = []
    for x in features:
        x = x - x.mean(dim=0)
        gram = x @ x.T
        gram.fill_diagonal_(0)
        found.append(gram)
    return found


def divided(traces, found):
    n = len(found[0])
    sums = torch.stack([gram.sum(dim=1) for gram in found]).double()
    total = sums.sum(dim=1)
    hsic = (traces + torch.outer(total, total) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (sums @ sums.T)) / (n * (n - 3))
    own = hsic.diagonal().sqrt()
    return hsic / torch.outer(own, own)


def pair_by_pair(features):
    found = grams(features)
    count = len(found)
    traces = torch.zeros(count, count, dtype=torch.float64)
    for i in range(count):
        for j in range(i, count):
            traces[i, j] = traces[j, i] = (found[i] * found[j]).sum()
    return divided(traces, found)


def one_product(features):
    found = grams(features)
    rows = torch.stack(found).flatten(1)
    return divided((rows @ rows.T).double(), found)


def timed(compute):
    def prepare():
        shared = load_file(os.path.join(os.environ["FORMWRIGHT_BENCH_SHARE"], "cka.safetensors"))
        features = [shared[f"x{i}"] for i in range(len(shared) - 1)]
        error = (compute(features) - shared["cka"]).abs().max()
        assert error < 1e-4, f"cka differs by {error}"
        return lambda: compute(features)
    return prepare


CASES = {"cka/12x2048x768/real_time": {"PyTorch, pair by pair": timed(pair_by_pair),
                                       "PyTorch, one product": timed(one_product)}}
