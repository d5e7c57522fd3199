"""The work of train_bench.cpp in PyTorch: the same models from the same weights on the same tokens.

Each case first repeats what ours left in FORMWRIGHT_BENCH_SHARE (losses of three steps, or logits) and refuses to be timed
where the two differ.
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class Block(torch.nn.Module):
    def __init__(self, width, heads, gelu):
        super().__init__()
        self.heads, self.gelu = heads, gelu
        self.norm_attention, self.norm_mlp = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.o = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        batch, time, width = x.shape
        heads = self.qkv(self.norm_attention(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = (part.transpose(1, 2) for part in heads.unbind(2))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(batch, time, width))
        return x + self.down(F.gelu(self.up(self.norm_mlp(x)), approximate=self.gelu))


class Gpt(torch.nn.Module):
    """From our weights by our names; the maps of queries, keys and values become one."""

    def __init__(self, weights, heads, gelu):
        super().__init__()
        vocabulary, width = weights["embedding.weight"].shape
        layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.positions = torch.nn.Parameter(torch.empty_like(weights["positions.weight"]))
        self.blocks = torch.nn.ModuleList(Block(width, heads, gelu) for _ in range(layers))
        self.norm_final = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, vocabulary, bias=False)
        if "head.weight" not in weights:
            self.head.weight = self.embedding.weight
        state = {name.replace("positions.weight", "positions"): value for name, value in weights.items()
                 if not name.startswith("layers.")}
        state.setdefault("head.weight", weights["embedding.weight"])
        for i in range(layers):
            for kind in ("weight", "bias"):
                ours = lambda name: weights[f"layers.{i}.{name}.{kind}"]
                state[f"blocks.{i}.qkv.{kind}"] = torch.cat([ours(f"attention.{part}") for part in "qkv"])
                state[f"blocks.{i}.o.{kind}"] = ours("attention.o")
                for name, their in (("norm_attention",) * 2, ("norm_mlp",) * 2, ("mlp.up", "up"), ("mlp.down", "down")):
                    state[f"blocks.{i}.{their}.{kind}"] = ours(name)
        self.load_state_dict(state)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm_final(x))


def shared(name):
    tensors = load_file(os.path.join(os.environ["FORMWRIGHT_BENCH_SHARE"], name + ".safetensors"))
    weights = {key.removeprefix("parameter/"): value for key, value in tensors.items() if key.startswith("parameter/")}
    return tensors, weights


def training(name, heads, isFused=True, isCompiled=False):
    def prepare():
        tensors, weights = shared(f"training/{name}")
        model = Gpt(weights, heads, "none")
        maps = [p for n, p in model.named_parameters() if p.dim() == 2 and "embedding" not in n and "positions" not in n]
        others = [p for p in model.parameters() if not any(p is q for q in maps)]
        optimizer = torch.optim.AdamW([{"params": maps, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}],
                                      lr=1e-3, fused=isFused, foreach=not isFused)

        def lossOf(tokens, labels):
            return F.cross_entropy(model(tokens).flatten(0, 1), labels.flatten())

        compute = torch.compile(lossOf) if isCompiled else lossOf
        batches = [(tensors[f"tokens/{i}"], tensors[f"labels/{i}"]) for i in range(len(tensors["losses"]))]
        done = 0

        def step():
            nonlocal done
            loss = compute(*batches[done % len(batches)])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            done += 1
            return loss.item()

        for i, expected in enumerate(tensors["losses"].tolist()):
            loss = step()
            assert abs(loss - expected) < 1e-4 * expected, f"{name}: loss {i} is {loss}, ours {expected}"
        return step
    return prepare


def forward(name, heads, gelu="none", isCompiled=False):
    def prepare():
        tensors, weights = shared(f"forward/{name}")
        model = Gpt(weights, heads, gelu).eval().requires_grad_(False)
        compute = torch.compile(model) if isCompiled else model
        tokens = tensors["tokens"]

        def run():
            with torch.inference_mode():
                return compute(tokens)

        difference = (run() - tensors["logits"]).abs().max() / tensors["logits"].abs().max()
        assert difference < 1e-4, f"{name}: logits differ by {difference}"
        return run
    return prepare


CASES, COMPILED = {}, {}
for name, heads in ("gpt_64x2", 4), ("gpt_128x4", 4), ("gpt_256x6", 8):
    CASES[f"training/{name}/real_time"] = {"PyTorch, fused AdamW": training(name, heads),
                                           "PyTorch, foreach AdamW": training(name, heads, isFused=False)}
    COMPILED[f"training/{name}/real_time"] = {"torch.compile": training(name, heads, isCompiled=True)}
for name, heads, gelu in ("gpt_64x2", 4, "none"), ("gpt_128x4", 4, "none"), ("gpt_256x6", 8, "none"), ("gpt2", 12, "tanh"):
    CASES[f"forward/{name}/real_time"] = {"PyTorch": forward(name, heads, gelu)}
    COMPILED[f"forward/{name}/real_time"] = {"torch.compile": forward(name, heads, gelu, isCompiled=True)}
