# Every preset (shrunk) and every example of every block, exported: PyTorch and ONNX Runtime give our outputs, and PyTorch our
# gradients.
import importlib.util
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
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {k[6:]: v for k, v in data.items() if k.startswith("input/")}
    names = [one.name for one in session.get_outputs()]
    for key, value in zip(names, session.run(None, {one.name: inputs[one.name] for one in session.get_inputs()}), strict=True):
        check(folder.name, "ONNX " + key, value, data["output/" + key])


with tempfile.TemporaryDirectory() as temporary:
    kinds = [kind for kind in ("pytorch", "onnx") if subprocess.run(
        [os.environ["FORMWRIGHT_CLI"], "list", "exporters"], capture_output=True, text=True).stdout.find("\n" + kind) >= 0]
    done = subprocess.run([os.environ["FORMWRIGHT_EXPORTS"], temporary, *kinds], capture_output=True, text=True)
    if done.returncode != 0:
        failures.append("write_exports: " + done.stderr)
    folders = sorted(pathlib.Path(temporary).iterdir())
    wanted = sys.argv[1:]
    count = 0
    for folder in folders:
        if wanted and not any(word in folder.name for word in wanted):
            continue
        if not (folder / "data.safetensors").exists():
            continue
        data = load_file(folder / "data.safetensors")
        for kind, judge in (("pytorch", check_torch), ("onnx", check_onnx)):
            if kind not in kinds:
                continue
            count += 1
            try:
                judge(folder, data)
            except Exception as error:
                failures.append(f"{folder.name}: {kind}: {type(error).__name__}: {str(error)[:600]}")
    print(f"{count} exports of {len(folders)} models by {', '.join(kinds)}: {len(failures)} failures")
    print("\n".join(failures[:40]))
    assert count > 0
sys.exit(1 if failures else 0)
