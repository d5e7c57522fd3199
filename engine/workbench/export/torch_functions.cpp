// The Python functions that forms of ops call.
#include "engine/workbench/export/torch_forms.h"

namespace fw {

const std::map<std::string, std::string>& torchFunctions() {
  static const std::map<std::string, std::string> table = {
      {"attention", R"(
def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    scale: float | None = None,
    left: int = -1,
    right: int = -1,
    slopes: list[float] | None = None,
    bias: Tensor | None = None,
    key_mask: Tensor | None = None,
) -> Tensor:
    """softmax(scale q k^T + bias) v over the keys that are seen.

    q [B, T, H, K], k [B, S, Hkv, K], v [B, S, Hkv, V] -> [B, T, H, V]. The last query stands at the last key and sees
    `left` keys before and `right` after its own (-1: all). A query that sees no key gives 0.
    """
    groups = q.shape[2] // k.shape[2]
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    if slopes is None and bias is None and key_mask is None and left < 0 and right in (-1, 0) and q.shape[2] == k.shape[2]:
        y = F.scaled_dot_product_attention(q, k, v, is_causal=right == 0, scale=scale, enable_gqa=groups > 1)
        return y.transpose(1, 2)
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    distance = torch.arange(k.shape[2], device=q.device) - torch.arange(q.shape[2], device=q.device)[:, None]
    distance = distance - (k.shape[2] - q.shape[2])
    seen = torch.ones_like(distance, dtype=torch.bool)
    if left >= 0:
        seen = seen & (distance >= -left)
    if right >= 0:
        seen = seen & (distance <= right)
    if key_mask is not None:
        seen = seen & key_mask[:, None, None, :]
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if slopes is not None:
        scores = scores - torch.tensor(slopes, device=q.device)[:, None, None] * distance.abs()
    if bias is not None:
        scores = scores + bias
    shares = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1) * seen
    return (shares @ v).transpose(1, 2)
)"},
      {"arranged", R"(
def eager_attention(module, query, key, value, attention_mask, scaling, softcap=None, **_) -> tuple[Tensor, Tensor]:
    key = key.repeat_interleave(module.num_key_value_groups, 1)
    value = value.repeat_interleave(module.num_key_value_groups, 1)
    scores = query @ key.transpose(-1, -2) * scaling
    if softcap is not None:
        scores = (scores / softcap).tanh() * softcap
    if attention_mask is not None:
        scores = scores + attention_mask
    shares = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    return (shares @ value).transpose(1, 2).contiguous(), shares


def arranged(module: nn.Module, q: Tensor, k: Tensor, v: Tensor, cache, masks: dict | None, window: int | None) -> tuple:
    """q [B, T, H, K], k, v [B, T, Hkv, K] as the attention functions of transformers take them.

    Heads before tokens, keys and values after those of the cache, and the mask of queries that see `window` keys
    (None: all) up to their own.
    """
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    if cache is not None:
        k, v = cache.update(k, v, module.layer_idx)
    return q, k, v, None if masks is None else masks[window]
)"},
      {"rotary", R"(
def rotary(
    x: Tensor,
    frequencies: list[float],
    position: Tensor | None = None,
    is_interleaved: bool = False,
    is_inverse: bool = False,
) -> Tensor:
    """Turns the first 2 len(frequencies) elements of each head of x [B, T, H, K] by position * frequency."""
    half = len(frequencies)
    steps = torch.arange(x.shape[1], device=x.device)
    if position is not None:
        steps = position if position.dim() == 2 else steps + position.reshape(-1, 1)
    angle = steps.reshape(-1, x.shape[1], 1, 1) * torch.tensor(frequencies, device=x.device)
    cosine, sine = angle.cos(), angle.sin() * (-1 if is_inverse else 1)
    turned, rest = x[..., : 2 * half], x[..., 2 * half :]
    if is_interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
        pairs = torch.stack([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
        return torch.cat([pairs.flatten(-2), rest], dim=-1)
    first, second = turned[..., :half], turned[..., half:]
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine, rest], dim=-1)
)"},
      {"causal_conv1d", R"(
def causal_conv1d(x: Tensor, weight: Tensor, bias: Tensor | None = None, history: Tensor | None = None) -> Tensor:
    """Each channel of x [B, T, D] convolved with its own past: weight [D, K]; history [B, K-1, D] or zeros."""
    kernel = weight.shape[1]
    past = x.new_zeros(x.shape[0], kernel - 1, x.shape[2]) if history is None else history
    rows = torch.cat([past, x], dim=1).transpose(1, 2)
    return F.conv1d(rows, weight[:, None, :], bias, groups=weight.shape[0]).transpose(1, 2)
)"},
      {"selective_scan", R"(
def selective_scan(
    x: Tensor,
    delta: Tensor,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    skip: Tensor | None = None,
    state: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """h[t] = exp(delta[t] a) h[t-1] + delta[t] x[t] b[t], y[t] = c[t] h[t] + skip x[t]; y and the last h.

    x, delta [B, T, D], a [D, N], b, c [B, T, N], skip [D], state [B, D, N].
    """
    h = x.new_zeros(x.shape[0], *a.shape) if state is None else state
    decay = (delta[..., None] * a).exp()
    fed = (delta * x)[..., None] * b[:, :, None, :]
    ys = []
    for t in range(x.shape[1]):
        h = decay[:, t] * h + fed[:, t]
        ys.append((h * c[:, t, None, :]).sum(-1))
    y = torch.stack(ys, dim=1)
    return (y if skip is None else y + skip * x), h
)"},
      {"linear_recurrence", R"(
def linear_recurrence(a: Tensor, x: Tensor, axis: int, state: Tensor | None = None, is_reversed: bool = False) -> Tensor:
    """h[t] = a[t] h[t-1] + x[t] along an axis; reversed: from the end."""
    a, x = a.movedim(axis, 0), x.movedim(axis, 0)
    h = torch.zeros_like(x[0]) if state is None else state
    steps = range(x.shape[0])
    hs = []
    for t in reversed(steps) if is_reversed else steps:
        h = a[t] * h + x[t]
        hs.append(h)
    return torch.stack(hs[::-1] if is_reversed else hs).movedim(0, axis)
)"},
      {"cumulative_sum", R"(
def cumulative_sum(x: Tensor, axis: int, is_reversed: bool = False, is_exclusive: bool = False) -> Tensor:
    """Running sums along an axis; reversed: from the end; exclusive: without the element itself."""
    y = x.flip(axis).cumsum(axis).flip(axis) if is_reversed else x.cumsum(axis)
    return y - x if is_exclusive else y
)"},
      {"scan", R"(
def scan(step, carries: tuple, xs: tuple, length: int, is_reversed: bool = False) -> tuple:
    """Carries run through step(carries, xs[t]) -> (carries, ys); returns the last carries and the ys stacked."""
    steps = range(length)
    rows = []
    for t in reversed(steps) if is_reversed else steps:
        carries, ys = step(carries, tuple(x[t] for x in xs))
        rows.append(ys)
    if is_reversed:
        rows.reverse()
    return (*carries, *(torch.stack(column) for column in zip(*rows)))
)"},
  };
  return table;
}

}  // namespace fw
