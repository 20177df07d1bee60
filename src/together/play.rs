//! What the members wrote down, and how it is done: together where they agree.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::buffer::{MemberBuffer, Place};
use super::{Counts, Joins, Part};
use crate::device::{Device, DeviceBuffer, Result};
use crate::kernel::{Access, Kernel};

/// A dispatch that one member asked for.
pub(super) struct Note<D: Device> {
    pub(super) kernel: &'static Kernel,
    pub(super) params: Vec<u8>,
    pub(super) workgroups: [u32; 3],
    pub(super) bindings: Vec<MemberBuffer<D>>,
}

/// Everything that is still to be done, by member.
pub(super) struct Score<D: Device> {
    notes: Vec<VecDeque<Note<D>>>,
    asked: Vec<Option<MemberBuffer<D>>>,
    answers: Vec<Option<Result<Vec<u32>>>>,
    /// Words that were uploaded and are still held.
    uploads: Vec<Weak<Vec<u32>>>,
    pub(super) counts: Counts,
}

impl<D: Device> Score<D> {
    pub(super) fn new(members: usize) -> Self {
        Self {
            notes: (0..members).map(|_| VecDeque::new()).collect(),
            asked: (0..members).map(|_| None).collect(),
            answers: (0..members).map(|_| None).collect(),
            uploads: Vec::new(),
            counts: Counts::default(),
        }
    }

    pub(super) fn write(&mut self, member: usize, note: Note<D>) {
        self.notes[member].push_back(note);
        self.counts.asked += 1;
    }

    pub(super) fn ask(&mut self, member: usize, buffer: MemberBuffer<D>) {
        self.asked[member] = Some(buffer);
    }

    pub(super) fn answer(&mut self, member: usize) -> Option<Result<Vec<u32>>> {
        self.answers[member].take()
    }

    /// These words as another member has uploaded them, or as they are.
    pub(super) fn known(&mut self, words: Vec<u32>) -> Rc<Vec<u32>> {
        self.uploads.retain(|held| held.strong_count() > 0);
        let same = (self.uploads.iter().filter_map(Weak::upgrade)).find(|held| **held == words);
        same.unwrap_or_else(|| {
            let words = Rc::new(words);
            self.uploads.push(Rc::downgrade(&words));
            words
        })
    }

    /// Takes the next dispatch off as many members as can have it together: the most, of equals those with the member
    /// who has most to do.
    fn next(&mut self) -> Option<Vec<Note<D>>> {
        let leaders = (0..self.notes.len()).filter(|member| !self.notes[*member].is_empty());
        let groups = leaders.map(|leader| self.with(leader));
        let group = groups.max_by_key(|group| {
            let longest = group.iter().map(|member| self.notes[*member].len()).max();
            (group.len(), longest)
        })?;
        let taken = group.into_iter();
        Some(
            taken
                .filter_map(|member| self.notes[member].pop_front())
                .collect(),
        )
    }

    /// The members whose next dispatch can be that of the leader, himself among them.
    fn with(&self, leader: usize) -> Vec<usize> {
        let members = 0..self.notes.len();
        let Some(first) = self.notes[leader].front() else {
            return Vec::new();
        };
        let joins = |member: &usize| {
            *member == leader
                || self.notes[*member]
                    .front()
                    .is_some_and(|note| first.joins(note))
        };
        members.filter(joins).collect()
    }
}

impl<D: Device> Note<D> {
    /// Whether another member's dispatch can be done by the same one. Where z is in use already, it is not.
    fn joins(&self, other: &Self) -> bool {
        let mut buffers = self.bindings.iter().zip(&other.bindings);
        std::ptr::eq(self.kernel, other.kernel)
            && self.workgroups == other.workgroups
            && self.workgroups[2] == 1
            && (self.kernel.bindings.iter()).all(|binding| {
                let (own, others) = buffers.next().expect("a buffer for each binding");
                own.joins(others, binding.access == Access::ReadWrite)
            })
    }
}

/// Does all that is written down and answers who asked; how many did.
pub(super) async fn perform<D: Joins>(device: &D, score: &RefCell<Score<D>>) -> usize {
    let mut fault = None;
    loop {
        let Some(notes) = score.borrow_mut().next() else {
            break;
        };
        if fault.is_none() {
            fault = dispatch(device, &notes).err();
            score.borrow_mut().counts.dispatched += 1;
        }
    }
    let asked: Vec<(usize, MemberBuffer<D>)> = {
        let mut score = score.borrow_mut();
        let taken = score.asked.iter_mut().enumerate();
        taken
            .filter_map(|(i, asked)| Some((i, asked.take()?)))
            .collect()
    };
    let mut read: Option<(Rc<D::Buffer>, Vec<u32>)> = None;
    for (member, buffer) in &asked {
        let answer = match &fault {
            Some(fault) => Err(fault.clone()),
            None => fetch(device, buffer, asked.len(), &mut read).await,
        };
        score.borrow_mut().answers[*member] = Some(answer);
    }
    asked.len()
}

