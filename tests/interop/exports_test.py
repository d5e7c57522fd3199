# Every preset (shrunk), every kind of container, every weight policy and every example of every block, exported: PyTorch,
# transformers and ONNX Runtime give our outputs, at two sizes of batch and time where they are open, and PyTorch our gradients;
# language models write our text. Every wire of an ONNX graph and of its functions has its shape, the one that ONNX Runtime
# finds; weights lie inside, or beside it, in any type; scans stay, or become their steps.
# usage: exports_test.py [PART OF A NAME...]
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
# Code of a folder is copied there before it runs.
os.environ["HF_MODULES_CACHE"] = tempfile.mkdtemp()
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import torch
from safetensors.numpy import load_file

torch.set_num_threads(2)
failures = []
seen = {"causal": 0, "served": 0, "text": 0, "functions": 0}
known_functions = set()


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
    if "greedy" in data:
        text = torch.from_numpy(data["greedy"])
        tokens = text[:, :-32]
        with torch.no_grad():
            while tokens.shape[1] < text.shape[1]:
                tokens = torch.cat([tokens, model(tokens)[:, -1:].argmax(-1)], 1)
        check_text(name, tokens, text)
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


def check_text(name, got, want):
    if not torch.equal(got, want):
        failures.append(f"{name}: writes {got[0, 5:].tolist()}; expected {want[0, 5:].tolist()}")


def check_huggingface(folder, data):
    import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    name = folder.name
    # Code of two folders of one name would be taken for the same.
    place = folder / f"folder_{folder.name.replace('.', '_').replace('-', '_')}"
    if not place.exists():
        (folder / "model").rename(place)
    config = json.loads((place / "config.json").read_text())
    isCausal = "AutoModelForCausalLM" in config["auto_map"]
    kind = transformers.AutoModelForCausalLM if isCausal else transformers.AutoModel
    model, told = kind.from_pretrained(place, trust_remote_code=True, output_loading_info=True)
    assert not any(told.values()), told
    model.eval()
    isServed = type(model)._supports_attention_backend
    inputs = {k[6:]: torch.from_numpy(v) for k, v in data.items() if k.startswith("input/")}
    names = sorted(k[7:] for k in data if k.startswith("output/"))
    with torch.no_grad():
        if isCausal:
            outputs = (model(inputs["tokens"]).logits,)
        elif isServed:
            outputs = (model(inputs["tokens"]).last_hidden_state,)
        else:
            outputs = model(**inputs)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        for key, value in zip(names, outputs, strict=True):
            check(name, f"transformers: {key}", value.numpy(), data["output/" + key])
        if "greedy" in data:
            text = torch.from_numpy(data["greedy"])
            check_text(name, model.generate(text[:, :-32], max_new_tokens=32, min_new_tokens=32, do_sample=False, pad_token_id=0), text)
    seen["causal"] += isCausal
    seen["served"] += isServed
    seen["text"] += "greedy" in data


