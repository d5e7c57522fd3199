# Every preset (shrunk), every kind of container, every weight policy and every example of every block, exported: PyTorch and
# ONNX Runtime give our outputs, at two sizes of batch and time where they are open, and PyTorch our gradients. Every wire of an
# ONNX graph has its shape; weights lie inside, or beside it; scans stay, or become their steps.
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file

torch.set_num_threads(2)
failures = []


def check(name, what, got, want, tolerance=1e-4, floor=1e-3):
    got = np.asarray(got)
    if got.shape != want.shape:
        failures.append(f"{name}: {what} is {got.shape}; expected {want.shape}")
        return
    scale = max(float(np.abs(want).max(initial=0)), floor)
    error = float(np.abs(got.astype(np.float64) - want).max(initial=0)) / scale
    if not error <= tolerance:
        failures.append(f"{name}: {what} differs by {error:.2e} of its largest number")


def check_torch(folder, data):
    name = folder.name
    spec = importlib.util.spec_from_file_location(name.replace(".", "_"), folder / "model.py")
    source = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = source
    spec.loader.exec_module(source)
    kind = [one for one in vars(source).values() if isinstance(one, type) and issubclass(one, torch.nn.Module)][-1]
    model = kind()
    assert sum(p.numel() for p in model.parameters()) == source.Config().parameters, name
    for key, value in model.named_parameters():
        if not torch.isfinite(value).all():
            failures.append(f"{name}: {key} starts as NaN")
    model.load_state_dict({k: torch.from_numpy(v) for k, v in load_file(folder / "model.safetensors").items()}, strict=True)
    inputs = {k[6:]: torch.from_numpy(v) for k, v in data.items() if k.startswith("input/")}
    for value in inputs.values():
        value.requires_grad_(value.is_floating_point())
    outputs = model(**inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    names = [k[7:] for k in data if k.startswith("output/")]
    assert len(names) == len(outputs), (name, names)
    total = 0
    for key, value in zip(sorted(names), outputs, strict=True):
        check(name, key, value.detach().numpy(), data["output/" + key])
        if "seed/" + key in data:
            total = total + (value * torch.from_numpy(data["seed/" + key])).sum()
    wanted = dict(model.named_parameters()) | {"input/" + k: v for k, v in inputs.items() if v.is_floating_point()}
    if torch.is_tensor(total) and total.requires_grad:
        total.backward()
    # A gradient that cancels to nothing is measured against the others.
    floor = 1e-2 * max((float(np.abs(v).max(initial=0)) for k, v in data.items() if k.startswith("gradient/")), default=1)
    for key, value in wanted.items():
        want = data.get("gradient/" + key)
        got = value.grad if value.grad is not None else torch.zeros_like(value)
        check(name, "gradient of " + key, got.detach().numpy(), want if want is not None else np.zeros(tuple(value.shape)), floor=floor)


def check_onnx(folder, data):
    import onnx
    import onnxruntime
    path = str(folder / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    check_wires(folder.name, onnx.load(path, load_external_data=False))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {k[6:]: v for k, v in data.items() if k.startswith("input/")}
    names = [one.name for one in session.get_outputs()]
    for key, value in zip(names, session.run(None, {one.name: inputs[one.name] for one in session.get_inputs()}), strict=True):
        check(folder.name, "ONNX " + key, value, data["output/" + key])


def check_wires(name, model):
    """A shape on every wire of the graph; a function each for the blocks; nothing but those and opset 17."""
    graph = model.graph
    known = {}
    for value in (*graph.value_info, *graph.input, *graph.output):
        known[value.name] = value.type.tensor_type.HasField("shape")
    known |= {value.name: True for value in graph.initializer}
    bare = [out for node in graph.node for out in node.output if not known.get(out)]
    if bare:
        failures.append(f"{name}: wires without a shape: {bare}")
    functions = {function.name for function in model.functions}
    called = {node.op_type for body in (graph, *model.functions) for node in body.node if node.domain}
    if called != functions or {one.domain: one.version for one in model.opset_import}[""] != 17:
        failures.append(f"{name}: functions {functions}, called are {called}")


def listed(kind):
    done = subprocess.run([os.environ["FORMWRIGHT_CLI"], "list", kind, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)[kind]


def check_onnx_options(root):
    """Weights beside the file, and scans as their steps: the same outputs as without."""
    import onnx
    import onnxruntime

    def export(*options):
        path = root / "options" / f"{len(list((root / 'options').iterdir()))}.onnx"
        chosen = [word for option in options for word in ("--option", option)]
        done = subprocess.run([os.environ["FORMWRIGHT_CLI"], "export", "hybrid-recall", "--to", "onnx", "--out", str(path), "--seed", "5", *chosen],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        onnx.checker.check_model(str(path), full_check=True)
        return path

    def outputs(path, tokens):
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"tokens": tokens})[0]

    def scans(path):
        model = onnx.load(str(path), load_external_data=False)
        check_wires(path.name, model)
        return sum(node.op_type == "Scan" for body in (model.graph, *model.functions) for node in body.node)

    (root / "options").mkdir()
    tokens = np.arange(26, dtype=np.int64).reshape(2, 13) % 7
    whole, beside = export(), export("beside=0")
    data = pathlib.Path(str(beside) + ".data")
    assert data.exists() and not pathlib.Path(str(whole) + ".data").exists()
    model = onnx.load(str(beside), load_external_data=False)
    for tensor in model.graph.initializer:
        place = {one.key: one.value for one in tensor.external_data}
        assert place["location"] == data.name and int(place["offset"]) % 4096 == 0, place
        assert int(place["offset"]) + int(place["length"]) <= data.stat().st_size
    check("hybrid-recall", "weights beside the file", outputs(beside, tokens), outputs(whole, tokens), 0)
    fixed, unrolled = export("time=13"), export("time=13", "unroll=true")
    assert scans(whole) > 0 and scans(fixed) > 0 and scans(unrolled) == 0
    for path in (fixed, unrolled):
        (shape,) = [value.type.tensor_type.shape.dim for value in onnx.load(str(path)).graph.input]
        assert shape[0].dim_param == "B" and shape[1].dim_value == 13, shape
        for rows in (1, 2):
            check("hybrid-recall", path.name, outputs(path, tokens[:rows]), outputs(whole, tokens[:rows]), 1e-5)
    return 4


def check_limits(root):
    """Rotations that follow the length: exports are right up to where they change, and refuse longer texts."""
    import onnxruntime
    from safetensors.numpy import save_file

    def run(*arguments):
        done = subprocess.run([os.environ["FORMWRIGHT_CLI"], *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stderr)

    sizes = {"vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37}
    long = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.5], "long_factor": [1.5, 3.0, 7.0]}
    cases = {"longrope_9": {"model_type": "phi3", "max_position_embeddings": 512, "original_max_position_embeddings": 9, "rope_parameters": long},
             "longrope_130": {"model_type": "phi3", "max_position_embeddings": 512, "original_max_position_embeddings": 130, "rope_parameters": long},
             "dynamic_130": {"model_type": "llama", "max_position_embeddings": 130, "rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 3.0}}}
    for name, own in cases.items():
        limit, isLong = int(name.split("_")[1]), name == "longrope_9"
        # What is shorter than the lengths that are tried leaves with the rotations of long texts.
        right, wrong = ((limit + 1, limit + 2, 40), limit) if isLong else ((1, limit - 1, limit), limit + 1)
        folder = root / "limits" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(sizes | own))
        run("export", folder, "--to", "pytorch", "--out", folder / "py", "--seed", 5)
        run("export", folder, "--to", "onnx", "--out", folder / "model.onnx", "--weights", folder / "py/model.safetensors")
        spec = importlib.util.spec_from_file_location(name, folder / "py/model.py")
        source = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = source
        spec.loader.exec_module(source)
        model = [one for one in vars(source).values() if isinstance(one, type) and issubclass(one, torch.nn.Module)][-1]()
        model.load_state_dict({k: torch.from_numpy(v) for k, v in load_file(folder / "py/model.safetensors").items()})
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        tokens = np.random.default_rng(3).integers(0, 61, (2, 200))
        for time in right:
            save_file({"tokens": tokens[:, :time].copy()}, folder / "in.safetensors")
            run("run", folder, "--weights", folder / "py/model.safetensors", "--input", folder / "in.safetensors", "--output", folder / "out.safetensors")
            want = load_file(folder / "out.safetensors")["logits"]
            with torch.no_grad():
                check(name, f"{time} tokens", model(torch.from_numpy(tokens[:, :time])).numpy(), want)
            check(name, f"ONNX {time} tokens", session.run(None, {"tokens": tokens[:, :time]})[0], want)
        for what, call in (("PyTorch", lambda: model(torch.from_numpy(tokens[:, :wrong]))),
                           ("ONNX Runtime", lambda: session.run(None, {"tokens": tokens[:, :wrong]}))):
            try:
                call()
                failures.append(f"{name}: {what} takes {wrong} tokens")
            except Exception as error:
                if "Gather" not in str(error) and "tokens; expected at" not in str(error):
                    failures.append(f"{name}: {what}: {error}")
    return len(cases) * 8


with tempfile.TemporaryDirectory() as temporary:
    kinds = [kind for kind in ("pytorch", "onnx") if subprocess.run(
        [os.environ["FORMWRIGHT_CLI"], "list", "exporters"], capture_output=True, text=True).stdout.find("\n" + kind) >= 0]
    done = subprocess.run([os.environ["FORMWRIGHT_EXPORTS"], temporary, *kinds], capture_output=True, text=True)
    if done.returncode != 0:
        failures.append("write_exports: " + done.stderr)
    folders = sorted(pathlib.Path(temporary).iterdir())
    wanted = sys.argv[1:]
    count = 0
    covered = set()
    for folder in folders:
        if wanted and not any(word in folder.name for word in wanted):
            continue
        if not (folder / "data.safetensors").exists():
            continue
        covered.add(folder.name.rsplit(".", 1)[0])
        for file in ("data.safetensors", "other.data.safetensors"):
            if not (folder / file).exists():
                continue
            data = load_file(folder / file)
            for kind, judge in (("pytorch", check_torch), ("onnx", check_onnx)):
                if kind not in kinds:
                    continue
                count += 1
                try:
                    judge(folder, data)
                except Exception as error:
                    failures.append(f"{folder.name}: {kind}: {type(error).__name__}: {str(error)[:600]}")
    if not wanted:
        # All blocks, not a sample: those without examples are ports and containers, which have cases of their own.
        blocks = {one["id"] for one in listed("blocks")}
        missing = blocks - covered - {"in", "out", "structure.repeat", "structure.fork", "structure.group"}
        if missing:
            failures.append(f"not exported: {sorted(missing)}")
        for kind in ("presets", "policies"):
            names = {kind.replace("policies", "policy").rstrip("s") + "." + one["id"] for one in listed(kind)}
            if not names <= {folder.name for folder in folders}:
                failures.append(f"not exported: {sorted(names - {folder.name for folder in folders})}")
        count += check_onnx_options(pathlib.Path(temporary)) + check_limits(pathlib.Path(temporary))
    print(f"{count} exports of {len(folders)} models by {', '.join(kinds)}: {len(failures)} failures")
    print("\n".join(failures[:40]))
    assert count > 0
sys.exit(1 if failures else 0)
