# Folders that we write load in transformers: a family's own model byte by byte, with fewer layers too, and any other model with
# code of its own. Every family's folder comes back as it was: tensors, files, config.json, tokenizer.
import json
import os
import pathlib
import subprocess
import tempfile

# Code of a folder is copied there before it runs.
os.environ["HF_MODULES_CACHE"] = tempfile.mkdtemp()
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from families_test import CAUSAL, TEXT, TOWERS, VISION, randomize

cli = os.environ["FORMWRIGHT_CLI"]
torch.manual_seed(3)


def raw(folder):
    """Dtype, shape, bytes and file of each tensor, by the format's description alone."""
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8:8 + length]).items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                assert name not in tensors, name
                tensors[name] = (entry["dtype"], tuple(entry["shape"]), data[8 + length + begin:8 + length + end], path.name)
    return tensors


def model_of(name):
    if name in CAUSAL:
        kind, options = CAUSAL[name]
        return AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **options))
    kind, options = (TEXT | VISION | TOWERS)[name][:2]
    kind = getattr(transformers, kind)
    return kind(kind.config_class(**options))


def check_round_trips(root):
    """folder -> blocks -> folder, in turn with one file and several, in f32, bf16 and f16."""
    for number, name in enumerate(CAUSAL | TEXT | VISION | TOWERS):
        torch.manual_seed(number)
        model = model_of(name)
        randomize(model)
        dtype = (torch.float32, torch.bfloat16, torch.float16)[number % 3]
        before, after = root / "before" / name, root / "after" / name
        model.to(dtype).save_pretrained(before, **({"max_shard_size": "12KB"} if number % 2 else {}))
        config = json.loads((before / "config.json").read_text()) | {"future_key": {"deep": [1, None, "x"]}}
        (before / "config.json").write_text(json.dumps(config))
        files = {"tokenizer.json": b'{"model": {}}', "tokenizer_config.json": b"{}\n", "special_tokens_map.json": b"[1]", "merges.txt": b"a b\n",
                 "vocab.json": b"\xff\xfe", "generation_config.json": b'{"eos_token_id":  7}'}
        for file, content in files.items():
            (before / file).write_bytes(content)
        run("export", before, "--to", "huggingface", "--out", after)
        old, new = raw(before), raw(after)
        assert old.keys() == new.keys(), (name, old.keys() ^ new.keys())
        assert {one[0] for one in new.values()} >= {{torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}[dtype]}, name
        for key in old:
            assert old[key] == new[key], (name, key)
        for file in files | {"config.json": b""}:
            assert (after / file).read_bytes() == (before / file).read_bytes(), (name, file)
        index = "model.safetensors.index.json"
        assert (before / index).exists() == (after / index).exists() == (number % 2 == 1), name
        if number % 2:
            one, other = (json.loads((folder / index).read_text()) for folder in (before, after))
            assert one["weight_map"] == other["weight_map"] and one["metadata"]["total_size"] == other["metadata"]["total_size"], name
        (type(model) if name not in CAUSAL else AutoModelForCausalLM).from_pretrained(after)
    print(f"{number + 1} folders come back byte by byte")


SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "U16": 2, "U32": 4, "U64": 8, "BOOL": 1,
         "F8_E4M3": 1, "F8_E5M2": 1}


def write_raw(path, tensors):
    """{name: (dtype, shape, bytes)}, by the format's description alone."""
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data for _, _, data in tensors.values()))


def check_dtypes(root):
    """Every dtype of the format comes back, bits that are no numbers too, whole tensors and those that are cut into parts or turned;
    one that was edited leaves in the type that it has here."""
    for name in ("gpt2", "phi3", "bert"):
        model = model_of(name)
        model.save_pretrained(root / name / "plain")
        shapes = {key: list(one[1]) for key, one in raw(root / name / "plain").items()}
        for number, (dtype, size) in enumerate(SIZES.items()):
            before, after = root / name / dtype, root / name / (dtype + "_after")
            before.mkdir()
            (before / "config.json").write_bytes((root / name / "plain/config.json").read_bytes())
            generator = torch.Generator().manual_seed(number)
            bits = lambda count: torch.randint(0, 2 if dtype == "BOOL" else 256, (count,), generator=generator, dtype=torch.uint8).numpy().tobytes()
            tensors = {key: (dtype, shape, bits(size * torch.Size(shape).numel())) for key, shape in shapes.items()}
            tensors["left.over"] = (dtype, [3], bits(3 * size))
            if name == "bert":  # names of TensorFlow's time
                tensors = {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for key, value in tensors.items()}
                assert any(key.endswith("gamma") for key in tensors)
            write_raw(before / "model.safetensors", tensors)
            run("export", before, "--to", "huggingface", "--out", after)
            assert raw(after) == raw(before), (name, dtype)
    # One weight is edited; the rest stay f64.
    folder = root / "gpt2" / "F64"
    run("export", folder, "--to", "pytorch", "--out", root / "py")
    weights = load_file(root / "py/model.safetensors")
    weights["norm_final.weight"] = torch.arange(24.0)
    save_file(weights, root / "edited.safetensors")
    run("export", folder, "--to", "huggingface", "--weights", root / "edited.safetensors", "--out", root / "edited")
    before, after = raw(folder), raw(root / "edited")
    assert [key for key in before if before[key] != after[key]] == ["transformer.ln_f.weight"]
    assert after["transformer.ln_f.weight"][:3] == ("F32", (24,), torch.arange(24.0).numpy().tobytes())
    print(f"3 folders come back in each of {len(SIZES)} types")


