# Every family of models: a tiny random one, written by transformers, opens here and gives the same logits.
# usage: families_test.py [CASE...]
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import transformers

CLI = os.environ["FORMWRIGHT_CLI"]
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TINY = dict(vocab_size=61, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=37,
            max_position_embeddings=64, pad_token_id=None, bos_token_id=0, eos_token_id=1)
GROUPED = dict(TINY, num_key_value_heads=2)
TOKENS = np.random.default_rng(7).integers(3, 60, (2, 13))


def rope(**more):
    return {"rope_theta": 10000.0, "rope_type": "default", **more}


LLAMA3 = rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
DYNAMIC = rope(rope_type="dynamic", factor=3.0)
YARN = rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)



def longrope(length):
    return rope(rope_type="longrope", short_factor=[1.0, 1.1, 1.5], long_factor=[1.5, 3.0, 7.0],
                original_max_position_embeddings=length)


# name: (model type, options of its configuration)
CAUSAL = {
    "gpt2": ("gpt2", dict(vocab_size=61, n_embd=24, n_layer=3, n_head=4, n_positions=64)),
    "gpt2_wide": ("gpt2", dict(vocab_size=61, n_embd=20, n_layer=2, n_head=4, n_positions=64, n_inner=33,
                               activation_function="relu", tie_word_embeddings=False, scale_attn_weights=False)),
    "llama": ("llama", GROUPED),
    "llama3": ("llama", dict(GROUPED, rope_parameters=LLAMA3, tie_word_embeddings=True, attention_bias=True,
                             mlp_bias=True, rms_norm_eps=1e-5)),
    "llama_yarn": ("llama", dict(GROUPED, rope_parameters=YARN, head_dim=10)),
    "llama_linear": ("llama", dict(TINY, rope_parameters=rope(rope_type="linear", factor=2.0))),
    "llama_dynamic": ("llama", dict(GROUPED, rope_parameters=DYNAMIC)),
    "llama_dynamic_long": ("llama", dict(GROUPED, rope_parameters=DYNAMIC, max_position_embeddings=9)),
    "mistral": ("mistral", dict(GROUPED, sliding_window=5, head_dim=8)),
    "mistral_full": ("mistral", dict(GROUPED, sliding_window=None)),
    "qwen2": ("qwen2", GROUPED),
    "qwen2_sliding": ("qwen2", dict(GROUPED, use_sliding_window=True, sliding_window=4, max_window_layers=1,
                                    tie_word_embeddings=True)),
    "qwen3": ("qwen3", dict(GROUPED, head_dim=10)),
    "qwen3_moe": ("qwen3_moe", dict(GROUPED, head_dim=10, num_hidden_layers=4, num_experts=5, num_experts_per_tok=2,
                                    moe_intermediate_size=9, norm_topk_prob=True)),
    "qwen3_moe_mixed": ("qwen3_moe", dict(GROUPED, head_dim=6, num_hidden_layers=4, num_experts=4, attention_bias=True,
                                          num_experts_per_tok=3, moe_intermediate_size=7, mlp_only_layers=[1],
                                          decoder_sparse_step=1)),
    "mixtral": ("mixtral", dict(GROUPED, num_local_experts=5, num_experts_per_tok=2)),
    "phi3": ("phi3", dict(GROUPED, sliding_window=6)),
    "phi3_partial": ("phi3", dict(TINY, tie_word_embeddings=True, rope_parameters=rope(partial_rotary_factor=0.67))),
    "phi3_longrope": ("phi3", dict(TINY, original_max_position_embeddings=48, rope_parameters=longrope(48))),
    "phi3_longrope_long": ("phi3", dict(TINY, original_max_position_embeddings=8, rope_parameters=longrope(8))),
    "gemma": ("gemma", dict(GROUPED, head_dim=10)),
    "gemma2": ("gemma2", dict(GROUPED, head_dim=10, sliding_window=4, query_pre_attn_scalar=7,
                              attn_logit_softcapping=5.0, final_logit_softcapping=3.0)),
    "gemma3": ("gemma3_text", dict(GROUPED, head_dim=10, num_hidden_layers=7, sliding_window=4,
                                   query_pre_attn_scalar=7)),
    "olmo2": ("olmo2", GROUPED),
    "gpt_neox": ("gpt_neox", dict(TINY, hidden_size=32)),
    "gpt_neox_serial": ("gpt_neox", dict(TINY, use_parallel_residual=False, hidden_act="gelu_fast",
                                         rope_parameters=rope(partial_rotary_factor=0.67))),
    "opt": ("opt", dict(vocab_size=61, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, ffn_dim=37,
                        max_position_embeddings=64, word_embed_proj_dim=24)),
    "opt_projected": ("opt", dict(vocab_size=61, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, ffn_dim=37,
                                  max_position_embeddings=64, word_embed_proj_dim=12, do_layer_norm_before=False)),
    "mamba": ("mamba", dict(vocab_size=61, hidden_size=20, num_hidden_layers=3, state_size=5)),
    "mamba_bias": ("mamba", dict(vocab_size=61, hidden_size=20, num_hidden_layers=2, state_size=3, use_bias=True,
                                 use_conv_bias=False, conv_kernel=3, time_step_rank=7, tie_word_embeddings=False)),
    "falcon_mamba": ("falcon_mamba", dict(vocab_size=61, hidden_size=36, num_hidden_layers=3, state_size=5)),
    "mamba2": ("mamba2", dict(vocab_size=61, hidden_size=24, num_hidden_layers=3, num_heads=6, head_dim=8, state_size=5,
                              n_groups=2, chunk_size=8)),
    "mamba2_limits": ("mamba2", dict(vocab_size=61, hidden_size=20, num_hidden_layers=2, num_heads=5, head_dim=8,
                                     state_size=7, n_groups=1, chunk_size=4, use_bias=True, use_conv_bias=False,
                                     time_step_limit=(0.05, 0.5), tie_word_embeddings=True)),
}

