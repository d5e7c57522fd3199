"""ggml's flash attention, from the library inside the package xllamacpp: compared with PyTorch first. Keys and values as f32 and,
as ggml's users have them, as f16; the faster counts."""
import ctypes

import torch
import torch.nn.functional as F

F32, F16 = 0, 1


class InitParams(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("noAlloc", ctypes.c_bool)]


def library():
    import xllamacpp.xllamacpp as package
    lib = ctypes.CDLL(package.__file__)
    pointer, integer, real = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float
    for name, result, arguments in (
            ("ggml_init", pointer, [InitParams]),
            ("ggml_new_tensor_3d", pointer, [pointer, ctypes.c_int, integer, integer, integer]),
            ("ggml_get_data", pointer, [pointer]),
            ("ggml_flash_attn_ext", pointer, [pointer] * 5 + [real] * 3),
            ("ggml_new_graph", pointer, [pointer]),
            ("ggml_build_forward_expand", None, [pointer, pointer]),
            ("ggml_backend_cpu_init", pointer, []),
            ("ggml_backend_cpu_set_n_threads", None, [pointer, ctypes.c_int]),
            ("ggml_backend_graph_compute", ctypes.c_int, [pointer, pointer])):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def flash(time, count, width, keyType):
    def prepare():
        lib = library()
        context = lib.ggml_init(InitParams(256 << 20, None, False))
        q, k, v = (torch.randn(count, time, width) for _ in range(3))

        def tensor(values, type):
            made = lib.ggml_new_tensor_3d(context, type, width, time, count)
            values = values.to(torch.float16 if type == F16 else torch.float32).contiguous()
            ctypes.memmove(lib.ggml_get_data(made), values.data_ptr(), values.numel() * values.element_size())
            return made

        out = lib.ggml_flash_attn_ext(context, tensor(q, F32), tensor(k, keyType), tensor(v, keyType), None, width**-0.5, 0, 0)
        graph = lib.ggml_new_graph(context)
        lib.ggml_build_forward_expand(graph, out)
        backend = lib.ggml_backend_cpu_init()

        def run():
            lib.ggml_backend_cpu_set_n_threads(backend, torch.get_num_threads())
            assert lib.ggml_backend_graph_compute(backend, graph) == 0

        run()
        result = torch.empty(time, count, width)
        ctypes.memmove(result.data_ptr(), lib.ggml_get_data(out), result.numel() * 4)
        expected = F.scaled_dot_product_attention(q[None], k[None], v[None])[0].transpose(0, 1)
        error = (result - expected).abs().max() / expected.abs().max()
        assert error < (1e-2 if keyType == F16 else 1e-4), f"ggml's attention differs by {error}"
        return run
    return prepare


CASES = {"attention/2048x8x64/real_time ggml": {"ggml": flash(2048, 8, 64, F32), "ggml, f16 keys": flash(2048, 8, 64, F16)}}
