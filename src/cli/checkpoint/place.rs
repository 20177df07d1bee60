//! Where a run is: another precision cannot go on with its checkpoints, and another device gives other last bits.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::checkpoint::State;
use dec_gpu::config::ConfigError;
use dec_gpu::devices::AnyDevice;

use crate::cli::device::described;

/// The note that names the device.
const DEVICE: &str = "device";
/// The note that says what operands of products are rounded to.
const PRECISION: &str = "precision";
/// The device's name where there is no GPU: threads make no other bits.
const CPU: &str = "cpu";

pub(crate) struct Place {
    device: String,
    precision: &'static str,
}

impl Place {
    pub(crate) fn of(device: &AnyDevice) -> Self {
        let info = device.info();
        Self {
            device: match info.backend.as_str() {
                CPU => CPU.to_owned(),
                _ => described(&info),
            },
            precision: device.precision().as_str(),
        }
    }

    /// What checkpoints say of it.
    pub(super) fn notes(&self) -> [(String, String); 2] {
        [(DEVICE, &self.device[..]), (PRECISION, self.precision)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
    }

    /// Refuses a state of another precision; of one of another device it says so.
    pub(super) fn check(&self, state: &State, path: &Path) -> Result<Option<String>> {
        let (device, precision) = (state.text(DEVICE)?, state.text(PRECISION)?);
        let path = path.display();
        if precision != self.precision {
            return Err(ConfigError::Usage(format!(
                "{path} is of another precision: {precision}, expected {}; give the same --precision, or begin again with --force",
                self.precision
            ))
            .into());
        }
        Ok((device != self.device).then(|| {
            format!(
                "{path} was written on {device}; on {} the last bits may differ",
                self.device
            )
        }))
    }
}

#[cfg(test)]
mod tests {
    use dec_gpu::checkpoint::Phase;

    use super::*;

    #[test]
    fn another_precision_is_refused_and_another_device_told() {
        let gpu = "A via vulkan (discrete, 1.0)";
        let mut state = State::new(Phase::Cluster, 3);
        for (device, precision) in [(CPU, "f32"), (CPU, "f16"), (gpu, "f32"), (gpu, "f16")] {
            state.put_text(DEVICE, device);
            state.put_text(PRECISION, precision);
            for name in [CPU, gpu, "B via metal (integrated, 2)"] {
                let here = Place {
                    device: name.into(),
                    precision: "f32",
                };
                match here.check(&state, Path::new("seed-0.safetensors")) {
                    Ok(None) => assert!(precision == "f32" && name == device),
                    Ok(Some(told)) => {
                        assert!(precision == "f32" && name != device);
                        assert!(told.contains(name) && told.contains(device), "{told}");
                    }
                    Err(error) => {
                        let expected =
                            "seed-0.safetensors is of another precision: f16, expected f32";
                        assert!(precision == "f16", "{error}");
                        assert!(error.to_string().contains(expected), "{error}");
                    }
                }
            }
        }
    }
}
