//! Which form of the product runs on an adapter.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::{AdapterReport, Gpu};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::tile::{self, Choices, Product, TILES};

/// The products of one kernel that share one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Class {
    kernel: &'static str,
    shape: Product,
}

impl Class {
    fn of(forms: &'static [Kernel], product: Product) -> Self {
        Self {
            kernel: forms[tile::M].name,
            shape: product.class(),
        }
    }
}

/// `linear_forward 256x512x1024`: the kernel, and the largest rows, columns and depth of its products.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kernel, self.shape)
    }
}

/// The choice of forms on one adapter.
pub(super) struct Forms {
    /// Every product in this form.
    forced: Option<usize>,
    subgroups: bool,
    /// Whether barriers cost more than they save: on a processor that plays a GPU they do.
    avoid_barriers: bool,
    /// The choices so far.
    chosen: RefCell<HashMap<Class, usize>>,
    /// Choices of another run that are to be made again, by the text of their class.
    given: RefCell<BTreeMap<String, usize>>,
}

impl Forms {
    pub(super) fn new(report: &AdapterReport, forced: Option<usize>) -> Result<Self> {
        let form = forced.and_then(|form| TILES.get(form));
        if let Some(form) = form.filter(|form| form.subgroups && !report.subgroups) {
            return Err(Error::NoAdapter(format!(
                "{} has no subgroups of at least {}, which the form '{}' needs; choose another",
                report.info.name,
                tile::SUBGROUP_SIZE,
                form.name
            )));
        }
        Ok(Self {
            forced,
            subgroups: report.subgroups,
            avoid_barriers: report.is_software(),
            chosen: RefCell::default(),
            given: RefCell::default(),
        })
    }

    pub(super) fn subgroups(&self) -> bool {
        self.subgroups
    }

    /// What the table says. It looks at the class, so that all its products get one form.
    fn table(&self, class: Class) -> usize {
        if self.without_barriers() {
            tile::SUBGROUP
        } else {
            tile::table(class.shape)
        }
    }

    /// Whether only forms without barriers are worth a look.
    fn without_barriers(&self) -> bool {
        self.avoid_barriers && self.subgroups
    }

    /// The forms worth a look, `first` first.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn candidates(&self, first: usize) -> impl Iterator<Item = usize> {
        let worth = move |form: &usize| {
            let tile = &TILES[*form];
            *form != first && self.runs(*form) && (tile.subgroups || !self.without_barriers())
        };
        std::iter::once(first).chain((0..TILES.len()).filter(worth))
    }

    /// Whether the adapter has what a form needs.
    fn runs(&self, form: usize) -> bool {
        self.subgroups || !TILES[form].subgroups
    }

    /// A form by its name, if it runs here.
    pub(super) fn called(&self, name: &str) -> Option<usize> {
        tile::form_called(name).filter(|form| self.runs(*form))
    }
}

impl Gpu {
    /// The form of a product: chosen at the first product of its class, and kept.
    pub(super) fn form(&self, forms: &'static [Kernel], product: Product) -> usize {
        let class = Class::of(forms, product);
        let known = self.forms.chosen.borrow().get(&class).copied();
        known.unwrap_or_else(|| {
            let form = self.or_plain(forms, self.choose(forms, class, product));
            self.forms.chosen.borrow_mut().insert(class, form);
            form
        })
    }

    fn choose(&self, forms: &'static [Kernel], class: Class, product: Product) -> usize {
        if let Some(form) = self.forms.forced {
            return form;
        }
        let given = self.forms.given.borrow().get(&class.to_string()).copied();
        given.unwrap_or_else(|| self.tuned(forms, class, product, self.forms.table(class)))
    }

    /// The choices so far, by name.
    pub(super) fn chosen(&self) -> Choices {
        let chosen = self.forms.chosen.borrow();
        let named = |(class, form): (&Class, &usize)| (class.to_string(), TILES[*form].name.into());
        Choices {
            device: self.info.clone(),
            forms: chosen.iter().map(named).collect(),
        }
    }

    /// Makes the choices of another run again. Those of another adapter or driver are left aside.
    pub(super) fn take(&self, choices: &Choices) {
        if choices.device != self.info {
            let other = &choices.device.name;
            return log::debug!("forms chosen on {other} are not used on {}", self.info.name);
        }
        let mut given = self.forms.given.borrow_mut();
        for (class, name) in &choices.forms {
            match self.forms.called(name) {
                Some(form) => drop(given.insert(class.clone(), form)),
                None => log::warn!(
                    "{class} was computed in form '{name}', which is not here; the bits may differ"
                ),
            }
        }
        self.forms.chosen.borrow_mut().clear();
    }
}