CAUSAL |= {
    "nemotron_h": ("nemotron_h", dict(GROUPED, layers_block_type=["linear_attention", "mlp", "full_attention", "mlp"], head_dim=10,
                                      mamba_num_heads=6, mamba_head_dim=8, ssm_state_size=5, n_groups=2, chunk_size=8)),
    "nemotron_h_bias": ("nemotron_h", dict(GROUPED, hybrid_override_pattern="M*M-", head_dim=6, mamba_num_heads=3, mamba_head_dim=8,
                                           ssm_state_size=3, n_groups=1, chunk_size=4, use_bias=True, mlp_bias=True,
                                           use_conv_bias=False, tie_word_embeddings=True, time_step_min=0.05)),
    "jamba": ("jamba", dict(GROUPED, num_hidden_layers=6, attn_layer_period=3, attn_layer_offset=1, num_experts=4,
                            num_experts_per_tok=2, mamba_d_state=5, mamba_dt_rank=6, use_mamba_kernels=False)),
    "bamba": ("bamba", dict(GROUPED, hidden_size=32, num_hidden_layers=4, attn_layer_indices=[1, 2], mamba_n_heads=8, mamba_d_state=5,
                            mamba_n_groups=2, mamba_chunk_size=8)),
    "bamba_bias": ("bamba", dict(GROUPED, hidden_size=32, num_hidden_layers=3, attn_layer_indices=[0], mamba_n_heads=4, mamba_d_state=3,
                                 mamba_n_groups=1, mamba_chunk_size=4, attention_bias=True, mlp_bias=True,
                                 mamba_proj_bias=True, tie_word_embeddings=True)),
}

ENCODER = {key: value for key, value in TINY.items() if not key.endswith("_token_id")}
DISTIL = dict(vocab_size=61, dim=24, n_layers=3, n_heads=4, hidden_dim=37, max_position_embeddings=40)
# name: (class, options, output)
TEXT = {
    "bert": ("BertForMaskedLM", ENCODER, "logits"),
    "bert_untied": ("BertForMaskedLM", dict(ENCODER, tie_word_embeddings=False, hidden_act="relu"), "logits"),
    "bert_bare": ("BertModel", ENCODER, "last_hidden_state"),
    "roberta": ("RobertaForMaskedLM", dict(ENCODER, type_vocab_size=1), "logits"),
    "distilbert": ("DistilBertForMaskedLM", DISTIL, "logits"),
    "distilbert_bare": ("DistilBertModel", dict(DISTIL, sinusoidal_pos_embds=True), "last_hidden_state"),
}

IMAGE = dict(hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=37, image_size=12, patch_size=4)
PIXELS = np.random.default_rng(8).normal(size=(2, 3, 12, 12)).astype(np.float32)
VISION = {
    "vit": ("ViTForImageClassification", dict(IMAGE, num_labels=5), "logits"),
    "vit_bare": ("ViTModel", dict(IMAGE, qkv_bias=False), "last_hidden_state"),
    "deit": ("DeiTForImageClassification", dict(IMAGE, num_labels=5), "logits"),
}

TOWERS = {
    "clip": ("CLIPModel", dict(text_config=dict(ENCODER, eos_token_id=60), vision_config=IMAGE, projection_dim=10)),
    "clip_old": ("CLIPModel", dict(text_config=dict(ENCODER, eos_token_id=2), vision_config=IMAGE, projection_dim=10)),
    "siglip": ("SiglipModel", dict(text_config=ENCODER, vision_config=IMAGE)),
}


