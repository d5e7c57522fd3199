#!/usr/bin/env python3
"""Times by PyTorch, eager and compiled, what gpu_bench timed.

    peers.py OURS.json [--device cuda] [--seconds 150]

Prints one JSON object: for each case's name the seconds of "eager" and "compiled". Work that PyTorch does not have is left
out; when the seconds are up, so is what is left. Times are those of the device's own events.
"""
import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

REPEATS = 10


def leaf(*shape, dtype=torch.float32):
    return torch.randn(*shape, device=DEVICE, dtype=dtype)


def attentionInputs(B, T, H, K, dtype):
    return [leaf(B, H, T, K, dtype=dtype) for _ in range(3)]


def attention(B, T, H, K, isCausal, dtype):
    q, k, v = attentionInputs(B, T, H, K, dtype)
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=bool(isCausal))


def attentionBackward(B, T, H, K, isCausal, dtype):
    inputs = [x.requires_grad_() for x in attentionInputs(B, T, H, K, dtype)]
    out = F.scaled_dot_product_attention(*inputs, is_causal=bool(isCausal))
    dOut = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, inputs, dOut, retain_graph=True)


def decode(B, S, keyHeads, K, dtype):
    q, k, v = leaf(B, 4 * keyHeads, 1, K, dtype=dtype), leaf(B, keyHeads, S, K, dtype=dtype), leaf(B, keyHeads, S, K, dtype=dtype)
    return lambda: F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


def matmul(n, dtype):
    a, b = leaf(n, n, dtype=dtype), leaf(n, n, dtype=dtype)
    return lambda: a @ b.T


def linearGelu(n, dtype):
    a, b, bias = leaf(n, n, dtype=dtype), leaf(n, n, dtype=dtype), leaf(n, dtype=dtype)
    return lambda: F.gelu(F.linear(a, b, bias))


def rows(f):
    """A function of rows [R, D], a weight and a bias."""
    def prepare(R, D, dtype):
        x, w, b = leaf(R, D), leaf(D), leaf(D)
        return lambda: f(x, w, b)
    return prepare


def addLayerNorm(R, D, dtype):
    x, y, w, b = leaf(R, D), leaf(R, D), leaf(D), leaf(D)

    def run():
        total = x + y
        return total, F.layer_norm(total, (D,), w, b)
    return run


def crossEntropy(R, V, dtype):
    logits, labels = leaf(R, V), torch.randint(V, (R,), device=DEVICE)
    return lambda: F.cross_entropy(logits, labels, reduction="none")


def crossEntropyBackward(R, V, dtype):
    logits, labels = leaf(R, V).requires_grad_(), torch.randint(V, (R,), device=DEVICE)
    loss, dLoss = F.cross_entropy(logits, labels, reduction="none"), leaf(R)
    return lambda: torch.autograd.grad(loss, logits, dLoss, retain_graph=True)


