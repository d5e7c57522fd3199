# Tokenizers trained on the spot by Hugging Face's library, and ours: equal ids, tokens, offsets and decoded text.
import json
import os
import random
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

cli = os.environ["FORMWRIGHT_CLI"]

TEXTS = [
    "", " ", "  \n\t ", "Hello, world!", " Hello  world ", "I'm sure they'll say we'd've done it; don't you?",
    "The quick brown fox jumps over the lazy dog. 1234567890 3.14159 1,000,000 ½ ² ⅷ",
    "Der größte Fluß heißt Straße; ÄÖÜ äöü ß ẞ. Déjà vu, naïve café — “quoted” ‘text’…",
    "Das ist ein la\u0308ngerer Text mit zerlegten Zeichen: a\u0301 e\u0323\u0302 q\u0307\u0323 \u1e69 s\u0323\u0307.",
    "Быстрая коричневая лиса прыгает через ленивую собаку. Ёж!", "Η γρήγορη αλεπού ΣΟΦΟΣ Σ ς σ",
    "敏捷的棕色狐狸跳过懒狗。我爱北京天安门", "いろはにほへと ちりぬるを カタカナ ｶﾀｶﾅ がぎぐ か\u3099", "안녕하세요 세계 \u1112\u1161\u11ab 한글",
    "مرحبا بالعالم، كيف حالك؟ ﷺ ﻻ", "שלום עולם, מה שלומך?", "नमस्ते दुनिया क्षत्रिय किंतु", "สวัสดีชาวโลก ที่", "Xin chào thế giới — tiếng Việt",
    "İstanbul'da ığdır I i İ ı", "ﬁne ﬀ ① ㎏ ℌ Å Å ﾊﾟ ｆｕｌｌ ｗｉｄｔｈ　ideographic space",
    "😀 👍🏽 👨‍👩‍👧‍👦 🇩🇪 ❤️ 🏳️‍🌈 e\u0301\u0302\u0303", "emoji😀between", "a\u200db zero\u200bwidth soft\u00adhyphen nbsp\u00a0here \ufeff bom",
    "def f(x):\n    return x ** 2  # code\n\tif (a != b) { c += 1; }\r\n", "line\r\nbreaks\n\n\nmany\n  indented",
    "\u0000nul \u0007bell \u007f \u0085 \u2028 \u2029 \ufffd end", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𠜎 𠮷", "<s>Hello</s> [MASK] <pad> text<s> [CLS]",
    "  <mask>  spaced  <mask>", "word<word>s word <word> x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "x" * 150 + " y", "www.example.com/path?query=1&b=2#frag @user #tag 50% $5.00 (parens) [brackets] {braces} a_b_c",
    "\u180emongolian \u1680ogham \u3000", "Ω Ω K K  ﬃ ŉ ǰ", "▁already▁marked ▁", "Ġbyte Ċ level", "##prefix ##",
]
random.seed(5)
pool = list("".join(TEXTS))
TEXTS += ["".join(random.choice(pool) for _ in range(random.randint(1, 60))) for _ in range(300)]

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BYTES = ["<0x%02X>" % b for b in range(256)]


def corpus():
    return [t for t in TEXTS[:38] if t] * 4


def bpe_bytes(pre, normalizer=None, post=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<|endoftext|>", "<s>", "</s>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def gpt2(prefix=False):
    return bpe_bytes(pre_tokenizers.ByteLevel(add_prefix_space=prefix), post=processors.ByteLevel(trim_offsets=False))


def roberta():
    tokenizer = bpe_bytes(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1), trim_offsets=True, add_prefix_space=True)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    return tokenizer


def trimmed():
    return bpe_bytes(pre_tokenizers.ByteLevel(add_prefix_space=False), normalizer=normalizers.NFC(),
                     post=processors.ByteLevel(trim_offsets=True))


def split_regex(pattern, normalizer=None, ignore_merges=False):
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = bpe_bytes(pre, normalizer, ignore_merges=ignore_merges)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])])
    return tokenizer


