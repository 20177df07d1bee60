//! The caller's observer and store, shared by runs that go on side by side on one thread.

use std::cell::RefCell;

use super::event::{Event, Observer};
use super::store::Store;
use crate::checkpoint::{State, Wish};
use crate::error::Result;

/// Observer and store, if there are any.
pub(super) struct Hands<'a> {
    observer: RefCell<Option<&'a mut dyn Observer>>,
    store: RefCell<Option<&'a mut dyn Store>>,
}

impl<'a> Hands<'a> {
    pub(super) fn new(
        observer: Option<&'a mut dyn Observer>,
        store: Option<&'a mut dyn Store>,
    ) -> Self {
        Self {
            observer: RefCell::new(observer),
            store: RefCell::new(store),
        }
    }

    pub(super) fn tell(&self, seed: u32, event: &Event<'_>) {
        if let Some(observer) = self.observer.borrow_mut().as_deref_mut() {
            observer.event(seed, event);
        }
    }

    /// What is wished between two steps of a run.
    pub(super) fn wish(&self, seed: u32) -> Wish {
        if (self.observer.borrow().as_deref()).is_some_and(|observer| observer.stops()) {
            return Wish::Stop;
        }
        match self.store.borrow().as_deref() {
            Some(store) if store.is_due(seed) => Wish::State,
            _ => Wish::GoOn,
        }
    }

    /// A run begins; gives the state that it goes on from, if it does and there is one.
    pub(super) fn begin(&self, seed: u32, resume: bool) -> Result<Option<State>> {
        match self.store.borrow_mut().as_deref_mut() {
            Some(store) => {
                store.begins(seed);
                if resume { store.newest(seed) } else { Ok(None) }
            }
            None => Ok(None),
        }
    }

    pub(super) fn keep(&self, seed: u32, state: &State) -> Result<()> {
        match self.store.borrow_mut().as_deref_mut() {
            Some(store) => store.keep(seed, state),
            None => Ok(()),
        }
    }
}
