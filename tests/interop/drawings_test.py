# Drawings and diagrams of every preset: well formed, every arrow ends at a box, every block is there.
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as tree

cli = os.environ["FORMWRIGHT_CLI"]


def run(*arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


presets = [one["id"] for one in json.loads(run("list", "presets", "--json"))["presets"]]
with tempfile.TemporaryDirectory() as folder:
    for preset in presets:
        path = {kind: pathlib.Path(folder) / f"{preset}.{kind}" for kind in ("dot", "mermaid", "svg", "tikz", "pdf", "model-explorer")}
        for kind, file in path.items():
            run("export", preset, "--to", kind, "--out", file)
        graph = json.loads(path["model-explorer"].read_text())["graphs"][0]
        ids = {node["id"] for node in graph["nodes"]}
        edges = [(edge["sourceNodeId"], node["id"]) for node in graph["nodes"] for edge in node["incomingEdges"]]
        assert len(ids) == len(graph["nodes"]) > 5 and len(edges) >= len(ids) - 2, preset
        assert all(source in ids for source, _ in edges), preset
        assert any("f32[" in attr["value"] for node in graph["nodes"] for out in node["outputsMetadata"] for attr in out["attrs"]), preset

        mermaid = path["mermaid"].read_text()
        assert mermaid.startswith("flowchart TB\n") and mermaid.count("subgraph") == len(re.findall(r"^ *end$", mermaid, re.M)), preset
        assert sorted(re.findall(r"(n\d+) --> (n\d+)", mermaid)) == sorted(edges), preset
        dot = path["dot"].read_text()
        assert sorted(re.findall(r"(n\d+) -> (n\d+);", dot)) == sorted(edges), preset
        assert dot.count("{") == dot.count("}"), preset
        if shutil.which("dot"):
            subprocess.run(["dot", "-Tsvg", "-o", folder + "/dot.svg", path["dot"]], check=True)

        space = "{http://www.w3.org/2000/svg}"
        svg = tree.parse(path["svg"]).getroot()
        width, height = map(float, svg.get("viewBox").split()[2:])
        boxes = svg.findall(space + "rect")[1:]
        assert len(boxes) == len(ids) + mermaid.count("subgraph") + 1, preset
        for box in boxes:
            x, y, w, h = (float(box.get(k)) for k in ("x", "y", "width", "height"))
            assert 0 <= x and 0 <= y and x + w <= width * 1.001 and y + h <= height * 1.001, preset
        assert len(svg.findall(space + "path")) == len(edges), preset
        assert svg.get("width").endswith("mm"), preset

        tikz = path["tikz"].read_text()
        assert tikz.count("\\draw[->") == len(edges) and tikz.count("{") == tikz.count("}"), preset
        pdf = path["pdf"].read_bytes()
        assert pdf.startswith(b"%PDF-1.4") and pdf.endswith(b"%%EOF\n"), preset
        start = int(re.search(rb"startxref\n(\d+)\n", pdf).group(1))
        assert pdf[start:start + 4] == b"xref", preset
        for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), 1):
            assert pdf[int(offset):].startswith(b"%d 0 obj" % number), preset
        length = int(re.search(rb"/Length (\d+)", pdf).group(1))
        begin = pdf.index(b"stream\n") + 7
        assert pdf[begin + length:].startswith(b"endstream"), preset
    print(f"{len(presets)} presets drawn in 6 ways")
