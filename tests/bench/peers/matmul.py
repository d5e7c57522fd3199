"""The products of matmul_bench.cpp: its own cases for oneDNN and OpenBLAS, and PyTorch."""
import torch


def product(batch, m, n, k, layout):
    def prepare():
        a = torch.rand(batch, k, m).mT if layout == 1 else torch.rand(batch, m, k)
        b = torch.rand(batch, n, k).mT if layout == 2 else torch.rand(batch, k, n)
        y = torch.empty(batch, m, n)
        if batch > 1:
            return lambda: torch.bmm(a, b, out=y)
        a, b, y = a[0], b[0], y[0]
        return lambda: torch.mm(a, b, out=y)
    return prepare


def large():
    sizes = [(1, n, n, n) for n in (512, 768, 1024)] + [(1, 1024, 768, 768), (1, 1024, 3072, 768), (1, 1024, 768, 3072)]
    return [size + (layout,) for size in sizes for layout in range(3)]


def small():
    cases = [(1, n, n, n, layout) for n in (16, 32, 64, 128, 256) for layout in range(3)]
    cases += [(1, m, n, n, layout) for m in (1, 4, 16) for n in (64, 256) for layout in (0, 2)]
    for width in (32, 64):
        cases += [(32, 64, 64, width, 2), (32, 64, width, 64, 0), (32, 64, width, 64, 1), (1, 2048, 4 * width, width, 2),
                  (1, 2048, width, 4 * width, 0), (1, 4 * width, width, 2048, 1)]
    return cases


def vectors():
    return [(1, 1, 4096, 4096, layout) for layout in (0, 2)]


CASES = {}
for row, sizes in ("C1", large()), ("C2", small()), ("C7", vectors()):
    for size in sizes:
        name = f"{row}/{'/'.join(map(str, size))}/real_time"
        CASES["matmul/" + name] = {"oneDNN": "matmul_onednn/" + name, "OpenBLAS": "matmul_openblas/" + name,
                                   "PyTorch": product(*size)}
