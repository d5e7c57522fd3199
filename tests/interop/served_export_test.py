# Models of no family whose tokens meet in attention alone do what vLLM's Transformers backend asks of a folder, checked without
# vLLM: attention goes through the table of functions that the configuration names, arguments flow from the model to it, caches
# and masks work, several texts in one row are told apart by position_ids alone, and the plans name what is there.
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ["HF_MODULES_CACHE"] = tempfile.mkdtemp()
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AttentionInterface, AttentionMaskInterface, AutoConfig, AutoModel, AutoModelForCausalLM

from families_test import CAUSAL

cli = os.environ["FORMWRIGHT_CLI"]
transformers.logging.set_verbosity_error()
calls = []


def run(*arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def plain(q, k, v, scale, window, cap=None):
    """Causal attention of one text: q [H, T, K], k, v [Hkv, T, K]."""
    k, v = (x.repeat_interleave(q.shape[0] // k.shape[0], 0) for x in (k, v))
    distance = torch.arange(q.shape[1])[:, None] - torch.arange(q.shape[1])
    seen = (distance >= 0) & (distance < (window or q.shape[1]))
    scores = q @ k.transpose(1, 2) * scale
    if cap:
        scores = torch.tanh(scores / cap) * cap
    return (scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v).transpose(0, 1)


def flat(module, query, key, value, attention_mask, scaling, sliding_window=None, softcap=None, lengths=None, marker=None, **kwargs):
    """Texts one after the other in one row, as servers run them; what they are comes by keyword, as from a server."""
    calls.append((module.layer_idx, marker, module.is_causal, module.num_key_value_groups, sliding_window))
    assert query.shape[0] == 1
    parts = [plain(*(x[0] for x in one), scaling, sliding_window, softcap) for one in zip(*(x.split(lengths, 2) for x in (query, key, value)))]
    return torch.cat(parts)[None], None


AttentionInterface.register("flat", flat)
AttentionMaskInterface.register("flat", lambda *_, **__: None)


def check(name, model_source, root, more=()):
    folder = root / name
    run("export", model_source, "--to", "huggingface", "--out", folder, "--seed", 3, *more)
    config = json.loads((folder / "config.json").read_text())
    vocabulary = config["vocab_size"]
    tokens = torch.randint(0, vocabulary, (2, 13), generator=torch.Generator().manual_seed(1))
    # Weights far from their starting values.
    tensors = load_file(folder / "model.safetensors")
    generator = torch.Generator().manual_seed(2)
    tensors = {key: value + torch.randn(value.shape, generator=generator) * 0.2 for key, value in tensors.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    head = "head." if any(key.startswith("lm_head.") for key in tensors) else ""
    save_file({re.sub(r"norm_([qk])\.", r"\1_norm.", key.replace("lm_head.", head).removeprefix("model.")): value for key, value in tensors.items()}, root / "weights.safetensors")
    save_file({"tokens": tokens}, root / "in.safetensors")
    run("run", model_source, "--weights", root / "weights.safetensors", "--input", root / "in.safetensors", "--output", root / "out.safetensors")
    wanted = load_file(root / "out.safetensors")["logits"]
    scale = wanted.abs().max()

    def close(what, got, want, tolerance=1e-4):
        error = ((got - want).abs().max() / scale).item()
        assert got.shape == want.shape and error < tolerance, (name, what, error)

    with torch.no_grad():
        cap = getattr(AutoConfig.from_pretrained(folder, trust_remote_code=True), "attn_logit_softcapping", None)
        for kind in ("eager",) if cap else ("eager", "sdpa"):  # PyTorch's function has no cap
            model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, attn_implementation=kind).eval()
            assert model.config._attn_implementation == kind
            close(kind, model(tokens).logits, wanted)
            close(kind + ", the last two", model(tokens, logits_to_keep=2).logits, wanted[:, -2:])
            cached, uncached = (model.generate(tokens[:1], max_new_tokens=7, do_sample=False, pad_token_id=0, eos_token_id=None, use_cache=use) for use in (True, False))
            assert torch.equal(cached, uncached), (name, kind)
            # A row that begins with padding.
            padded = torch.cat([torch.zeros(1, 3, dtype=torch.long), tokens[:1]], 1)
            mask = (torch.arange(16) >= 3).long()[None]
            close(kind + ", padded", model(padded, attention_mask=mask, position_ids=(torch.arange(16) - 3).clamp(min=0)[None]).logits[:, 3:], wanted[:1])
            assert model(tokens, labels=tokens).loss.isfinite()
            assert torch.equal(model(inputs_embeds=model.get_input_embeddings()(tokens)).logits, model(tokens).logits)

        # As vLLM does it: the bare model, no cache, several texts in one row, arguments that it has never heard of.
        config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
        with torch.device("meta"):
            meta = AutoModel.from_config(config, trust_remote_code=True, attn_implementation="flat")
        base = AutoModel.from_pretrained(folder, trust_remote_code=True, attn_implementation="flat").eval()
        assert base._supports_attention_backend and type(base).is_backend_compatible()
        names = {key for key, _ in meta.named_parameters()}
        assert {"model." + key for key in names} == {key for key in tensors if not key.startswith("lm_head.")}, name
        lengths = [5, 1, 7]
        row = torch.cat([tokens[0, :5], tokens[1, :1], tokens[1, :7]])[None]
        positions = torch.cat([torch.arange(n) for n in lengths])[None]
        calls.clear()
        hidden = base(input_ids=row, position_ids=positions, use_cache=False, return_dict=False, lengths=lengths, marker="here")[0]
        assert [call[:3] for call in calls] == [(index, "here", True) for index in range(config.num_hidden_layers)], calls
        assert {call[3] for call in calls} == {config.num_attention_heads // config.num_key_value_heads}
        types = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
        assert [call[4] for call in calls] == [config.sliding_window if kind == "sliding_attention" else None for kind in types]
        whole = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, attn_implementation="eager" if cap else "sdpa").eval()
        split = hidden.split(lengths, 1)
        for got, text in zip(split, (tokens[:1, :5], tokens[1:, :1], tokens[1:, :7])):
            want = whole.model(text).last_hidden_state
            assert ((got - want).abs().max() / want.abs().max()).item() < 1e-4, name

    modules = {key for key, module in base.named_modules() if isinstance(module, torch.nn.Linear) and not key.endswith(".router")}
    plan = config.base_model_tp_plan
    assert {way for way in plan.values()} == {"colwise", "rowwise"}, plan
    shared = {module for module in modules if any(re.fullmatch(path.replace(".", r"\.").replace("*", r"\d+"), module) for path in plan)}
    assert shared == modules, (name, modules ^ shared)
    stages = config.base_model_pp_plan
    assert stages is None or list(stages) == [key for key, _ in base.named_children()], (stages, name)
    return f"{name}: {config.num_hidden_layers} attentions"


def two_devices(folder):
    """Run by torchrun: each of two processes holds half of the heads and hidden units, as the plan says."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    tokens = torch.randint(0, 8, (2, 13), generator=torch.Generator().manual_seed(1))
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
    mesh = init_device_mesh("cpu", (2,))
    ways = {"colwise": ColwiseParallel, "rowwise": RowwiseParallel}
    parallelize_module(model.model, mesh, {path: ways[way]() for path, way in model.config.base_model_tp_plan.items()})
    with torch.no_grad():
        logits = model(tokens).logits
    halves = [tuple(module.weight.to_local().shape) for key, module in model.named_modules() if key.endswith(("attention.q", "mlp.up"))]
    if int(os.environ["RANK"]) == 0:
        torch.save((logits, halves), str(folder) + ".tp")
    torch.distributed.destroy_process_group()


if __name__ == "__main__" and len(sys.argv) > 1:
    two_devices(pathlib.Path(sys.argv[1]))
elif __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        print(check("char-lm", "char-lm", root))
        # Documents that forget their family: rotations, windows, norms of queries and keys, biases, learned positions.
        for name in ("llama", "mistral", "qwen2_sliding", "qwen3", "gpt2", "opt", "olmo2", "phi3", "gemma", "gemma2", "gemma3", "mixtral", "qwen3_moe"):
            kind, options = CAUSAL[name]
            folder = root / (name + "_family")
            AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **options)).save_pretrained(folder)
            run("export", folder, "--to", "json", "--out", root / (name + ".fw.json"))
            document = json.loads((root / (name + ".fw.json")).read_text())
            assert "huggingface" in document
            del document["huggingface"]
            (root / (name + ".fw.json")).write_text(json.dumps(document))
            print(check(name, root / (name + ".fw.json"), root))

        # What is no such model says why: tokens that are mixed elsewhere, windows and caps that differ.
        for name, change, reason in (
                ("gemma3", lambda node, number: node["params"].update(mask="sliding", window=4 + number),
                 "it has windows of 5 and of 4 tokens, and servers know one for all layers that slide"),
                ("gemma2", lambda node, number: node["params"].update(soft_cap=5.0 + number),
                 "the caps of its scores are not alike, and servers know one for all layers")):
            document, number = json.loads((root / (name + ".fw.json")).read_text()), 0
            for node in document["architecture"]["nodes"]:
                for _, body in sorted((node.get("bodies") or {}).items()):
                    for inner in body["nodes"]:
                        if inner["block"].startswith("attention."):
                            change(inner, number)
                            number += 1
            assert number > 1, name
            (root / (name + "_other.fw.json")).write_text(json.dumps(document))
            run("export", root / (name + "_other.fw.json"), "--to", "huggingface", "--out", root / (name + "_other"))
            assert reason in (root / (name + "_other") / "modeling_formwright.py").read_text().split('"""')[1], name
        for preset, reason in (("hybrid-recall", "may mix tokens outside attention"), ("mamba-copy", "may mix tokens outside attention")):
            run("export", preset, "--to", "huggingface", "--out", root / preset)
            assert reason in (root / preset / "modeling_formwright.py").read_text().split('"""')[1], preset
            assert "_supports_attention_backend" not in (root / preset / "modeling_formwright.py").read_text()

        # Two processes that share the work.
        done = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", __file__, str(root / "char-lm")],
                              capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})
        assert done.returncode == 0, done.stderr[-3000:]
        logits, halves = torch.load(str(root / "char-lm") + ".tp")
        model = AutoModelForCausalLM.from_pretrained(root / "char-lm", trust_remote_code=True).eval()
        tokens = torch.randint(0, 8, (2, 13), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            want = model(tokens).logits
        assert ((logits - want).abs().max() / want.abs().max()).item() < 1e-4
        wholes = [tuple(module.weight.shape) for key, module in model.named_modules() if key.endswith(("attention.q", "mlp.up"))]
        assert halves == [(rows // 2, columns) for rows, columns in wholes], (halves, wholes)
        print("char-lm on two processes: the same logits")
