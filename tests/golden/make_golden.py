"""Writes the golden arrays of tests/golden.rs: PyTorch and NumPy in float64, gradients by autograd.

    python -m pip install torch numpy scikit-learn safetensors
    python tests/golden/make_golden.py

Inputs are float32 values, so that Rust and Python start from the same numbers; answers are float64.
Each file's metadata names the versions it was made with. Where two ways to an answer exist, the
script takes both and stops if they differ.
"""

import pathlib
import platform

import numpy as np
import safetensors.numpy
import sklearn.cluster
import torch

FOLDER = pathlib.Path(__file__).parent
VERSIONS = {
    "made_by": "tests/golden/make_golden.py",
    "python": platform.python_version(),
    "torch": torch.__version__.split("+")[0],
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
    "safetensors": safetensors.__version__,
}


def inputs(generator, *shape, scale=1.0):
    """Normal values that float32 holds exactly, as float64."""
    return (scale * generator.standard_normal(shape)).astype(np.float32).astype(np.float64)


def save(topic, inputs, answers):
    """Inputs as float32 (integers as uint32), answers as float64, under `in.` and `out.`."""
    tensors = {}
    for name, values in inputs.items():
        kind = np.uint32 if np.issubdtype(values.dtype, np.integer) else np.float32
        assert (values.astype(kind) == values).all(), f"{name} is not exact"
        tensors[f"in.{name}"] = np.ascontiguousarray(values.astype(kind))
    for name, values in answers.items():
        kind = np.uint32 if np.issubdtype(values.dtype, np.integer) else np.float64
        tensors[f"out.{name}"] = np.ascontiguousarray(values.astype(kind))
    (FOLDER / f"{topic}.safetensors").write_bytes(safetensors.numpy.save(tensors, metadata=VERSIONS))


def agree(a, b):
    """Stops unless two ways to an answer lead to the same one."""
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-14)


def tensor(values, trained=False):
    return torch.tensor(values, dtype=torch.float64, requires_grad=trained)


def soft_assignment(z, mu, alpha):
    """Xie et al. 2016, eq. 1."""
    squared = ((z[:, None, :] - mu[None, :, :]) ** 2).sum(2)
    weight = (1 + squared / alpha) ** (-(alpha + 1) / 2)
    q = weight / weight.sum(1, keepdim=True)
    # The same from PyTorch's own Student t density of the distance.
    density = torch.distributions.StudentT(alpha).log_prob(squared.sqrt())
    agree(q.detach(), torch.softmax(density, dim=1).detach())
    return q


def clustering():
    """q, f, p, the KL loss (mean over the batch) and its gradients; p is a constant."""
    generator = np.random.default_rng(1)
    z0, mu0 = inputs(generator, 23, 5), inputs(generator, 4, 5)
    answers = {}
    for alpha in (1.0, 2.5):
        z, mu = tensor(z0, True), tensor(mu0, True)
        q = soft_assignment(z, mu, alpha)
        f = q.detach().sum(0, keepdim=True)
        weight = q.detach() ** 2 / f
        p = weight / weight.sum(1, keepdim=True)
        loss = torch.nn.functional.kl_div(q.log(), p, reduction="batchmean")
        agree(loss.detach(), (p * (p / q).log()).sum(1).mean().detach())
        loss.backward()
        of_alpha = {"q": q.detach(), "f": f, "p": p, "loss": loss.detach().reshape(1)}
        of_alpha |= {"dz": z.grad, "dmu": mu.grad}
        answers |= {f"alpha{alpha}.{name}": values.numpy() for name, values in of_alpha.items()}
    save("clustering", {"z": z0, "mu": mu0}, answers)


def autoencoder():
    """One step of 7-6-5-3-5-6-7: every output, the mean squared error, every gradient."""
    generator = np.random.default_rng(2)
    sizes = [7, 6, 5, 3, 5, 6, 7]
    given = {"x": inputs(generator, 11, sizes[0])}
    answers = {}
    layers = []
    for index, (d_in, d_out) in enumerate(zip(sizes, sizes[1:])):
        given[f"weight{index}"] = inputs(generator, d_in, d_out, scale=d_in**-0.5)
        given[f"bias{index}"] = inputs(generator, 1, d_out, scale=0.1)
        layer = torch.nn.Linear(d_in, d_out, dtype=torch.float64)
        layer.weight.data = tensor(given[f"weight{index}"].T)
        layer.bias.data = tensor(given[f"bias{index}"][0])
        layers.append(layer)
    h = x = tensor(given["x"])
    for index, layer in enumerate(layers):
        h = layer(h)
        if index not in (2, 5):  # the embedding and the reconstruction are linear
            h = torch.relu(h)
        answers[f"y{index}"] = h.detach().numpy()
    loss = torch.nn.functional.mse_loss(h, x)
    loss.backward()
    answers["loss"] = loss.detach().reshape(1).numpy()
    for index, layer in enumerate(layers):
        answers[f"dweight{index}"] = layer.weight.grad.numpy().T
        answers[f"dbias{index}"] = layer.bias.grad.numpy()[None, :]
    save("autoencoder", given, answers)


def optimisers():
    """Three steps each: SGD with momentum, the same with a falling rate in Caffe's form, Adam."""
    generator = np.random.default_rng(3)
    w0, gradients = inputs(generator, 4, 3), inputs(generator, 3, 4, 3)
    answers = {}

    def steps(name, make):
        w = tensor(w0, True)
        optimiser = make([w])
        for t, gradient in enumerate(gradients, 1):
            w.grad = tensor(gradient)
            optimiser.step()
            answers[f"{name}.w{t}"] = w.detach().numpy().copy()

    steps("sgd", lambda w: torch.optim.SGD(w, lr=0.125, momentum=0.5))
    steps("adam", lambda w: torch.optim.Adam(w, lr=1e-3))
    # Caffe has the rate inside the velocity; with a falling rate that is not what PyTorch does.
    for name, rates in {"sgd_again": [0.125] * 3, "caffe": [0.125, 0.0625, 0.03125]}.items():
        w, v = w0.copy(), np.zeros_like(w0)
        for t, (rate, gradient) in enumerate(zip(rates, gradients), 1):
            v = 0.5 * v + rate * gradient
            w = w - v
            answers[f"{name}.w{t}"] = w
    for t in (1, 2, 3):
        agree(answers[f"sgd.w{t}"], answers.pop(f"sgd_again.w{t}"))
    save("optimisers", {"w": w0, "g": gradients}, answers)


def kmeans():
    """One iteration of Lloyd: labels, squared distances, new centroids."""
    generator = np.random.default_rng(4)
    x, mu = inputs(generator, 29, 3), inputs(generator, 4, 3)
    squared = ((x[:, None, :] - mu[None, :, :]) ** 2).sum(2)
    label = squared.argmin(1)
    count = np.bincount(label, minlength=len(mu))
    assert count.min() > 0
    mean = np.stack([x[label == j].mean(0) for j in range(len(mu))])
    peer = sklearn.cluster.KMeans(4, init=mu, n_init=1, max_iter=1, tol=0, algorithm="lloyd").fit(x)
    agree(mean, peer.cluster_centers_)
    answers = {"label": label, "distance": squared.min(1), "count": count, "mu": mean}
    save("kmeans", {"x": x, "mu": mu}, answers)


if __name__ == "__main__":
    clustering()
    autoencoder()
    optimisers()
    kmeans()
