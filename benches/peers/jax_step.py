"""Times the training steps of torch_step.py in JAX: `jit` over a `lax.scan` of the steps of an epoch.

A run is one scan: `--run` steps (at most an epoch), compiled once, parameters updated in place. On a GPU
every row is printed twice: products in plain f32, and in TF32.

    python jax_step.py [--device cpu|gpu] [--batch 256,1024] [--run 273]
"""

import os
from itertools import pairwise

# Peers share one GPU: take memory as needed.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp

import rows

SEED = 1
MOMENTUM = 0.9
BETAS, EPSILON = (0.9, 0.999), 1e-8


def linear_layers(key, sizes):
    """`[(weights, bias)]`, uniform within 1 / sqrt(d_in)."""
    layers = []
    for d_in, d_out in pairwise(sizes):
        key, w_key, b_key = jax.random.split(key, 3)
        bound = d_in**-0.5
        weights = jax.random.uniform(w_key, (d_in, d_out), minval=-bound, maxval=bound)
        layers.append((weights, jax.random.uniform(b_key, (d_out,), minval=-bound, maxval=bound)))
    return layers


def perceptron(layers, x):
    """ReLU after every layer but the last."""
    for weights, bias in layers[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = layers[-1]
    return x @ weights + bias


def autoencoder_loss(parameters, data, index):
    x = data["x"][index]
    y = perceptron(parameters["decoder"], perceptron(parameters["encoder"], x))
    return jnp.mean((y - x) ** 2)


def dec_loss(parameters, data, index):
    z = perceptron(parameters["encoder"], data["x"][index])
    distance = jnp.sum((z[:, None] - parameters["centroids"]) ** 2, axis=2)
    q = 1 / (1 + distance)
    q = q / q.sum(1, keepdims=True)
    p = data["target"][index]
    return jnp.sum(p * (jnp.log(p) - jnp.log(q))) / len(index)


def make_workload(name):
    """The loss, what it trains, and the resident data."""
    keys = jax.random.split(jax.random.key(SEED), 5)
    data = {"x": jax.random.normal(keys[0], (rows.ROWS, rows.SIZES[0]))}
    parameters = {"encoder": linear_layers(keys[1], rows.SIZES)}
    if name == "autoencoder":
        parameters["decoder"] = linear_layers(keys[2], rows.SIZES[::-1])
        return autoencoder_loss, parameters, data
    parameters["centroids"] = jax.random.normal(keys[3], (rows.CLUSTERS, rows.SIZES[-1]))
    data["target"] = jax.nn.softmax(jax.random.normal(keys[4], (rows.ROWS, rows.CLUSTERS)))
    return dec_loss, parameters, data


def sgd_update(rate, parameters, gradient, state, _):
    velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, state, gradient)
    return jax.tree.map(lambda w, v: w - rate * v, parameters, velocity), velocity


def adam_update(rate, parameters, gradient, state, number):
    b1, b2 = BETAS
    first = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state[0], gradient)
    second = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, state[1], gradient)
    c1, c2 = 1 - b1**number, 1 - b2**number

    def moved(w, m, v):
        return w - rate * (m / c1) / (jnp.sqrt(v / c2) + EPSILON)

    return jax.tree.map(moved, parameters, first, second), (first, second)


def make_scan(loss_of, optimiser, rate):
    """`scan(carry, data, batches)`: trains on each row of `batches`, returns the carry and the losses."""
    update = adam_update if optimiser == "adam" else sgd_update

    def scan(carry, data, batches):
        def step(carry, index):
            parameters, state, number = carry
            loss, gradient = jax.value_and_grad(loss_of)(parameters, data, index)
            parameters, state = update(rate, parameters, gradient, state, number)
            return (parameters, state, number + 1), loss

        return jax.lax.scan(step, carry, batches)

    return jax.jit(scan, donate_argnums=0)


def measure_training(workload, optimiser, batch, options):
    loss_of, parameters, data = make_workload(workload)
    run = min(options.run, rows.ROWS // batch)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (zeros, jax.tree.map(jnp.copy, zeros)) if optimiser == "adam" else zeros
    order = jax.random.permutation(jax.random.key(SEED + 1), rows.ROWS)
    batches = order[: run * batch].reshape(run, batch)
    scan = make_scan(loss_of, optimiser, rows.learning_rate(workload, optimiser))
    jax.block_until_ready((parameters, state, data, batches))
    latest = [(parameters, state, jnp.float32(1)), None]

    def one_scan(_):
        latest[:] = scan(latest[0], data, batches)

    # `rows.measure` counts scans; a step is 1 / run of one.
    scans = max(options.steps // run, 5)
    warm_up = -(-options.warm_up // run)
    first_ms, times, _ = rows.measure(one_scan, lambda: jax.block_until_ready(latest[1]), scans, 1, warm_up)
    if not jnp.isfinite(latest[1]).all():
        raise ValueError("the loss is not finite: these steps are not the real work")
    return first_ms, [milliseconds / run for milliseconds in times], run


def wanted_rows(options):
    for batch in options.batch:
        for optimiser in rows.optimisers(options.optimizer):
            yield "autoencoder", optimiser, batch, rows.autoencoder_id(optimiser, batch)
        yield "dec", "sgd", batch, rows.dec_id(batch)


def main():
    options = rows.parser(__doc__.splitlines()[0]).parse_args()
    on_gpu = options.device == "gpu"
    found = [device for device in jax.devices() if (device.platform != "cpu") == on_gpu]
    if not found and not on_gpu:
        found = jax.devices("cpu")
    # XLA sizes its thread pool by the cores it may run on, so `--threads` can only lower the affinity.
    name = (found[0].device_kind if on_gpu else "cpu") if found else options.device
    out = rows.Rows(f"jax {jax.__version__}", name, options.threads)
    for precision, suffix in [("highest", ""), ("tensorfloat32", "-tf32")][: 2 if on_gpu else 1]:
        for workload, optimiser, batch, row_id in wanted_rows(options):
            peer = f"jax-scan{suffix}"
            if not found:
                out.skipped(row_id, peer, "this jax sees no GPU")
                continue
            with jax.default_device(found[0]), jax.default_matmul_precision(precision):
                out.try_row(row_id, peer, measure_training, workload, optimiser, batch, options)


if __name__ == "__main__":
    main()
