//! Times one pre-training step of the paper's autoencoder, as `peers/torch_step.py` does in PyTorch.
//!
//! The step: gather a batch of rows from the resident data set, forward through
//! 784-500-500-2000-10-2000-500-500-784, mean squared error, backward, optimiser. `--run` steps are queued
//! before the device is waited for. Prints one JSON line for each optimiser (`peers/rows.py` says what is in
//! it); `peers/run_all.sh` runs this and the peers alternately.
//!
//! `cargo bench --bench training -- [--optimizer adam|sgd|both] [--steps 200] [--warm-up 20] [--run 1]
//! [--batch 256] [--adapter NAME]`

use std::time::Instant;

use dec_gpu::config::{Init, OptimiserKind};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Affine, Dataset, Values};
use dec_gpu::device::{Device, Matrix};
use dec_gpu::gpu::{Gpu, GpuOptions, adapters, choose};
use dec_gpu::kernels::gather_rows::Order;
use dec_gpu::kernels::inputs;
use dec_gpu::kernels::linear_forward_loss::LossForm;
use dec_gpu::loss::LossTerm;
use dec_gpu::net::{Groups, Network, Plan, Tape, Update};
use dec_gpu::optimiser::Step;
use dec_gpu::source::Source;
use dec_gpu::{Result, random};

const SIZES: [usize; 5] = [784, 500, 500, 2000, 10];
const ROWS: usize = 70_000;

