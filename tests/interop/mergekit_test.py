# A model whose layers are those of a checkpoint stacked anew leaves as a recipe for mergekit: stacking the source's layers as
# the recipe says gives our tensors and our logits. What is no re-stack is refused with a sentence.
import json
import os
import pathlib
import subprocess
import tempfile

import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from families_test import randomize

cli = os.environ["FORMWRIGHT_CLI"]
TOKENS = torch.randint(0, 61, (2, 13), generator=torch.Generator().manual_seed(5))


def run(*arguments, code=0):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.stderr)
    return done.stdout if code == 0 else done.stderr


def edited(root, name, change):
    document = json.loads((root / "source.fw.json").read_text())
    change(document["architecture"])
    path = root / (name + ".fw.json")
    path.write_text(json.dumps(document))
    return path


def repeat_of(architecture):
    return [node for node in architecture["nodes"] if node["block"] == "structure.repeat"][0]


def sums(architecture):
    repeat = repeat_of(architecture)
    body = (repeat.get("bodies") or {"layer": repeat["body"]})["layer"]
    return [node["id"] for node in body["nodes"] if node["block"] == "structure.residual"]


def rebuilt(recipe, stack):
    """What mergekit's passthrough does: the layers of each slice in turn, the rest from the source."""
    assert set(recipe) == {"slices", "merge_method", "dtype"} and recipe["merge_method"] == "passthrough"
    assert [layer for one in recipe["slices"] for layer in range(*one["sources"][0]["layer_range"])] == stack, recipe
    folder = recipe["slices"][0]["sources"][0]["model"]
    source = load_file(pathlib.Path(folder) / "model.safetensors")
    tensors = {key: value for key, value in source.items() if ".layers." not in key}
    for at, layer in enumerate(stack):
        prefix = f"model.layers.{layer}."
        tensors |= {f"model.layers.{at}." + key[len(prefix):]: value for key, value in source.items() if key.startswith(prefix)}
    config = LlamaConfig.from_pretrained(folder, num_hidden_layers=len(stack))
    model = LlamaForCausalLM(config).eval()
    model.load_state_dict(tensors, strict=True)
    return tensors, model


with tempfile.TemporaryDirectory() as temporary:
    root = pathlib.Path(temporary)
    torch.manual_seed(1)
    source = LlamaForCausalLM(LlamaConfig(vocab_size=61, hidden_size=24, intermediate_size=37, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2))
    randomize(source)
    source.save_pretrained(root / "source")
    run("export", root / "source", "--to", "json", "--out", root / "source.fw.json")
    run("export", root / "source", "--to", "pytorch", "--out", root / "py")
    weights = load_file(root / "py/model.safetensors")
    save_file({"tokens": TOKENS}, root / "in.safetensors")

    def restacked(stack):
        """The weights of the source with its layers in another order."""
        own = {key: value for key, value in weights.items() if not key.startswith("layers.")}
        for at, layer in enumerate(stack):
            prefix = f"layers.{layer}."
            own |= {f"layers.{at}." + key[len(prefix):]: value.clone() for key, value in weights.items() if key.startswith(prefix)}
        return own

    def drop(architecture, *layers):
        repeat_of(architecture)["overrides"] = {str(layer): {"muted": sums(architecture)} for layer in layers}

    def count(architecture, layers):
        repeat_of(architecture).setdefault("params", {})["count"] = layers

    def tie(architecture, layers, distinct):
        count(architecture, layers)
        repeat_of(architecture)["weight_group"] = "loop"
        architecture["weight_groups"] = {"loop": {"policy": "tied", "params": {"distinct": distinct}}}

    cases = {
        "whole": (lambda a: None, None, [0, 1, 2, 3]),
        "shorter": (lambda a: count(a, 2), None, [0, 1]),
        "dropped": (lambda a: drop(a, 1, 2), None, [0, 3]),
        "looped": (lambda a: tie(a, 6, 3), None, [0, 1, 2, 0, 1, 2]),
        "doubled": (lambda a: count(a, 6), [0, 1, 2, 1, 2, 3], [0, 1, 2, 1, 2, 3]),
        "turned": (lambda a: None, [3, 2, 1, 0], [3, 2, 1, 0]),
    }
    for name, (change, order, stack) in cases.items():
        document = edited(root, name, change)
        more = ["--source", root / "source"]
        if order:
            save_file(restacked(order), root / (name + ".safetensors"))
            more += ["--weights", root / (name + ".safetensors")]
        run("export", document, "--to", "mergekit", "--out", root / (name + ".yaml"), *more)
        tensors, model = rebuilt(yaml.safe_load((root / (name + ".yaml")).read_text()), stack)
        # The same document by way of the other exporter, and by our engine.
        run("export", document, "--to", "pytorch", "--out", root / name, *more)
        given = load_file(root / name / "model.safetensors")
        run("run", document, "--weights", root / name / "model.safetensors", "--input", root / "in.safetensors", "--output", root / "out.safetensors")
        with torch.no_grad():
            wanted = model(TOKENS).logits
        error = ((load_file(root / "out.safetensors")["logits"] - wanted).abs().max() / wanted.abs().max()).item()
        assert error < 1e-4, (name, error)
        if name in ("whole", "shorter", "doubled", "turned"):
            run("export", document, "--to", "huggingface", "--out", root / (name + "_hf"), *more)
            ours = load_file(root / (name + "_hf") / "model.safetensors")
            assert ours.keys() == tensors.keys() and all(torch.equal(ours[key], tensors[key]) for key in ours), name
        print(f"{name}: {len(tensors)} tensors, logits differ by {error:.1e} of the largest")

    refused = "formwright-cli: [mergekit] the model is no re-stack of the source: "

    def refusal(name, change, weights_file=None, place=root / "source"):
        more = ["--source", place] if place else []
        more += ["--weights", weights_file] if weights_file else []
        return run("export", edited(root, name, change), "--to", "mergekit", "--out", root / "no.yaml", *more, code=1 if place else 2)

    changed = restacked([0, 1, 2, 3])
    changed["layers.2.mlp.up.weight"][0, 0] += 1
    save_file(changed, root / "changed.safetensors")
    assert refusal("changed", lambda a: None, root / "changed.safetensors") == refused + "layer 2 has the weights of none of its 4 layers.\n"
    changed = restacked([0, 1, 2, 3])
    changed["norm_final.weight"][3] += 1
    save_file(changed, root / "changed.safetensors")
    assert refusal("norm", lambda a: None, root / "changed.safetensors") == refused + "'norm_final.weight' was changed.\n"

    def half(architecture):
        repeat_of(architecture)["overrides"] = {"1": {"muted": sums(architecture)[:1]}}

    assert refusal("half", half) == refused + "layer 1 has something of its own, but only whole layers can be dropped.\n"
    assert refusal("none", lambda a: drop(a, 0, 1, 2, 3)) == refused + "every layer is dropped.\n"
    assert "expected one (--source)" in refusal("nowhere", lambda a: None, place=None)
    assert not (root / "no.yaml").exists()
