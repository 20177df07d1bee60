//! Buffers of members: what they will hold, and once a dispatch needs them, where.

use std::cell::RefCell;
use std::rc::Rc;

use crate::device::{ALIGNMENT, Device, DeviceBuffer, check_part};

/// A handle to a member's memory, whole or in part.
pub struct MemberBuffer<D: Device> {
    pub(super) memory: Rc<Memory<D>>,
    pub(super) first: usize,
    pub(super) words: usize,
}

/// The memory of one member.
pub(super) struct Memory<D: Device> {
    /// Words in all.
    pub(super) words: usize,
    pub(super) place: RefCell<Place<D>>,
}

/// Where a memory's words are.
pub(super) enum Place<D: Device> {
    /// Nowhere yet: zeros.
    Zeros,
    /// Nowhere yet: these words, which members that uploaded the same share.
    Words(Rc<Vec<u32>>),
    /// In a buffer that nobody writes, for all who hold the same words.
    Shared(D::Buffer, Rc<Vec<u32>>),
    /// In a buffer of several members, from word `base` on.
    Slot { buffer: Rc<D::Buffer>, base: usize },
}

impl<D: Device> Clone for Place<D> {
    fn clone(&self) -> Self {
        match self {
            Self::Zeros => Self::Zeros,
            Self::Words(words) => Self::Words(words.clone()),
            Self::Shared(buffer, words) => Self::Shared(buffer.clone(), words.clone()),
            Self::Slot { buffer, base } => Self::Slot {
                buffer: buffer.clone(),
                base: *base,
            },
        }
    }
}

impl<D: Device> Clone for MemberBuffer<D> {
    fn clone(&self) -> Self {
        Self {
            memory: self.memory.clone(),
            ..*self
        }
    }
}

impl<D: Device> DeviceBuffer for MemberBuffer<D> {
    fn words(&self) -> usize {
        self.words
    }

    fn part(&self, first: usize, words: usize) -> Self {
        check_part(first, words, self.words);
        Self {
            memory: self.memory.clone(),
            first: self.first + first,
            words,
        }
    }
}

impl<D: Device> MemberBuffer<D> {
    pub(super) fn new(words: usize, place: Place<D>) -> Self {
        Self {
            memory: Rc::new(Memory {
                words,
                place: RefCell::new(place),
            }),
            first: 0,
            words,
        }
    }

    /// The words of a slot: it begins where a binding may begin.
    pub(super) fn slot_words(&self) -> usize {
        self.memory.words.max(1).next_multiple_of(ALIGNMENT)
    }

    pub(super) fn place(&self) -> Place<D> {
        self.memory.place.borrow().clone()
    }

    pub(super) fn put(&self, place: Place<D>) {
        *self.memory.place.borrow_mut() = place;
    }

    /// Whether this and another member's buffer can be bound by one dispatch, which reads them or `writes` to them.
    pub(super) fn joins(&self, other: &Self, writes: bool) -> bool {
        if (self.first, self.words, self.memory.words)
            != (other.first, other.words, other.memory.words)
        {
            return false;
        }
        match (&*self.memory.place.borrow(), &*other.memory.place.borrow()) {
            (Place::Zeros, Place::Zeros) | (Place::Words(_), Place::Words(_)) => true,
            (Place::Shared(_, a), Place::Shared(_, b)) => Rc::ptr_eq(a, b) || writes,
            (Place::Slot { buffer: a, .. }, Place::Slot { buffer: b, .. }) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}
