# Folders of a family, written here, go through llama.cpp's own converter and run in llama.cpp: the same text, token by token
# with its cache, and at each token the same scores as ours. usage: llama_cpp_test.py [CASE...]
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
import xllamacpp
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from families_test import CAUSAL, GROUPED, randomize, rope

cli = os.environ["FORMWRIGHT_CLI"]
STEPS = 24
PROMPT = "the quick brown fox?"
VOCABULARY, SPECIAL = 128, 10  # it forbids some of the special tokens

# Its converter knows tokenizers by what they make of one text. Ours is trained here, so it is told which kind it is.
CONVERTER = """
import json
import conversion.base as base
for kind in vars(base).values():
    if isinstance(kind, type) and "get_vocab_base_pre" in vars(kind):
        kind.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
    if isinstance(kind, type) and "_set_vocab_sentencepiece" in vars(kind):
        kind._set_vocab_sentencepiece = lambda self, *_, **__: self._set_vocab_gpt2()
        kind._set_vocab_llama_hf = lambda self, *_, **__: self._set_vocab_gpt2()
base.ModelBase.load_hparams = staticmethod(lambda folder, *_, **__: json.loads((folder / "config.json").read_text()))
import convert_hf_to_gguf
convert_hf_to_gguf.main()
"""

# What llama.cpp has no way to say is left out: a window in Mistral and Qwen2, queries that Gemma scales by another width.
CASES = {name: CAUSAL[name] for name in ("llama", "llama3", "llama_linear", "llama_yarn", "mistral_full", "qwen2", "qwen3", "qwen3_moe",
                                         "mixtral", "gemma", "olmo2", "mamba", "mamba2", "falcon_mamba", "jamba", "gpt2", "gpt_neox")}
CASES |= {
    "qwen2_tied": ("qwen2", dict(GROUPED, tie_word_embeddings=True)),
    "gemma2": ("gemma2", dict(CAUSAL["gemma2"][1], query_pre_attn_scalar=10)),
    "phi3": ("phi3", dict(GROUPED, sliding_window=64)),
    "bamba": ("bamba", dict(CAUSAL["bamba"][1], rope_parameters=rope(partial_rotary_factor=1.0))),
    "nemotron_h": ("nemotron_h", dict(CAUSAL["nemotron_h"][1], mamba_num_heads=8)),
    "gemma3": ("gemma3_text", dict(CAUSAL["gemma3"][1], query_pre_attn_scalar=10)),
}
# Keys that published folders have and transformers 5 does not write; those that they do not have are None.
KEYS = {
    "gpt2": {"n_ctx": 64},
    "gpt_neox": {"rotary_pct": 0.25},
    "nemotron_h": {"num_hidden_layers": 4, "hybrid_override_pattern": "M-*-", "num_experts_per_tok": None,
                   "n_routed_experts": None, "n_shared_experts": None, "n_group": None, "topk_group": None},
}
STARTED = {"nemotron_h"}  # its converter puts a start token before every text
# llama.cpp looks GELU up in a table of half precision.
COARSE = {"gemma", "gemma2", "gemma3", "gpt2", "gpt_neox"}


def run(*arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def ascii_tokenizer():
    """Each token is whole characters: llama.cpp gives no scores for half of one."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<pad>", "<unk>", "<bos>", "<eos>", "<mask>", "<|endoftext|>", "<|startoftext|>", "<|pad|>"]
    assert len(special) == SPECIAL
    tokenizer.train_from_iterator([PROMPT * 5], trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, show_progress=False, initial_alphabet=[chr(c) for c in range(33, 127)] + ["Ġ", "Ċ"]))
    tokenizer.add_tokens([f"<more{i}>" for i in range(VOCABULARY - tokenizer.get_vocab_size())])
    assert tokenizer.get_vocab_size() == VOCABULARY
    return tokenizer


def check(name, root):
    kind, options = CASES[name]
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **(options | {"vocab_size": VOCABULARY})))
    randomize(model)
    source, folder, file = root / (name + "_source"), root / name, root / (name + ".gguf")
    model.save_pretrained(source)
    config = json.loads((source / "config.json").read_text()) | KEYS.get(name, {})
    (source / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value is not None or key not in KEYS.get(name, {})}))
    tokenizer = ascii_tokenizer()
    tokenizer.save(str(source / "tokenizer.json"))
    (source / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer", "bos_token": "<s>", "eos_token": "</s>"}))
    run("export", source, "--to", "huggingface", "--out", folder)
    done = subprocess.run([sys.executable, "-c", CONVERTER, str(folder), "--outtype", "f32", "--outfile", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, (name, done.stderr[-2000:])

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel = 128, 1
    params.warmup = params.fit_params = False
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)
    given = server.handle_completions({"prompt": PROMPT, "n_predict": STEPS, "n_probs": VOCABULARY, "temperature": 0, "ignore_eos": True})
    given = json.loads(given) if isinstance(given, str) else given
    steps = given["choices"][0]["logprobs"]["content"]
    assert len(steps) == STEPS, (name, len(steps))
    theirs = torch.full((STEPS, VOCABULARY), -torch.inf, dtype=torch.float64)
    for row, step in zip(theirs, steps):
        for one in step["top_logprobs"]:
            row[one["id"]] = one["logprob"]
    chosen = [step["id"] for step in steps]

    tokens = [0] * (name in STARTED) + tokenizer.encode(PROMPT).ids + chosen
    assert given["usage"]["prompt_tokens"] == len(tokens) - STEPS, (name, given["usage"])
    save_file({"tokens": torch.tensor([tokens[:-1]])}, root / "in.safetensors")
    run("run", folder, "--input", root / "in.safetensors", "--output", root / "out.safetensors")
    ours = load_file(root / "out.safetensors")["logits"][0, -STEPS:].double().log_softmax(-1)
    assert theirs.isfinite().all() and ours.std() > 0.1, name
    error = ((ours - theirs).abs().max() / ours.abs().max()).item()
    assert error < (2e-3 if name in COARSE else 3e-4), (name, error)
    got = ours.gather(1, torch.tensor(chosen)[:, None])[:, 0]
    gap = (ours[:, SPECIAL:].max(-1).values - got).max().item()
    assert gap < (1e-2 if name in COARSE else 1e-3), (name, gap)
    del server
    return f"{name}: {STEPS} tokens alike, scores differ by {error:.1e}"


with tempfile.TemporaryDirectory() as temporary:
    for name in sys.argv[1:] or CASES:
        print(check(name, pathlib.Path(temporary)), flush=True)