def deepseek():
    pre = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex("[\r\n]"), "isolated"), pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s?\p{P}+"), "isolated"), pre_tokenizers.Split(Regex("[一-龥ࠀ-一가-퟿]+"), "isolated"),
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return bpe_bytes(pre)


def llama(legacy):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=["<unk>", "<s>", "</s>"] + BYTES, show_progress=False,
                                  limit_alphabet=120)
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    if legacy:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.pre_tokenizer = None if legacy else metaspace
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.add_special_tokens([AddedToken("<s>", normalized=False, special=True), AddedToken("</s>", normalized=False, special=True)])
    return tokenizer


def gemma():
    tokenizer = llama(True)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def word_piece(lower, accents=None, unknown="[UNK]"):
    tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower, strip_accents=accents)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=[unknown, "[CLS]", "[SEP]", "[MASK]"], show_progress=False,
                                        limit_alphabet=150)
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return tokenizer


def bert_old():
    tokenizer = word_piece(True)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def unigram(normalizer, pre, fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"] + (BYTES if fallback else [])
    trainer = trainers.UnigramTrainer(vocab_size=700, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(corpus()[:30], trainer)
    if fallback:
        data = json.loads(tokenizer.to_str())
        data["model"]["byte_fallback"] = True
        tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def charsmap(name):
    """The table that SentencePiece compiles into its models."""
    import io

    import sentencepiece
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus()), model_writer=model, vocab_size=330, minloglevel=2,
                                             hard_vocab_limit=False, normalization_rule_name=name)
    data, at = model.getvalue(), 0

    def number(at):
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value, at

    def fields(begin, end):
        while begin < end:
            key, begin = number(begin)
            if key & 7 == 2:
                size, begin = number(begin)
                yield key >> 3, begin, begin + size
                begin += size
            elif key & 7 == 0:
                begin = number(begin)[1]
            else:
                begin += 4 if key & 7 == 5 else 8

    for field, begin, end in fields(0, len(data)):
        if field == 3:  # normalizer_spec
            for inner, b, e in fields(begin, end):
                if inner == 2:  # precompiled_charsmap
                    return data[b:e]
    raise AssertionError("no charsmap")


def t5():
    return unigram(normalizers.Precompiled(charsmap("nmt_nfkc")), pre_tokenizers.Metaspace(prepend_scheme="always"))


def xlm_r():
    return unigram(normalizers.Sequence([normalizers.Precompiled(charsmap("nmt_nfkc_cf")), normalizers.Replace(Regex(" {2,}"), " ")]),
                   pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]))


def words(pre, normalizer=None):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(corpus(), trainers.WordLevelTrainer(special_tokens=["[UNK]"], show_progress=False))
    tokenizer.add_tokens([AddedToken("word", single_word=True), AddedToken("<word>", rstrip=True), AddedToken("world", lstrip=True)])
    return tokenizer


def clip():
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=["<|endoftext|>"], end_of_word_suffix="</w>", show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    return tokenizer


CASES = {
    "gpt2": gpt2, "gpt2_prefix": lambda: gpt2(True), "roberta": roberta, "trimmed": trimmed,
    "llama3": lambda: split_regex(LLAMA3, ignore_merges=True), "qwen2": lambda: split_regex(QWEN2, normalizers.NFC()),
    "o200k": lambda: split_regex(O200K), "deepseek": deepseek, "llama_legacy": lambda: llama(True), "llama": lambda: llama(False),
    "gemma": gemma, "bert": lambda: word_piece(True), "bert_cased": lambda: word_piece(False), "bert_accents": lambda: word_piece(True, False),
    "bert_old": bert_old,
    "unigram_nfkc": lambda: unigram(normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()]), pre_tokenizers.Metaspace()),
    "unigram_bytes": lambda: unigram(None, pre_tokenizers.Metaspace(prepend_scheme="never"), fallback=True),
    "t5": t5, "xlm_r": xlm_r, "clip": clip,
    "words": lambda: words(pre_tokenizers.Whitespace()),
    "words_nfd": lambda: words(pre_tokenizers.WhitespaceSplit(), normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])),
    "words_nfkd": lambda: words(pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits()]), normalizers.Sequence([normalizers.NFKD(), normalizers.Strip()])),
    "words_delimited": lambda: words(pre_tokenizers.CharDelimiterSplit("e"), normalizers.NFKC()),
    "words_previous": lambda: words(pre_tokenizers.Sequence([pre_tokenizers.Punctuation("merged_with_previous"), pre_tokenizers.Split(Regex(r"\s"), "merged_with_next")])),
}