/// The words of a buffer. A buffer of several who ask is read once, and kept in `read`.
async fn fetch<D: Device>(
    device: &D,
    buffer: &MemberBuffer<D>,
    askers: usize,
    read: &mut Option<(Rc<D::Buffer>, Vec<u32>)>,
) -> Result<Vec<u32>> {
    let (first, words) = (buffer.first, buffer.words);
    let (from, base) = match buffer.place() {
        Place::Zeros => return Ok(vec![0; words]),
        Place::Words(all) | Place::Shared(_, all) => return Ok(all[first..first + words].to_vec()),
        Place::Slot { buffer, base } => (buffer, base + first),
    };
    // Many parts of one buffer come at once if they are most of it.
    if askers * words * 2 < from.words() || askers == 1 {
        return device.download(&from.part(base, words)).await;
    }
    if read
        .as_ref()
        .is_none_or(|(held, _)| !Rc::ptr_eq(held, &from))
    {
        *read = Some((from.clone(), device.download(&from).await?));
    }
    let all = read.as_ref().map_or(&[][..], |(_, all)| all);
    Ok(all[base..base + words].to_vec())
}

/// One dispatch for all these members.
fn dispatch<D: Joins>(device: &D, notes: &[Note<D>]) -> Result<()> {
    let first = &notes[0];
    for (i, binding) in first.kernel.bindings.iter().enumerate() {
        let column: Vec<&MemberBuffer<D>> = notes.iter().map(|note| &note.bindings[i]).collect();
        make(device, &column, binding.access == Access::ReadWrite)?;
    }
    let bound = |note: &Note<D>| -> Vec<(D::Buffer, usize)> {
        (note.bindings.iter())
            .map(|buffer| match buffer.place() {
                Place::Slot {
                    buffer: slots,
                    base,
                } => ((*slots).clone(), base + buffer.first),
                Place::Shared(shared, _) => (shared, buffer.first),
                Place::Zeros | Place::Words(_) => unreachable!("the buffer was made"),
            })
            .collect()
    };
    let all: Vec<Vec<(D::Buffer, usize)>> = notes.iter().map(bound).collect();
    // Buffers that were too large to be one are several.
    if notes.len() > 1 && notes[1..].iter().all(|note| first.joins(note)) {
        let parts: Vec<Part<'_>> = (notes.iter().zip(&all))
            .map(|(note, bound)| Part {
                params: &note.params,
                words: (bound.iter().zip(&note.bindings))
                    .map(|((_, first), own)| *first..*first + own.words)
                    .collect(),
            })
            .collect();
        let bindings: Vec<&D::Buffer> = all[0].iter().map(|(buffer, _)| buffer).collect();
        device.dispatch_joined(first.kernel, &parts, first.workgroups, &bindings);
        return Ok(());
    }
    for (note, bound) in notes.iter().zip(&all) {
        let parts: Vec<D::Buffer> = (bound.iter().zip(&note.bindings))
            .map(|((whole, first), own)| whole.part(*first, own.words))
            .collect();
        let parts: Vec<&D::Buffer> = parts.iter().collect();
        device.dispatch(note.kernel, &note.params, note.workgroups, &parts);
    }
    Ok(())
}

/// Gives buffers of a joint dispatch their places, if they have none yet, or none that can be written to.
fn make<D: Device>(device: &D, column: &[&MemberBuffer<D>], writes: bool) -> Result<()> {
    let words = |buffer: &MemberBuffer<D>| match buffer.place() {
        Place::Words(words) | Place::Shared(_, words) => Some(words),
        Place::Zeros | Place::Slot { .. } => None,
    };
    let place = column[0].place();
    match &place {
        Place::Slot { .. } => return Ok(()),
        Place::Shared(..) if !writes => return Ok(()),
        // Before the size of all is looked at: one buffer is enough, however many they are.
        Place::Words(own) if !writes && alike(column, own, words) => {
            let place = Place::Shared(device.upload(own)?, own.clone());
            column.iter().for_each(|buffer| buffer.put(place.clone()));
            return Ok(());
        }
        _ => {}
    }
    let slot = column[0].slot_words();
    if column.len() > 1 && 4 * slot * column.len() > device.room().binding_bytes {
        return column
            .iter()
            .try_for_each(|buffer| make(device, &[*buffer], writes));
    }
    let group = if let Place::Zeros = place {
        device.zeros(slot * column.len())?
    } else {
        let mut all = vec![0; slot * column.len()];
        for (buffer, to) in column.iter().zip(all.chunks_exact_mut(slot)) {
            let words = words(buffer).expect("who joins has words as well");
            to[..words.len()].copy_from_slice(&words);
        }
        device.upload(&all)?
    };
    let group = Rc::new(group);
    for (i, member) in column.iter().enumerate() {
        let (buffer, base) = (group.clone(), i * slot);
        member.put(Place::Slot { buffer, base });
    }
    Ok(())
}

/// Whether all hold the very same words.
fn alike<D: Device>(
    column: &[&MemberBuffer<D>],
    own: &Rc<Vec<u32>>,
    words: impl Fn(&MemberBuffer<D>) -> Option<Rc<Vec<u32>>>,
) -> bool {
    (column.iter()).all(|buffer| words(buffer).is_some_and(|words| Rc::ptr_eq(&words, own)))
}
