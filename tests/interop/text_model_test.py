# A folder with a tokenizer: the same perplexity of a text and the same greedy tokens as transformers.
import json
import math
import os
import subprocess
import tempfile

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

cli = os.environ["FORMWRIGHT_CLI"]
text = ("Der größte Fluß heißt Straße. The quick brown fox jumps over the lazy dog! 敏捷的狐狸 Быстрая лиса 😀 don't stop\n" * 7)[:-1]
torch.manual_seed(3)


def run(*arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


for name in ("gpt2", "llama"):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>"], show_progress=False,
                                                              initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    size = tokenizer.get_vocab_size()
    if name == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=None))
    else:
        model = LlamaForCausalLM(LlamaConfig(vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                                             num_key_value_heads=2, eos_token_id=None))
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
        path = os.path.join(folder, "text.txt")
        with open(path, "w") as file:
            file.write(text)
        ids = tokenizer.encode(text).ids
        context, total = 50, 0.0
        with torch.no_grad():
            for begin in range(0, len(ids) - 1, context):
                piece = torch.tensor(ids[begin:begin + context + 1])
                logits = model(piece[None, :-1]).logits[0]
                total += torch.nn.functional.cross_entropy(logits, piece[1:], reduction="sum").item()
        loss = total / (len(ids) - 1)
        ours = json.loads(run("eval", folder, "--task", "text", "--task-option", "file=" + path, "--task-option", f"context={context}", "--json"))
        assert ours["tokens"] == len(ids) - 1, ours
        assert abs(ours["loss"] - loss) < 1e-4 * loss, (ours, loss)
        assert math.isclose(ours["perplexity"], math.exp(loss), rel_tol=1e-3)
        assert math.isclose(ours["bits_per_byte"], total / math.log(2) / len(text.encode()), rel_tol=1e-4)

        prompt = "The quick größte"
        given = torch.tensor([tokenizer.encode(prompt).ids])
        with torch.no_grad():
            for _ in range(32):
                given = torch.cat([given, model(given).logits[:, -1].argmax(-1, keepdim=True)], 1)
        greedy = given[0].tolist()
        told = run("generate", folder, "--prompt", prompt, "--tokens", 32, "--temperature", 0)
        assert told.rstrip("\n") == tokenizer.decode(greedy).rstrip("\n"), (told, tokenizer.decode(greedy))
        # The end token, chosen to come early: the text stops before it, and goes on past it where it must be longer.
        for seed in range(4):
            torch.manual_seed(seed)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.normal_(0, 0.3)
            given = torch.tensor([tokenizer.encode(prompt).ids])
            model.config.eos_token_id = model.generation_config.eos_token_id = None
            free = model.generate(given, max_new_tokens=12, do_sample=False)[0, given.shape[1]:].tolist()
            end = free[3]
            model.config.eos_token_id = model.generation_config.eos_token_id = end
            model.save_pretrained(folder)
            for least in (0, 32):
                theirs = model.generate(given, max_new_tokens=32, min_new_tokens=least, do_sample=False, pad_token_id=end)[0].tolist()
                if least == 0:
                    assert theirs[-1] == end and len(theirs) - given.shape[1] <= 4, theirs
                    theirs = theirs[:-1]
                else:
                    assert len(theirs) == given.shape[1] + 32 and end not in theirs[given.shape[1]:], theirs
                told = run("generate", folder, "--prompt", prompt, "--tokens", 32, "--temperature", 0, "--min-tokens", least)
                assert told.rstrip("\n") == tokenizer.decode(theirs).rstrip("\n"), (name, seed, least, told, tokenizer.decode(theirs))
            # The folder may ask for a least length; what it asks for in vain is said.
            model.generation_config.min_new_tokens, model.generation_config.repetition_penalty = 9, 1.25
            model.generation_config.save_pretrained(folder)
            done = subprocess.run([cli, "generate", folder, "--prompt", prompt, "--tokens", "9", "--temperature", "0"], capture_output=True, text=True)
            assert done.stderr == "info: generation_config.json asks for repetition_penalty 1.25; that does not act here.\n", done.stderr
            model.generation_config.repetition_penalty = 1.0
            model.generation_config.save_pretrained(folder)
            theirs = model.generate(given, max_new_tokens=9, do_sample=False, pad_token_id=end)[0].tolist()
            assert len(theirs) - given.shape[1] == 9 and end not in theirs[given.shape[1]:], theirs
            assert run("generate", folder, "--prompt", prompt, "--tokens", 9, "--temperature", 0).rstrip("\n") == tokenizer.decode(theirs).rstrip("\n")
            model.generation_config.min_new_tokens = None
    print(f"{name}: loss {loss:.6f}, {len(ids)} tokens, the same greedy text")
