# Layers that differ (a width of their own, fewer key heads, a sublayer that is skipped) leave as per_layer_config,
# block_configs and the lists of LLM-Drop, with code that transformers runs: our logits, with and without a cache; and they are
# opened again as they were, from each of the three. usage: layered_export_test.py [CASE...]
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_MODULES_CACHE"] = tempfile.mkdtemp()
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from families_test import CAUSAL, randomize

cli = os.environ["FORMWRIGHT_CLI"]
TOKENS = torch.randint(0, 61, (2, 13), generator=torch.Generator().manual_seed(5))


def run(*arguments, code=0):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.stderr)
    return done.stdout if code == 0 else done.stderr


def repeat_of(document):
    return [node for node in document["architecture"]["nodes"] if node["block"] == "structure.repeat"][0]


def bodies(repeat):
    return repeat.get("bodies") or {"layer": repeat["body"]}


def edit(path, changes):
    """changes: {layer: {"hidden": 40, "kv_heads": 1, "skip": ["attention"]}}"""
    document = json.loads(path.read_text())
    repeat = repeat_of(document)
    pattern = repeat["params"].get("pattern") or ""
    for layer, own in changes.items():
        body = bodies(repeat)[pattern[layer % len(pattern)] if pattern else "layer"]
        named = {node["name"]: node for node in body["nodes"]}
        sums = {}
        for part in ("attention", "mlp"):
            at = named[part]["id"]
            while True:
                (at,) = [int(str(to).split(".")[0]) for source, to in body["wires"] if str(source).split(".")[0] == str(at)]
                node = [one for one in body["nodes"] if one["id"] == at][0]
                if node["block"] == "structure.residual":
                    sums[part] = at
                    break
        override = {}
        for name, value in own.items():
            if name == "skip":
                override["muted"] = [sums[part] for part in value]
            else:
                node = named["mlp" if name == "hidden" else "attention"]
                override.setdefault("params", {}).setdefault(str(node["id"]), {})[name] = value
        repeat.setdefault("overrides", {})[str(layer)] = override
    path.write_text(json.dumps(document))


def ours(model, folder, *more):
    save_file({"tokens": TOKENS}, folder / "in.safetensors")
    run("run", model, "--input", folder / "in.safetensors", "--output", folder / "out.safetensors", *more)
    return load_file(folder / "out.safetensors")["logits"]


def assert_close(name, got, wanted):
    error = ((got - wanted).abs().max() / wanted.abs().max()).item()
    assert error < 1e-4, (name, error)
    return error


