# The judges themselves: each library of tests/requirements.txt imports and computes.
import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
import tokenizers
import torch
import transformers

x = np.arange(6, dtype=np.float32).reshape(2, 3)
assert (torch.from_numpy(x) @ torch.ones(3)).tolist() == [3, 12]
assert (safetensors.numpy.load(safetensors.numpy.save({"x": x}))["x"] == x).all()
assert transformers.GPT2Config().n_embd == 768
assert tokenizers.Tokenizer(tokenizers.models.BPE()).get_vocab_size() == 0

tensor = onnx.helper.make_tensor_value_info
node = onnx.helper.make_node("Add", ["x", "x"], ["y"])
graph = onnx.helper.make_graph([node], "twice", [tensor("x", 1, [2, 3])], [tensor("y", 1, [2, 3])])
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
assert (session.run(None, {"x": x})[0] == x * 2).all()