def adamw(N, tensors, dtype):
    parameters = [leaf(N // tensors).requires_grad_() for _ in range(tensors)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    return torch.optim.AdamW(parameters, lr=1e-3, fused=True).step


def embedding(V, D, R, dtype):
    table, tokens = leaf(V, D), torch.randint(V, (R,), device=DEVICE)
    return lambda: F.embedding(tokens, table)


def scan(B, T, D, N, dtype):
    """The published reference: a loop over the steps. Long ones would not end."""
    if T > 512:
        return None
    x, delta, a = leaf(B, T, D), torch.full((B, T, D), 0.05, device=DEVICE), -torch.rand(D, N, device=DEVICE)
    b, c = leaf(B, T, N), leaf(B, T, N)

    def run():
        h, y = torch.zeros(B, D, N, device=DEVICE), []
        for t in range(T):
            h = torch.exp(delta[:, t, :, None] * a) * h + (delta[:, t] * x[:, t])[..., None] * b[:, t, None]
            y.append((h * c[:, t, None]).sum(-1))
        return torch.stack(y, 1)
    return run


def causalConvolution(B, T, D, dtype):
    x, w = leaf(B, D, T), leaf(D, 1, 4)
    return lambda: F.conv1d(F.pad(x, (3, 0)), w, groups=D)


class Block(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.o = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.o(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, D))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(torch.nn.Module):
    def __init__(self, vocabulary, width, layers, heads, time):
        super().__init__()
        self.embedding, self.positions = torch.nn.Embedding(vocabulary, width), torch.nn.Embedding(time, width)
        self.blocks = torch.nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions.weight
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def train(vocabulary, width, layers, heads, batch, time, dtype, isCompiled=False):
    model = Gpt(vocabulary, width, layers, heads, time).to(DEVICE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens, labels = (torch.randint(vocabulary, (batch, time), device=DEVICE) for _ in range(2))

    def lossOf():
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            return F.cross_entropy(model(tokens).flatten(0, 1), labels.flatten())

    compute = torch.compile(lossOf) if isCompiled else lossOf

    def step():
        loss = compute()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return step


WORK = {
    "copy": lambda count, dtype: (lambda x: x.clone)(torch.ones(count, dtype=torch.uint8, device=DEVICE)),
    "matmul": matmul, "linear_gelu": linearGelu, "attention": attention, "attention_backward": attentionBackward,
    "decode": decode, "add": rows(lambda x, w, b: x + x), "gelu": rows(lambda x, w, b: F.gelu(x)),
    "rms_norm": rows(lambda x, w, b: F.rms_norm(x, w.shape, w, 1e-5)),
    "layer_norm": rows(lambda x, w, b: F.layer_norm(x, w.shape, w, b)), "add_layer_norm": addLayerNorm,
    "softmax": rows(lambda x, w, b: torch.softmax(x, -1)), "transpose": rows(lambda x, w, b: x.T.contiguous()),
    "sum": rows(lambda x, w, b: x.sum(-1)), "cross_entropy": crossEntropy, "cross_entropy_backward": crossEntropyBackward,
    "adamw": adamw, "embedding": embedding, "scan": scan, "causal_conv1d": causalConvolution, "train": train,
}
# Those that a compiler may make faster; the others are one call of a library.
COMPILED = {"linear_gelu", "add", "gelu", "rms_norm", "layer_norm", "add_layer_norm", "softmax", "transpose", "sum", "cross_entropy",
            "causal_conv1d", "train"}


def now():
    if DEVICE == "cpu":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def between(begin, end):
    if DEVICE == "cpu":
        return end - begin
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def secondsOf(work, repeats):
    for _ in range(3):
        work()
    seconds = []
    for _ in range(repeats):
        begin = now()
        work()
        seconds.append(between(begin, now()))
    return statistics.median(seconds)


def main():
    global DEVICE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=150)
    options = parser.parse_args()
    DEVICE = options.device
    deadline = time.monotonic() + options.seconds
    found = {"torch": torch.__version__, "cases": {}}
    # What takes longest to compile comes last.
    cases = sorted(json.load(open(options.ours))["cases"], key=lambda case: case.get("kind") == "train")
    for case in cases:
        prepare = WORK.get(case.get("kind"))
        if prepare is None or "seconds" not in case:
            continue
        dtype = torch.bfloat16 if case["precision"] == "bf16" else torch.float32
        for how in ("eager", "compiled"):
            if how == "compiled" and case["kind"] not in COMPILED or time.monotonic() > deadline:
                continue
            try:
                isTraining = case["kind"] == "train"
                work = prepare(*case["sizes"], dtype=dtype, **({"isCompiled": how == "compiled"} if isTraining else {}))
                if work is None:
                    continue
                if how == "compiled" and not isTraining:
                    torch._dynamo.reset()
                    work = torch.compile(work)
                found["cases"].setdefault(case["name"], {})[how] = secondsOf(work, REPEATS // 2 if isTraining else REPEATS)
            except Exception as error:  # out of memory, no compiler: a gap in the table
                print(f"{case['name']}, {how}: {str(error).splitlines()[0]}", file=sys.stderr)
            finally:
                work = None
                if DEVICE != "cpu":
                    torch.cuda.empty_cache()
    print(json.dumps(found, indent=1))


main()