/// What the command line asks for.
struct Options {
    optimisers: Vec<OptimiserKind>,
    steps: usize,
    warm_up: usize,
    run: usize,
    batch: usize,
    adapter: Option<String>,
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let options = parse(std::env::args().skip(1))?;
    match &options.adapter {
        None => bench(&Cpu::new(), &options)?,
        Some(name) => {
            let found = pollster::block_on(adapters(None));
            let report = choose(&found, None, Some(name))?;
            bench(
                &pollster::block_on(Gpu::open(report, GpuOptions::default()))?,
                &options,
            )?;
        }
    }
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> std::result::Result<Options, String> {
    let mut options = Options {
        optimisers: vec![OptimiserKind::Adam, OptimiserKind::Sgd],
        steps: 200,
        warm_up: 20,
        run: 1,
        batch: 256,
        adapter: None,
    };
    while let Some(argument) = arguments.next() {
        if argument == "--bench" {
            continue; // cargo's own
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{argument} needs a value"))?;
        let number = || {
            value
                .parse()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(|| format!("{argument}: '{value}' is no size"))
        };
        match argument.as_str() {
            "--steps" => options.steps = number()?,
            "--warm-up" => options.warm_up = number()?,
            "--run" => options.run = number()?,
            "--batch" => options.batch = number()?,
            "--adapter" => options.adapter = Some(value),
            "--optimizer" => {
                options.optimisers = match value.as_str() {
                    "adam" => vec![OptimiserKind::Adam],
                    "sgd" => vec![OptimiserKind::Sgd],
                    "both" => options.optimisers,
                    _ => return Err(format!("--optimizer: '{value}' is not adam, sgd or both")),
                }
            }
            _ => return Err(format!("unknown option '{argument}'")),
        }
    }
    Ok(options)
}

fn bench<D: Device>(device: &D, options: &Options) -> Result<()> {
    for &kind in &options.optimisers {
        let measured = measure(device, options, kind)?;
        print_line(device, options, kind, measured);
    }
    Ok(())
}

/// What was measured, in milliseconds.
struct Measured {
    /// The first run, in which pipelines are compiled.
    first: f64,
    /// A step's time in each measured run.
    steps: Vec<f64>,
}

fn measure<D: Device>(device: &D, options: &Options, kind: OptimiserKind) -> Result<Measured> {
    let data = Dataset::new(
        "uniform",
        ROWS,
        SIZES[0],
        Values::F32(inputs::uniform(1, ROWS * SIZES[0])),
    );
    // From [-1, 1) to PyTorch's [0, 1).
    let source = Source::upload(
        device,
        &data,
        &Affine::uniform(SIZES[0], -1.0, 0.5),
        SIZES[0],
    )?;
    drop(data);
    let order = device.upload(&random::permutation(1, 0, 0, ROWS))?;
    let order = Matrix {
        rows: ROWS,
        cols: 1,
        buffer: order,
    };
    let training = Training::new(device, options.batch, kind)?;
    let batches = ROWS / options.batch;
    let mut step_number = 0;
    let mut run = || -> Result<f64> {
        let start = Instant::now();
        for _ in 0..options.run {
            let order = Order {
                index: Some(&order),
                first: step_number % batches * options.batch,
            };
            source.gather(device, order, &training.tape.input(0));
            training.step(device, step_number as u32);
            step_number += 1;
        }
        let loss = pollster::block_on(training.loss.download(device))?;
        assert!(
            loss.iter().sum::<f32>().is_finite(),
            "the loss is not finite: these steps are not the real work"
        );
        Ok(1e3 * start.elapsed().as_secs_f64())
    };
    let first = run()?;
    for _ in 0..options.warm_up.div_ceil(options.run) {
        run()?;
    }
    let runs = (options.steps / options.run).max(3);
    let steps = (0..runs)
        .map(|_| Ok(run()? / options.run as f64))
        .collect::<Result<_>>()?;
    Ok(Measured { first, steps })
}

/// The autoencoder and what a step of it needs.
struct Training<D: Device> {
    autoencoder: Network<D>,
    tape: Tape<D>,
    updates: Vec<Update<D>>,
    loss_form: LossForm,
    loss: Matrix<D>,
    kind: OptimiserKind,
}

impl<D: Device> Training<D> {
    fn new(device: &D, rows: usize, kind: OptimiserKind) -> Result<Self> {
        let plan = Plan::dense(&SIZES);
        let groups = Groups::new(device, rows, &plan);
        let mut autoencoder = Network::new(device, &plan, &groups, Init::FanInUniform, 1)?;
        autoencoder.reset_optimiser(device, kind)?;
        let tape = Tape::new(device, rows, &plan, &groups)?;
        let layers = plan.all();
        let loss_form = autoencoder.loss_form(device, layers.end - 1, &tape);
        Ok(Self {
            updates: autoencoder.updates(device, layers, &tape)?,
            loss: Matrix::zeros(device, loss_form.partials(rows, SIZES[0]), 1)?,
            autoencoder,
            tape,
            loss_form,
            kind,
        })
    }

    fn step(&self, device: &D, number: u32) {
        let (autoencoder, tape) = (&self.autoencoder, &self.tape);
        let last = autoencoder.layers.len() - 1;
        let rate = match self.kind {
            OptimiserKind::Adam => 1e-3,
            OptimiserKind::Sgd => 0.1,
        };
        autoencoder.forward(device, 0..last, tape);
        let (batch, x, dy) = (tape.input(0), tape.input(last), tape.grad(last));
        let term = LossTerm::mean_squared_error(batch.len());
        let (form, loss) = (self.loss_form, &self.loss);
        autoencoder.layers[last].forward_loss(device, form, [&x, &batch], term, &dy, loss);
        autoencoder.backward(device, 0..last + 1, tape);
        let step = Step::new(self.kind, rate, 0.9, number);
        autoencoder.update(device, &self.updates, tape.rows, (step, 1.0));
    }
}

fn print_line<D: Device>(device: &D, options: &Options, kind: OptimiserKind, measured: Measured) {
    let rounded = |milliseconds: f64| (1e4 * milliseconds).round() / 1e4;
    let mut times = measured.steps;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| rounded(times[((times.len() - 1) as f64 * share).round() as usize]);
    let optimiser = match kind {
        OptimiserKind::Adam => "adam",
        OptimiserKind::Sgd => "sgd",
    };
    let line = serde_json::json!({
        "id": format!("step_autoencoder_{optimiser}_b{}", options.batch),
        "peer": "dec-gpu",
        "device": device.info().name,
        "median_ms": at(0.5),
        "p10_ms": at(0.1),
        "min_ms": at(0.0),
        "first_ms": rounded(measured.first),
        "steps": times.len() * options.run,
        "run": options.run,
        "threads": rayon::current_num_threads(),
        "version": concat!("dec-gpu ", env!("CARGO_PKG_VERSION")),
    });
    println!("{line}");
}
