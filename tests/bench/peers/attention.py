"""The work of attention_bench.cpp in PyTorch: attention as three products and a softmax ("naive") and as its own fused
kernel; the selective scan as the published reference, a loop over the steps."""
import torch
import torch.nn.functional as F


def heads(batch, time, count, width):
    return torch.randn(batch, time, count, width).transpose(1, 2)


def naive(batch, time, count, width):
    def prepare():
        q, k, v = (heads(batch, time, count, width) for _ in range(3))
        return lambda: torch.softmax(q @ k.transpose(-1, -2) * width**-0.5, -1) @ v
    return prepare


def fused(batch, time, keys, count, keyHeads, width, isCausal):
    def prepare():
        q, k, v = heads(batch, time, count, width), heads(batch, keys, keyHeads, width), heads(batch, keys, keyHeads, width)
        return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=isCausal, enable_gqa=count != keyHeads)
    return prepare


def fusedGradient(batch, time, count, width, isCausal):
    def prepare():
        inputs = [heads(batch, time, count, width).requires_grad_() for _ in range(3)]
        out = F.scaled_dot_product_attention(*inputs, is_causal=isCausal)
        dOut = torch.randn_like(out)
        return lambda: torch.autograd.grad(out, inputs, dOut, retain_graph=True)
    return prepare


def scanInputs(batch, time, width, state):
    x, delta = torch.randn(batch, time, width), torch.full((batch, time, width), 0.1)
    a = -torch.arange(1, state + 1, dtype=torch.float32).repeat(width, 1)
    return x, delta, a, torch.randn(batch, time, state), torch.randn(batch, time, state), torch.ones(width)


def scanLoop(x, delta, a, b, c, skip):
    decay = torch.exp(torch.einsum("btd,dn->btdn", delta, a))
    fed = torch.einsum("btd,btn,btd->btdn", delta, b, x)
    h, y = torch.zeros_like(decay[:, 0]), []
    # unbind: the gradients of slices would each fill a tensor of the whole length
    for decayNow, fedNow, cNow in zip(decay.unbind(1), fed.unbind(1), c.unbind(1)):
        h = decayNow * h + fedNow
        y.append(torch.einsum("bdn,bn->bd", h, cNow))
    return torch.stack(y, 1) + x * skip


def scan(*sizes):
    def prepare():
        inputs = scanInputs(*sizes)
        return lambda: scanLoop(*inputs)
    return prepare


def scanGradient(*sizes):
    def prepare():
        inputs = [x.requires_grad_() for x in scanInputs(*sizes)]
        y = scanLoop(*inputs)
        dy = torch.randn_like(y)
        return lambda: torch.autograd.grad(y, inputs, dy, retain_graph=True)
    return prepare


def scanBothWays(*sizes):
    def prepare():
        inputs = [x.requires_grad_() for x in scanInputs(*sizes)]
        dy = torch.randn(sizes[:3])
        return lambda: torch.autograd.grad(scanLoop(*inputs), inputs, dy)
    return prepare


CASES = {
    "attention/2048x8x64/real_time": fused(1, 2048, 2048, 8, 8, 64, False),
    "attention/2048x8x64/real_time naive": {"PyTorch, naive": naive(1, 2048, 8, 64)},
    "attention/causal_2048x8x64/real_time": fused(1, 2048, 2048, 8, 8, 64, True),
    "attention/causal_32x64x4x16/real_time": fused(32, 64, 64, 4, 4, 16, True),
    "attention/causal_16x128x4x32/real_time": fused(16, 128, 128, 4, 4, 32, True),
    "attention/causal_8x256x8x32/real_time": fused(8, 256, 256, 8, 8, 32, True),
    "attention/decode_32768x8x64/real_time": fused(1, 1, 32768, 8, 8, 64, False),
    "attention/decode_grouped_32768x32_8x128/real_time": fused(1, 1, 32768, 32, 8, 128, False),
    "attentionGradient/2048x8x64/real_time": fusedGradient(1, 2048, 8, 64, False),
    "attentionGradient/causal_32x64x4x16/real_time": fusedGradient(32, 64, 4, 16, True),
    "attentionGradient/causal_16x128x4x32/real_time": fusedGradient(16, 128, 4, 32, True),
    "attentionGradient/causal_8x256x8x32/real_time": fusedGradient(8, 256, 8, 32, True),
    "selectiveScan/1x1024x512x16/real_time": scan(1, 1024, 512, 16),
    "selectiveScan/8x64x128x8/real_time": scan(8, 64, 128, 8),
    "selectiveScanGradient/1x1024x512x16/real_time": scanGradient(1, 1024, 512, 16),
    "selectiveScanGradient/8x64x128x8/real_time": scanGradient(8, 64, 128, 8),
    "selectiveScanBothWays/1x1024x512x16/real_time": scanBothWays(1, 1024, 512, 16),
    "selectiveScanBothWays/8x64x128x8/real_time": scanBothWays(8, 64, 128, 8),
}