def check_onnx(folder, data):
    import onnx
    import onnxruntime
    path = str(folder / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    check_wires(folder.name, model)
    inputs = {k[6:]: v for k, v in data.items() if k.startswith("input/")}
    names = [one.name for one in model.graph.output]
    sizes = {dim.dim_param: size for value in model.graph.input if value.name in inputs
             for dim, size in zip(value.type.tensor_type.shape.dim, inputs[value.name].shape, strict=True) if dim.dim_param}
    # All wires leave, so that their shapes can be seen.
    wires = list(model.graph.value_info)
    model.graph.output.extend(wires)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = session.run(None, {one.name: inputs[one.name] for one in session.get_inputs()})
    for key, value in zip(names, given):
        check(folder.name, "ONNX " + key, value, data["output/" + key])
    check_shapes(folder.name, wires, given[len(names):], sizes)
    for function in model.functions:
        check_function(folder.name, model, function, sizes)


def check_shapes(name, wires, values, sizes):
    for wire, value in zip(wires, values, strict=True):
        shape = shape_of(wire, sizes)
        if shape != value.shape or np.dtype(value.dtype) != dtype_of(wire):
            failures.append(f"{name}: the wire {wire.name} is {value.dtype}{value.shape}; expected {dtype_of(wire)}{shape}")


def dtype_of(wire):
    import onnx
    return onnx.helper.tensor_dtype_to_np_dtype(wire.type.tensor_type.elem_type)


def shape_of(wire, sizes):
    dims = wire.type.tensor_type.shape.dim
    return tuple(eval(dim.dim_param, {}, sizes) if dim.dim_param else dim.dim_value for dim in dims)


def check_function(name, model, function, sizes):
    """A function alone, on numbers of its own: the wires in it have the shapes that the file says."""
    import onnx
    import onnxruntime
    described = {value.name: value for value in function.value_info}
    wires = [described[out] for node in function.node for out in node.output]
    key = (function.SerializeToString(), tuple(sizes.items()))
    if key in known_functions:
        return
    known_functions.add(key)
    graph = onnx.helper.make_graph(list(function.node), "alone", [described[one] for one in function.input], wires)
    alone = onnx.helper.make_model(graph, functions=model.functions, opset_imports=model.opset_import, ir_version=model.ir_version)
    session = onnxruntime.InferenceSession(alone.SerializeToString(), providers=["CPUExecutionProvider"])
    generator, inputs = np.random.default_rng(1), {}
    for one in session.get_inputs():
        value = described[one.name]
        if one.name in ("sizes.B", "sizes.T"):
            inputs[one.name] = np.array([sizes[one.name[-1]]])
        else:
            inputs[one.name] = np.asarray(generator.random(shape_of(value, sizes)) * 0.1).astype(dtype_of(value))
    check_shapes(f"{name}: {function.name}", wires, session.run(None, inputs), sizes)
    seen["functions"] += 1


def check_wires(name, model):
    """A shape on every wire of the graph, its functions and the bodies of its scans; a function each for the blocks; nothing
    but those and opset 17."""
    bodies = [(model.graph, (*model.graph.value_info, *model.graph.input, *model.graph.output)),
              *((function, function.value_info) for function in model.functions)]
    for body, values in bodies:
        known = {value.name for value in values if value.type.tensor_type.HasField("shape")}
        assert len(known) == len(values), (name, body.name)
        if body is model.graph:
            known |= {value.name for value in model.graph.initializer}
        bare = [out for node in body.node for out in (*node.input, *node.output) if out and out not in known]
        if bare:
            failures.append(f"{name}: wires of {body.name} without a shape: {bare}")
        for node in body.node:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    graph = attribute.g
                    bodies.append((graph, (*graph.value_info, *graph.input, *graph.output, *values)))
    functions = {function.name for function in model.functions}
    called = {node.op_type for body in (model.graph, *model.functions) for node in body.node if node.domain}
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


def check_stored_types(root):
    """Weights of a checkpoint stay in their types, beside the file and in it: f32 is what is computed in."""
    import onnx
    import onnxruntime
    import safetensors.torch
    import transformers

    count = 0
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int8):
        folder = root / "types" / str(dtype)
        torch.manual_seed(2)
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
            vocab_size=61, hidden_size=24, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.randn_like(parameter) if dtype != torch.int8 else torch.randint(-1, 2, parameter.shape))
            tensors = {key: value.to(dtype) for key, value in model.state_dict().items()}
            model.load_state_dict(tensors)
        folder.mkdir(parents=True)
        model.config.save_pretrained(folder)
        safetensors.torch.save_file(tensors, folder / "model.safetensors")
        tokens = np.arange(26, dtype=np.int64).reshape(2, 13) % 61
        with torch.no_grad():
            want = model(torch.from_numpy(tokens)).logits.numpy()
        for option in ("beside=1.5", "beside=0"):
            path = folder / f"{option}.onnx"
            done = subprocess.run([os.environ["FORMWRIGHT_CLI"], "export", folder, "--to", "onnx", "--out", path, "--option", option], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            onnx.checker.check_model(path, full_check=True)
            check_wires(path.name, onnx.load(path))
            check(str(dtype), f"ONNX {option}", onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"tokens": tokens})[0], want)
            count += 1
    return count


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
    kinds = [kind for kind in ("pytorch", "onnx", "huggingface") if subprocess.run(
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
            for kind, judge in (("pytorch", check_torch), ("onnx", check_onnx), ("huggingface", check_huggingface)):
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
        root = pathlib.Path(temporary)
        count += check_onnx_options(root) + check_stored_types(root) + check_limits(root)
    print(f"{count} exports of {len(folders)} models by {', '.join(kinds)}: {len(failures)} failures; {seen}")
    print("\n".join(failures[:40]))
    assert count > 0
sys.exit(1 if failures else 0)
