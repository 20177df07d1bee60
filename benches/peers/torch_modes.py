"""The ways in which a PyTorch user may run the same step, and which of them this machine can run."""

import shutil

import torch

import rows

MODES = {
    "eager": "as written",
    "fused": "eager, optimiser in one kernel (fused=True)",
    "compile": "torch.compile of gather, forward, loss and backward; fused optimiser",
    "overhead": "the same in mode reduce-overhead (compiled parts as CUDA graphs)",
    "graph": "the whole step captured by hand as one CUDA graph; fused optimiser",
}
CUDA_ONLY = ("overhead", "graph")
# torch.set_float32_matmul_precision: plain f32, or TF32 on the matrix units.
PLAIN, TF32 = "highest", "high"


def describe(options):
    """The rows' common keys; sets the threads."""
    torch.set_num_threads(options.threads)
    on_cuda = options.device == "gpu" and torch.cuda.is_available()
    device = torch.cuda.get_device_name() if on_cuda else options.device
    return rows.Rows(f"torch {torch.__version__}", device, options.threads)


def precisions(device):
    """TF32 exists on CUDA alone; a CPU has one precision, so its rows are not doubled."""
    return [PLAIN, TF32] if device == "gpu" else [PLAIN]


def peer_name(mode, precision):
    return f"torch-{mode}" + ("-tf32" if precision == TF32 else "")


def unavailable(mode, precision, device):
    """Why this machine cannot run it, or None."""
    if mode not in MODES:
        return f"no such mode; choose from {', '.join(MODES)}"
    if device == "gpu" and not torch.cuda.is_available():
        return "this torch sees no CUDA device"
    if device == "gpu" and precision == TF32 and torch.cuda.get_device_capability() < (8, 0):
        return "this device has no TF32"
    if device == "cpu" and mode in CUDA_ONLY:
        return "needs CUDA"
    if device == "cpu" and mode == "compile" and not (shutil.which("g++") or shutil.which("clang++")):
        return "torch.compile needs a C++ compiler on the CPU"
    return None


def make_optimiser(name, parameters, rate, mode):
    # None leaves the choice to PyTorch: on CUDA it loops over all tensors in one call (foreach).
    fused = None if mode == "eager" else True
    if name == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=fused, capturable=mode == "graph")
    return torch.optim.SGD(parameters, lr=rate, momentum=0.9, fused=fused)


def compiled(function, mode):
    torch.compiler.reset()
    if mode == "overhead":
        return torch.compile(function, fullgraph=True, dynamic=False, mode="reduce-overhead")
    return torch.compile(function, fullgraph=True, dynamic=False)


def step_of(mode, loss_of, optimiser_name, rate, batch):
    """`step(index)` trains the module `loss_of` on the rows `index` and returns the loss."""
    optimiser = make_optimiser(optimiser_name, list(loss_of.parameters()), rate, mode)
    if mode in ("compile", "overhead"):
        loss_of = compiled(loss_of, mode)

    def step(index):
        if mode == "overhead":
            torch.compiler.cudagraph_mark_step_begin()
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(index)
        loss.backward()
        optimiser.step()
        return loss.detach()

    return Captured(step, optimiser, batch) if mode == "graph" else step


class Captured:
    """The step as one CUDA graph, captured at the first call, which reads the row numbers from a fixed buffer."""

    def __init__(self, step, optimiser, batch):
        self.step, self.optimiser = step, optimiser
        self.index = torch.zeros(batch, dtype=torch.long, device="cuda")
        self.graph, self.loss = None, None

    def __call__(self, index):
        self.index.copy_(index)
        if self.graph is None:
            self.capture()
        self.graph.replay()
        return self.loss

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # warm-up off the main stream, as capture asks
            for _ in range(3):
                self.step(self.index)
        torch.cuda.current_stream().wait_stream(side)
        # Gradients start as None in the capture, so that replays write them and do not add to them.
        self.optimiser.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.loss = self.step(self.index)