# Ways to cut and to fill up, and special tokens around pairs.
FITTINGS = [
    (None, None),
    (dict(max_length=9, strategy="longest_first", direction="right"), dict(length=12, direction="right")),
    (dict(max_length=8, strategy="longest_first", direction="left"), dict(pad_to_multiple_of=8, direction="left", pad_type_id=3)),
    (dict(max_length=31, strategy="only_first", direction="left"), None),
    (dict(max_length=30, strategy="only_second", direction="right"), dict(length=30)),
    (None, dict(pad_to_multiple_of=5)),
]
PAIRS = list(zip(TEXTS[:60], TEXTS[30:60] + TEXTS[:30]))


def compare(name, path, theirs, inputs, folder, *flags):
    """Texts and pairs, those left out that the library refuses to cut."""
    wanted, asked = [], []
    for one in inputs:
        try:
            wanted.append(theirs.encode(*([one] if isinstance(one, str) else one), add_special_tokens="--plain" not in flags))
            asked.append(one)
        except Exception:  # noqa: BLE001: the library has no kinds of errors
            pass
    lines = os.path.join(folder, "lines.jsonl")
    with open(lines, "w") as file:
        file.writelines(json.dumps(one) + "\n" for one in asked)
    done = subprocess.run([cli, "tokenize", path, "--lines", lines, "--json", *flags], capture_output=True, text=True)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    ours = json.loads(done.stdout)
    assert ours["vocabulary"] == theirs.get_vocab_size(), name
    bad = 0
    for one, got, want in zip(asked, ours["texts"], wanted, strict=True):
        for what, left, right in (("ids", got["ids"], want.ids), ("tokens", got["tokens"], want.tokens),
                                  ("offsets", [tuple(o) for o in got["offsets"]], want.offsets),
                                  ("type ids", got["type_ids"], want.type_ids),
                                  ("mask", got["attention_mask"], want.attention_mask),
                                  ("decoded", got["decoded"], theirs.decode(want.ids))):
            if left != right:
                bad += 1
                if bad <= 5:
                    print(f"{name}: {what} of {one!r}\n  ours   {left}\n  theirs {right}")
                break
    return len(asked), bad


def check(name, folder):
    theirs = CASES[name]()
    path = os.path.join(folder, name + "_tokenizer.json")
    count = bad = 0
    for number, (cut, fill) in enumerate(FITTINGS):
        theirs.no_truncation()
        theirs.no_padding()
        if cut:
            theirs.enable_truncation(**cut)
        if fill:
            theirs.enable_padding(pad_id=1, **fill)
        theirs.save(path)
        inputs = TEXTS + PAIRS if number == 0 else TEXTS[:40] + PAIRS[:40]
        for flags in ([], ["--plain"]):
            one = compare(name, path, theirs, inputs, folder, *flags)
            count, bad = count + one[0], bad + one[1]
    print(f"{name}: {count} texts and pairs, {theirs.get_vocab_size()} tokens, {bad} differ")
    return bad


with tempfile.TemporaryDirectory() as folder:
    wrong = sum(check(name, folder) for name in (sys.argv[1:] or CASES))
sys.exit(1 if wrong else 0)