CASES = {
    "llama": {0: {"skip": ["attention"]}, 1: {"hidden": 51, "kv_heads": 4}, 2: {"skip": ["mlp"], "kv_heads": 1}},
    "llama3": {1: {"skip": ["attention", "mlp"]}, 2: {"hidden": 20}},
    "qwen3": {1: {"kv_heads": 1}, 2: {"skip": ["attention"]}},
    "gemma2": {0: {"hidden": 13}, 1: {"skip": ["attention"]}, 2: {"skip": ["mlp"]}},
    "olmo2": {0: {"skip": ["mlp"]}, 2: {"hidden": 5, "skip": ["attention"]}},
    "gpt2": {0: {"skip": ["attention"]}, 2: {"hidden": 11}},
}
with tempfile.TemporaryDirectory() as temporary:
    for name, changes in CASES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        root = pathlib.Path(temporary) / name
        kind, options = CAUSAL[name]
        torch.manual_seed(1)
        source = AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **options)).eval()
        randomize(source)
        source.save_pretrained(root / "source")
        config = json.loads((root / "source/config.json").read_text())
        (root / "source/config.json").write_text(json.dumps(config | {"a_key_that_nobody_knows": [1, {"x": None}]}))
        (root / "source/tokenizer.json").write_text("{}\n")

        document = root / "edited.fw.json"
        run("export", root / "source", "--to", "json", "--out", document)
        edit(document, changes)
        # Weights of the edited model: its own random ones, as widths have changed.
        run("export", document, "--to", "pytorch", "--out", root / "py", "--seed", 4)
        weights = load_file(root / "py/model.safetensors")
        generator = torch.Generator().manual_seed(8)
        weights = {key: torch.randn(value.shape, generator=generator) * 0.3 for key, value in weights.items()}
        save_file(weights, root / "weights.safetensors")
        wanted = ours(document, root, "--weights", root / "weights.safetensors")

        folder = root / "out"
        run("export", document, "--to", "huggingface", "--out", folder, "--weights", root / "weights.safetensors", "--source", root / "source")
        written = json.loads((folder / "config.json").read_text())
        assert written["a_key_that_nobody_knows"] == [1, {"x": None}]
        assert (folder / "tokenizer.json").read_text() == "{}\n"
        assert written["model_type"] == "formwright_" + kind and set(written["auto_map"]) == {"AutoConfig", "AutoModel", "AutoModelForCausalLM"}
        assert {int(key) for key in written["per_layer_config"]} == set(changes)
        for part, key in (("attention", "drop_attn_list"), ("mlp", "drop_mlp_list")):
            assert written.get(key, []) == [layer for layer in changes if part in changes[layer].get("skip", [])]
        for layer, block in enumerate(written["block_configs"]):
            own = changes.get(layer, {})
            assert block["attention"]["no_op"] == ("attention" in own.get("skip", []))
            assert block["ffn"]["no_op"] == ("mlp" in own.get("skip", []))
            if "hidden" in own and not block["ffn"]["no_op"]:
                assert block["ffn"]["ffn_hidden_size"] == own["hidden"]

        # Without trust nothing loads as something else.
        try:
            AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False)
            raise SystemExit(name + " loads without its code")
        except ValueError:
            pass
        model, report = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
        model.eval()
        # A tied head has no tensor of its own.
        assert not report["unexpected_keys"] and not report["mismatched_keys"], report
        assert set(report["missing_keys"]) <= {"lm_head.weight"}, report
        with torch.no_grad():
            error = assert_close(name, model(TOKENS).logits, wanted)
            # Token by token with a cache, and all at once without.
            cached = model.generate(TOKENS[:1], max_new_tokens=6, do_sample=False, pad_token_id=0, use_cache=True, eos_token_id=None)
            plain = model.generate(TOKENS[:1], max_new_tokens=6, do_sample=False, pad_token_id=0, use_cache=False, eos_token_id=None)
            assert torch.equal(cached, plain), (name, cached, plain)
            base = AutoModel.from_pretrained(folder, trust_remote_code=True).eval()
            hidden = base(TOKENS).last_hidden_state
            assert hidden.shape == (2, 13, source.config.hidden_size)
            # transformers writes it back.
            model.save_pretrained(root / "again")
            again = AutoModelForCausalLM.from_pretrained(root / "again", trust_remote_code=True).eval()
            assert torch.equal(again(TOKENS).logits, model(TOKENS).logits), name

        # Opened again: the same structure, the same tensors, and the same folder a second time.
        assert json.loads(run("diff", document, folder, "--json"))["changes"] == [], name
        assert_close(name, ours(folder, root), wanted)
        run("export", folder, "--to", "huggingface", "--out", root / "second")
        assert json.loads((root / "second/config.json").read_text()) == written
        for one, other in ((load_file(folder / "model.safetensors"), load_file(root / "second/model.safetensors")),):
            assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
        # From each dialect alone.
        for dialect in (["per_layer_config"], ["block_configs"], ["drop_attn_list", "drop_mlp_list"]):
            if dialect[0] == "drop_attn_list" and any(set(own) - {"skip"} for own in changes.values()):
                continue
            if dialect[0] == "block_configs" and kind == "gpt2":
                continue
            alone = root / dialect[0]
            alone.mkdir()
            others = {"per_layer_config", "block_configs", "drop_attn_list", "drop_mlp_list"} - set(dialect)
            (alone / "config.json").write_text(json.dumps({key: value for key, value in written.items() if key not in others} | {"model_type": kind}))
            assert json.loads(run("diff", document, alone, "--json"))["changes"] == [], (name, dialect)
        print(f"{name}: logits differ by {error:.1e} of the largest")

    # NVIDIA's way of saying it: widths by multiplier, groups by heads in each, nothing common to all layers.
    folder = pathlib.Path(temporary) / "nas"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({
        "model_type": "nemotron-nas", "hidden_size": 96, "num_attention_heads": 8, "num_hidden_layers": 3, "vocab_size": 61,
        "num_key_value_heads": None, "intermediate_size": None, "rms_norm_eps": 1e-5, "architectures": ["DeciLMForCausalLM"],
        "block_configs": [
            {"attention": {"n_heads_in_group": 4, "no_op": False, "replace_with_linear": False}, "ffn": {"ffn_mult": 2.625, "no_op": False, "replace_with_linear": False}},
            {"attention": {"n_heads_in_group": None, "no_op": True, "replace_with_linear": False}, "ffn": {"ffn_mult": 5.25, "no_op": False, "replace_with_linear": False}},
            {"attention": {"n_heads_in_group": 8, "no_op": False, "replace_with_linear": False}, "ffn": {"ffn_mult": None, "no_op": True, "replace_with_linear": False}},
        ]}))
    run("export", folder, "--to", "pytorch", "--out", folder / "py", "--seed", 1)
    shapes = {key: tuple(value.shape) for key, value in load_file(folder / "py/model.safetensors").items()}
    assert shapes["layers.0.attention.k.weight"] == (24, 96) and shapes["layers.2.attention.k.weight"] == (12, 96)
    assert shapes["layers.0.mlp.up.weight"] == (256, 96) and shapes["layers.1.mlp.up.weight"] == (512, 96)
    assert not any(key.startswith(("layers.1.attention", "layers.1.norm_attention", "layers.2.mlp")) for key in shapes)

    # What cannot be said is refused with a sentence.
    for wrong, sentence in ({"per_layer_config": {"7": {"skip": ["mlp"]}}}, "layer 7 is to differ; expected layers 0 to 2."), \
            ({"per_layer_config": {"1": {"skip": ["soup"]}}}, "per_layer_config skips \"soup\"; known are attention, mlp."), \
            ({"per_layer_config": {"1": {"vocab_size": 7}}}, "layer 1 is to have {\"vocab_size\":7}, which a layer cannot have of its own."), \
            ({"drop_attn_list": [3]}, "layer 3 is to differ; expected layers 0 to 2."), \
            ({"block_configs": [{"attention": {"replace_with_linear": True}}]}, "block_configs replaces 'attention' of layer 0 by a linear map, which is not known."):
        config = {"model_type": "llama", "hidden_size": 96, "num_attention_heads": 8, "num_hidden_layers": 3, "vocab_size": 61, "intermediate_size": 7}
        (folder / "config.json").write_text(json.dumps(config | wrong))
        error = run("check", folder, code=1)
        assert error == "formwright-cli: [config.json] " + sentence + "\n", error
