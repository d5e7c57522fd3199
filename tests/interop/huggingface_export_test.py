# Folders that we write load in transformers: a family's own model byte by byte, with fewer layers too, and any other model with
# code of its own.
import json
import os
import pathlib
import subprocess
import tempfile

# Code of a folder is copied there before it runs.
os.environ["HF_MODULES_CACHE"] = tempfile.mkdtemp()
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

cli = os.environ["FORMWRIGHT_CLI"]
torch.manual_seed(3)


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
        weights = {key[6:]: value for key, value in load_file(folder / "model.safetensors").items()}
        save_file(weights, folder / "weights.safetensors")
        run("run", preset, "--weights", folder / "weights.safetensors", "--input", folder / "in.safetensors", "--output", folder / "out.safetensors")
        ours = load_file(folder / "out.safetensors")["logits"]
        error = ((ours - logits).abs().max() / ours.abs().max()).item()
        assert error < 1e-4, (preset, error)
        print(f"{preset}: logits differ by {error:.1e} of the largest")
