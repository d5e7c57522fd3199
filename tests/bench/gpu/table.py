#!/usr/bin/env python3
"""The table of gpu_bench's times and, where there are any, of PyTorch's.

    table.py OURS.json [PEERS.json] [--write README.md]

A case's share is of the roof that was measured on the same device: the bandwidth of a copy for what is bound by memory, the
fastest matrix product of the same precision for what multiplies. A ratio is our time through PyTorch's: below 1 ours is faster.
--write puts the text into the file between the lines "<!-- gpu -->" and "<!-- /gpu -->".
"""
import argparse
import datetime
import json
import pathlib
import re

# Dense bf16 multiplications of the data sheets, FLOP/s; others: the fastest measured product.
DATA_SHEETS = {r"H100|H200": 989e12, r"A100": 312e12}
LEAST_SHARE = 0.85  # of the copy's bandwidth, for what is bound by memory


def number(x, digits=2):
    return "" if x is None else f"{x:.{digits}f}"


class Measured:
    def __init__(self, ours, peers):
        self.cases = {case["name"]: case for case in ours["cases"] if "seconds" in case}
        self.errors = {case["name"]: case["error"] for case in ours["cases"] if "error" in case}
        self.errors.update({case["name"]: "no time was left" for case in ours["cases"] if "late" in case})
        self.peers = peers.get("cases", {})
        copy = self.cases.get("copy")
        self.bandwidth = copy["bytes"] / copy["seconds"] if copy else None
        self.peak = {precision: max((self.flops(c) for c in self.cases.values()
                                     if c["kind"] == "matmul" and c["precision"] == precision), default=None)
                     for precision in ("f32", "bf16")}
        sheet = [value for name, value in DATA_SHEETS.items() if re.search(name, ours["device"])]
        self.sheet = sheet[0] if sheet else self.peak["bf16"]

    @staticmethod
    def flops(case):
        return case["flops"] / case["seconds"]

    def share(self, case):
        """Of the roof that bounds the case."""
        if case["bound"] == "bytes":
            return case["bytes"] / case["seconds"] / self.bandwidth if self.bandwidth else None
        peak = self.peak[case["precision"]]
        return self.flops(case) / peak if peak else None

    def ratio(self, case, how):
        theirs = self.peers.get(case["name"], {}).get(how)
        return case["seconds"] / theirs if theirs else None

    def find(self, pattern):
        return [case for name, case in self.cases.items() if re.search(pattern, name)]


def rows(m):
    """Of PERFORMANCE.md: name, what, value, must, moon, whether less is better, how it is written."""
    def best(pattern, value, reduce=max):
        values = [value(case) for case in m.find(pattern)]
        values = [x for x in values if x is not None]
        return reduce(values) if values else None

    def apart(case):
        other = m.cases.get(case["name"].replace("matmul+bias+gelu", "matmul, bias, gelu apart"))
        return other["seconds"] / case["seconds"] if other else None

    tera = lambda case: m.flops(case) / 1e12
    return [
        ("H1", "bf16 product with bias and GELU, 2048 to 8192, against the same apart: least", best(r"^matmul\+bias.*bf16", apart, min),
         0.95, 1.1, False, "x"),
        ("H2", "attention forward, d=128, 16k, full, TFLOP/s", best(r"^attention/16384x128/full/bf16", tera), 350, 600, False, ""),
        ("H2", "attention forward, d=128, 16k, causal, TFLOP/s", best(r"^attention/16384x128/causal/bf16", tera), 350, 500, False, ""),
        ("H3", "attention backward, d=128, 16k, TFLOP/s", best(r"^attention backward/16384x128/.*/bf16", tera), 250, 450, False, ""),
        ("H4", "decode attention, 32k to 512k keys, share of the copy's bandwidth: least", best(r"^decode/", m.share, min), 0.70, 0.88,
         False, ""),
        ("H5", "selective scan, B=8 D=4096 T=8192 N=16, ms", best(r"^selective scan/8x8192", lambda c: c["seconds"] * 1e3), 2, 0.8, True, ""),
        ("H6", "GPT-2 124M training in bf16, share of the data sheet", best(r"^train/124M/bf16", lambda c: m.flops(c) / m.sheet), 0.35, 0.55,
         False, ""),
        ("", "passes bound by memory, share of the copy's bandwidth: least",
         best(r"^(add|gelu|rms norm|layer norm|residual|softmax|transpose|sum|cross|embedding|AdamW|causal)", m.share, min), LEAST_SHARE,
         None, False, ""),
        ("", "training step, our time through compiled PyTorch's: worst", best(r"^train/.*bf16", lambda c: m.ratio(c, "compiled")), 1, None,
         True, "x"),
    ]


def text(m, ours, peers):
    lines = [f"{datetime.date.today()}, {ours['device']} (compute capability {ours['capability'] or 'none'}), PyTorch "
             f"{peers.get('torch', 'absent')}. A copy moves {number(m.bandwidth and m.bandwidth / 1e9, 0)} GB/s; the fastest product does "
             f"{number(m.peak['f32'] and m.peak['f32'] / 1e12, 1)} TFLOP/s in f32 and "
             f"{number(m.peak['bf16'] and m.peak['bf16'] / 1e12, 1)} in bf16.", "",
             "| Row | What | Measured | Must | Moon |", "|---|---|---|---|---|"]
    if ours["is_small"]:
        lines.insert(1, "Sizes are tiny: this tries the script, the numbers mean nothing.")
    for name, what, value, must, moon, isLessBetter, unit in rows(m):
        verdict = "not measured" if value is None else number(value) + unit
        if value is not None and must is not None:
            verdict += " ✓" if (value <= must if isLessBetter else value >= must) else " ✗"
        lines.append(f"| {name} | {what} | {verdict} | {must} | {moon or ''} |")
    lines += ["", "| Case | Precision | ms | GB/s | TFLOP/s | Share of the roof | Ours / eager | Ours / compiled |",
              "|---|---|---|---|---|---|---|---|"]
    for case in m.cases.values():
        share = m.share(case)
        gigabytes = case["bytes"] / case["seconds"] / 1e9 if case["bound"] == "bytes" else None
        tera = m.flops(case) / 1e12 if case["flops"] else None
        lines.append(f"| {case['name']} | {case['precision']} | {case['seconds'] * 1e3:.3f} | {number(gigabytes, 0)} | {number(tera, 1)} | "
                     f"{'' if share is None else f'{share:.0%}'} | {number(m.ratio(case, 'eager'))} | {number(m.ratio(case, 'compiled'))} |")
    for name, error in m.errors.items():
        lines.append(f"| {name} | | | | | {error} | | |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("peers", nargs="?")
    parser.add_argument("--write")
    options = parser.parse_args()
    ours = json.load(open(options.ours))
    peers = json.load(open(options.peers)) if options.peers else {}
    table = text(Measured(ours, peers), ours, peers)
    print(table)
    if options.write:
        path = pathlib.Path(options.write)
        before, rest = path.read_text().split("<!-- gpu -->\n")
        path.write_text(f"{before}<!-- gpu -->\n{table}\n<!-- /gpu -->{rest.split('<!-- /gpu -->')[1]}")


main()