def run(*arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


sizes = {"vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
models = {
    "gpt2": GPT2LMHeadModel(GPT2Config(vocab_size=61, n_embd=32, n_layer=3, n_head=4, n_positions=64)),
    "llama": LlamaForCausalLM(LlamaConfig(**sizes)),
    "llama_tied": LlamaForCausalLM(LlamaConfig(**sizes, tie_word_embeddings=True)),
    "qwen3": Qwen3ForCausalLM(Qwen3Config(**sizes, head_dim=8)),
}
tokens = torch.randint(0, 61, (2, 17))
with tempfile.TemporaryDirectory() as temporary:
    root = pathlib.Path(temporary)
    check_round_trips(root)
    check_dtypes(root / "dtypes")
    for name, model in models.items():
        model.eval().save_pretrained(root / name)
        run("export", root / name, "--to", "huggingface", "--out", root / (name + "_back"))
        before, after = (load_file(root / (name + end) / "model.safetensors") for end in ("", "_back"))
        assert before.keys() == after.keys(), (name, before.keys() ^ after.keys())
        assert all(torch.equal(before[key], after[key]) for key in before), name
        config = json.loads((root / (name + "_back") / "config.json").read_text())
        assert config["model_type"] == model.config.model_type and "auto_map" not in config
        back = AutoModelForCausalLM.from_pretrained(root / (name + "_back"))
        with torch.no_grad():
            assert torch.allclose(back(tokens).logits, model(tokens).logits, rtol=1e-4, atol=1e-5), name
        print(f"{name}: {len(after)} tensors as they were")

    # A document with a layer less is still of its family.
    run("export", root / "llama", "--to", "json", "--out", root / "edited.fw.json")
    document = json.loads((root / "edited.fw.json").read_text())
    repeat = [node for node in document["architecture"]["nodes"] if node["block"] == "structure.repeat"][0]
    assert repeat["params"]["count"] == 3, repeat["params"]
    repeat["params"]["count"] = 2
    (root / "edited.fw.json").write_text(json.dumps(document))
    run("export", root / "edited.fw.json", "--to", "huggingface", "--out", root / "shorter", "--seed", 1)
    shorter = AutoModelForCausalLM.from_pretrained(root / "shorter")
    assert shorter.config.model_type == "llama" and shorter.config.num_hidden_layers == 2

    # A folder is not written over itself, and large models are cut into files.
    done = subprocess.run([cli, "export", root / "llama", "--to", "huggingface", "--out", root / "llama"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr == f"formwright-cli: [{root}/llama] is the folder that the model comes from; expected another one.\n", done.stderr
    run("export", root / "llama", "--to", "huggingface", "--out", root / "cut", "--option", "shard=0.00001")
    assert len(list((root / "cut").glob("model-*-of-*.safetensors"))) > 3
    with torch.no_grad():
        assert torch.equal(AutoModelForCausalLM.from_pretrained(root / "cut")(tokens).logits, models["llama"](tokens).logits)

    # Weights of the source follow an edited document.
    run("export", root / "edited.fw.json", "--to", "huggingface", "--out", root / "source_weights", "--source", root / "llama")
    mine, theirs = load_file(root / "source_weights/model.safetensors"), load_file(root / "llama/model.safetensors")
    assert mine.keys() == {key for key in theirs if ".layers.2." not in key}
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)

    for preset in ("char-lm", "hybrid-recall", "mamba-copy"):
        folder = root / preset
        run("export", preset, "--to", "huggingface", "--out", folder, "--seed", 3)
        model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
        ids = torch.randint(0, 8, (2, 17))
        with torch.no_grad():
            logits = model(ids).logits
            assert model(ids, labels=ids).loss.isfinite()
            greedy = model.generate(ids[:1], max_new_tokens=4, do_sample=False, pad_token_id=0)
        assert greedy.shape == (1, 21)
        save_file({"tokens": ids}, folder / "in.safetensors")
        weights = {key.removeprefix("model.").replace("lm_head.", "head."): value for key, value in load_file(folder / "model.safetensors").items()}
        save_file(weights, folder / "weights.safetensors")
        run("run", preset, "--weights", folder / "weights.safetensors", "--input", folder / "in.safetensors", "--output", folder / "out.safetensors")
        ours = load_file(folder / "out.safetensors")["logits"]
        error = ((ours - logits).abs().max() / ours.abs().max()).item()
        assert error < 1e-4, (preset, error)
        print(f"{preset}: logits differ by {error:.1e} of the largest")