def randomize(model):
    """Every tensor far from its starting value, so that a norm or a bias that is not read shows."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if name.endswith(("A_log", "dt_bias")):
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            tensor.add_(noise * (0.25 if tensor.dim() > 1 else 0.3))


def run(folder, inputs, out, notes=()):
    checked = subprocess.run([CLI, "check", str(folder), "--json"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    report = json.loads(checked.stdout)
    assert report["valid"] and not report["diagnostics"], report
    assert report["notes"] == list(notes), report["notes"]  # every key and every tensor has a meaning here
    np.savez(out / "input.npz", **inputs)
    done = subprocess.run([CLI, "run", str(folder), "--input", str(out / "input.npz"), "--output",
                           str(out / "output.npz")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.load(out / "output.npz")


def assert_close(got, wanted):
    wanted = wanted.detach().numpy()
    assert got.shape == wanted.shape, (got.shape, wanted.shape)
    assert wanted.std() > 1e-2, "the model's outputs are all alike, so they would prove nothing"
    error = np.abs(got - wanted).max() / np.abs(wanted).max()
    assert error <= 1e-4, f"relative difference {error:.2e}"


# Their step with a cache leaves out the limits of the time step that their pass over the whole text keeps to.
FORGETFUL = ("mamba2_limits", "nemotron_h_bias")


def assert_greedy(folder, model, uses_cache=True):
    """32 tokens: those of transformers, each the likeliest by the model's own logits of the whole text. Without a tokenizer
    tokens are bytes."""
    prompt = [40, 52, 33, 60, 45]
    done = subprocess.run([CLI, "generate", str(folder), "--prompt", bytes(prompt).decode(), "--tokens", "32", "--min-tokens", "32",
                           "--temperature", "0"], capture_output=True)
    assert done.returncode == 0, done.stderr
    tokens = list(done.stdout[:-1])
    assert len(tokens) == 37 and tokens[:5] == prompt, tokens
    with torch.no_grad():
        logits = model(torch.tensor([tokens[:-1]])).logits[0, 4:]
    ends = model.generation_config.eos_token_id
    for end in ends if isinstance(ends, list) else [] if ends is None else [ends]:
        if end < logits.shape[1]:
            logits[:, end] = -torch.inf
    best, chosen = logits.max(-1).values, logits.gather(1, torch.tensor(tokens[5:])[:, None])[:, 0]
    assert (best - chosen).max() <= 1e-4 * best.abs().max(), (best - chosen).tolist()
    theirs = model.generate(torch.tensor([prompt]), max_new_tokens=32, min_new_tokens=32, do_sample=False, pad_token_id=0, use_cache=uses_cache)
    assert tokens == theirs[0].tolist(), (tokens, theirs[0].tolist())


class Families(unittest.TestCase):
    def causal(self, kind, options, name="", **saving):
        torch.manual_seed(1)
        config = transformers.AutoConfig.for_model(kind, **options)
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager",
                                                               experts_implementation="eager").eval()
        randomize(model)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            dtype = saving.pop("dtype", None)
            (model.to(dtype) if dtype else model).save_pretrained(folder, **saving)
            if dtype:
                model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                                          attn_implementation="eager").eval()
            with torch.no_grad():
                wanted = model(torch.from_numpy(TOKENS)).logits
            assert_close(run(folder, {"tokens": TOKENS}, Path(temporary))["logits"], wanted)
            if name not in ("llama_dynamic_long", "phi3_longrope_long"):  # whose rotations change on the way
                assert_greedy(folder, model, name not in FORGETFUL)

    def one(self, name, options, inputs, outputs):
        torch.manual_seed(1)
        kind = getattr(transformers, name)
        config = kind.config_class(**options)
        model = kind._from_config(config, attn_implementation="eager").eval()
        randomize(model)
        with tempfile.TemporaryDirectory() as temporary:
            model.save_pretrained(Path(temporary) / "model")
            names = {"tokens": "input_ids", "pixels": "pixel_values"}
            with torch.no_grad():
                wanted = model(**{names[key]: torch.from_numpy(value) for key, value in inputs.items()})
            got = run(Path(temporary) / "model", inputs, Path(temporary))
            for ours, theirs in outputs.items():
                assert_close(got[ours], wanted[theirs])

    def test_longrope_on_the_way(self):
        """A text that passes the length of the training while it is written: the same tokens as transformers, which then reads
        all of it again with the other rotations."""
        kind, options = CAUSAL["phi3_longrope_long"]
        for length, seed in ((8, 1), (20, 2), (36, 3), (37, 4), (48, 5)):
            torch.manual_seed(seed)
            config = transformers.AutoConfig.for_model(kind, **dict(options, original_max_position_embeddings=length, rope_parameters=longrope(length)))
            model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
            randomize(model)
            with tempfile.TemporaryDirectory() as folder:
                model.save_pretrained(folder)
                prompt = [40, 52, 33, 60, 45]
                theirs = model.generate(torch.tensor([prompt]), max_new_tokens=32, min_new_tokens=32, do_sample=False, pad_token_id=0)[0].tolist()
                done = subprocess.run([CLI, "generate", folder, "--prompt", bytes(prompt).decode(), "--tokens", "32", "--min-tokens", "32",
                                       "--temperature", "0"], capture_output=True)
                assert done.returncode == 0 and not done.stderr, done.stderr
                assert list(done.stdout[:-1]) == theirs, (length, list(done.stdout), theirs)

    def test_dynamic_on_the_way(self):
        """Rotations that are others at each length: those of the longest that the text may reach, which is said."""
        kind, options = CAUSAL["llama_dynamic_long"]
        with tempfile.TemporaryDirectory() as folder:
            transformers.AutoConfig.for_model(kind, **options).save_pretrained(folder)
            for tokens, said in ((4, ""), (5, "info: The rotations of this model follow the length of the text above 9 tokens: they are those "
                                              "of 10 from the first token on, the length that it may reach.\n")):
                done = subprocess.run([CLI, "generate", folder, "--prompt", "(4!<-", "--tokens", str(tokens)], capture_output=True, text=True)
                assert done.returncode == 0 and done.stderr == said, done.stderr

    def test_sharded(self):
        self.causal(*CAUSAL["llama"], max_shard_size="9KB")
        self.causal(*CAUSAL["gpt2"], max_shard_size="9KB")

    def test_half_precision(self):
        self.causal(*CAUSAL["llama"], dtype=torch.bfloat16)
        self.causal(*CAUSAL["gpt2"], dtype=torch.float16)

    def test_text_part(self):
        """Gemma 3 with a vision tower opens as its language model, and says so."""
        torch.manual_seed(1)
        config = transformers.Gemma3Config(
            text_config=dict(GROUPED, head_dim=10, num_hidden_layers=4, sliding_window=4, query_pre_attn_scalar=7),
            vision_config=IMAGE, mm_tokens_per_image=9)
        model = transformers.Gemma3ForConditionalGeneration._from_config(config, attn_implementation="eager").eval()
        randomize(model)
        with tempfile.TemporaryDirectory() as temporary:
            model.save_pretrained(Path(temporary) / "model")
            with torch.no_grad():
                wanted = model(torch.from_numpy(TOKENS)).logits
            got = run(Path(temporary) / "model", {"tokens": TOKENS}, Path(temporary),
                      ["The language model alone is opened: the vision tower and its projector are left out."])
            assert_close(got["logits"], wanted)

    def test_bare_model(self):
        """A checkpoint of the model without its head: names lack the prefix."""
        config = transformers.AutoConfig.for_model("gpt2", **CAUSAL["gpt2"][1])
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        randomize(model)
        with tempfile.TemporaryDirectory() as temporary:
            model.transformer.save_pretrained(Path(temporary) / "model")
            with torch.no_grad():
                wanted = model(torch.from_numpy(TOKENS)).logits
            got = run(Path(temporary) / "model", {"tokens": TOKENS}, Path(temporary))
            assert_close(got["logits"], wanted)


for name, (kind, options) in CAUSAL.items():
    setattr(Families, f"test_{name}", lambda self, name=name, kind=kind, options=options: self.causal(kind, options, name))

for name, (kind, options, output) in TEXT.items():
    setattr(Families, f"test_{name}", lambda self, kind=kind, options=options, output=output: self.one(
        kind, options, {"tokens": TOKENS}, {"logits" if output == "logits" else "hidden": output}))
for name, (kind, options, output) in VISION.items():
    setattr(Families, f"test_{name}", lambda self, kind=kind, options=options, output=output: self.one(
        kind, options, {"pixels": PIXELS}, {"logits" if output == "logits" else "hidden": output}))
ENDED = np.concatenate([TOKENS[:, :9], [[60, 1, 2, 60], [5, 60, 60, 4]]], 1)
for name, (kind, options) in TOWERS.items():
    setattr(Families, f"test_{name}", lambda self, kind=kind, options=options: self.one(
        kind, options, {"tokens": ENDED, "pixels": PIXELS},
        {"text_embeds": "text_embeds", "image_embeds": "image_embeds"}))

if __name__ == "__main__":
    unittest.main(verbosity=0)
