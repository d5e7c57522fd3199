"""The work of layer_bench.cpp in PyTorch, whose results are compared first."""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


def layer(rows, width, isCompiled=False):
    def prepare():
        shared = load_file(os.path.join(os.environ["FORMWRIGHT_BENCH_SHARE"], f"layer_{rows}x{width}.safetensors"))
        inputs = [shared[name].requires_grad_() for name in ("x", "w", "b", "scale", "shift")]

        def forward(x, w, b, scale, shift):
            return F.layer_norm(x + F.gelu(F.linear(x, w, b)), (width,), scale, shift)

        compute = torch.compile(forward) if isCompiled else forward

        def run():
            y = compute(*inputs)
            return (y, *torch.autograd.grad(y, inputs, shared["dy"]))

        for name, value in zip(("y", "dx", "dw", "db", "dscale", "dshift"), run()):
            error = (value - shared[name]).abs().max() / value.abs().max()
            assert error < 1e-4, f"layer {rows}x{width}: {name} differs by {error}"
        return run
    return prepare


SIZES = [(2048, 64), (2048, 128), (2048, 256), (1024, 768)]
CASES = {f"layer/{rows}x{width}/real_time": layer(rows, width) for rows, width in SIZES}
COMPILED = {f"layer/{rows}x{width}/real_time": {"torch.compile": layer(rows, width, True)} for rows, width in SIZES}
