"""The work of movement_bench.cpp in PyTorch."""
import torch
import torch.nn.functional as F


def adamw(count):
    def prepare():
        parameter = torch.nn.Parameter(torch.rand(count))
        parameter.grad = torch.rand(count)
        optimizer = torch.optim.AdamW([parameter], lr=1e-3, fused=True)
        return optimizer.step
    return prepare


def dropout(count):
    def prepare():
        x = torch.rand(count)
        return lambda: F.dropout(x, 0.1, True)
    return prepare


def normal(count):
    def prepare():
        y = torch.empty(count)
        return y.normal_
    return prepare


def norm(count):
    def prepare():
        x = torch.rand(count)
        return lambda: torch.linalg.vector_norm(x)
    return prepare


def embedding(vocabulary, width, count):
    def prepare():
        table, tokens = torch.rand(vocabulary, width), torch.arange(count) * 7919 % vocabulary
        return lambda: F.embedding(tokens, table)
    return prepare


def embeddingGradient(vocabulary, width, count):
    def prepare():
        dy, tokens = torch.rand(count, width), torch.arange(count) * 7919 % vocabulary
        return lambda: torch.ops.aten.embedding_dense_backward(dy, tokens, vocabulary, -1, False)
    return prepare


def transpose(shape, permutation):
    def prepare():
        x = torch.rand(shape).permute(permutation)
        y = torch.empty(x.shape)
        return lambda: y.copy_(x)
    return prepare


def topk(rows, width, k):
    def prepare():
        x = torch.rand(rows, width)
        return lambda: torch.topk(x, k)
    return prepare


def argmax(rows, width):
    def prepare():
        x = torch.rand(rows, width)
        return lambda: torch.argmax(x, -1)
    return prepare


CASES = {
    "adamwStep/65536/real_time": adamw(65536),
    "adamwStep/1000000/real_time": adamw(1000000),
    "adamwStep/16000000/real_time": adamw(16000000),
    "sumOfSquares/1000000/real_time": norm(1000000),
    "dropoutOf/65536/real_time": dropout(65536),
    "dropoutOf/1000000/real_time": dropout(1000000),
    "normal/1000000/real_time": normal(1000000),
    "embedding/64x64_2048/real_time": embedding(64, 64, 2048),
    "embedding/50257x768_1024/real_time": embedding(50257, 768, 1024),
    "embeddingGradient/64x64_2048/real_time": embeddingGradient(64, 64, 2048),
    "embeddingGradient/50257x768_1024/real_time": embeddingGradient(50257, 768, 1024),
    "transpose/1024x768/real_time": transpose((1024, 768), (1, 0)),
    "transpose/2048x2048/real_time": transpose((2048, 2048), (1, 0)),
    "transpose/heads_8x256x8x32/real_time": transpose((8, 256, 8, 32), (0, 2, 1, 3)),
    "transpose/keys_8x8x256x64/real_time": transpose((8, 8, 256, 64), (0, 1, 3, 2)),
    "transpose/channels_last_32x64x32x32/real_time": transpose((32, 64, 32, 32), (0, 2, 3, 1)),
    "topKOf/4096x64_2/real_time": topk(4096, 64, 2),
    "topKOf/64x50257_50/real_time": topk(64, 50257, 50),
    "argmaxOf/4096x64/real_time": argmax(4096, 64),
}
