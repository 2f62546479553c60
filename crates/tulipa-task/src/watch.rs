//! One observer on many tasks, counted once for all of them.
//!
//! Were it an `Arc` in the list of each task, its count would go up and down at every one. Here the references of all
//! lists are there from the start, in the step that makes the observer. A list that is left gives its own back to the watch,
//! a plain number; only a task that ends counts down. What the watch has in the end, it gives back in one step.

use crate::completion::{Observer, Subscription, Waiter};
use crate::handle::TaskRef;
use crate::sync::{AtomicUsize, Ordering};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

/// An observer, and the places that it has in the lists of the tasks it watches.
///
/// This is what [`TaskRef::subscribe`] is for one task. It dereferences to the observer. Dropped it stays in the lists: its owner,
/// who has the tasks at hand, calls [`end`](Self::end) before.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::task::Waker;
/// use tulipa_task::{Awaitable, Deferred, Observer, TaskState, Watch};
///
/// #[derive(Default)]
/// struct Ended(AtomicUsize);
/// impl Observer for Ended {
///     fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         None // nobody sleeps until then
///     }
/// }
///
/// let doors = [1, 2, 3].map(|_| Deferred::<u8>::new());
/// let mut watch = Watch::begin(Ended::default(), doors.iter().map(|door| door.task_ref()));
/// doors[1].set_result(7).unwrap();
/// watch.end(doors.iter().map(|door| Some(door.task_ref())));
/// doors[0].set_result(8).unwrap();
/// assert_eq!(watch.0.load(Ordering::Relaxed), 1);
/// ```
pub struct Watch<O: Observer + 'static> {
    core: NonNull<Core<O>>,
    /// References that are in no list. One of them, at least, is the watch's own.
    held: usize,
    /// In the order of the tasks.
    places: Vec<Option<Subscription>>,
}

/// What a watch and the lists share.
struct Core<O: ?Sized> {
    /// Those that are in lists, and those that the watch holds.
    references: AtomicUsize,
    observer: O,
}

/// The observer of a [`Watch`], for who may outlive that: what is in the lists, and made by [`Watch::watched`].
pub struct Watched<O: Observer + ?Sized + 'static>(NonNull<Core<O>>);

// SAFETY: what it gives access to, by `&`, is an observer, which is `Send` and `Sync`; the last reference, wherever
// it goes, drops it there.
unsafe impl<O: Observer> Send for Watch<O> {}
// SAFETY: as above; what is not the observer needs `&mut`.
unsafe impl<O: Observer> Sync for Watch<O> {}
// SAFETY: as for `Watch`.
unsafe impl<O: Observer + ?Sized> Send for Watched<O> {}
// SAFETY: as for `Watch`.
unsafe impl<O: Observer + ?Sized> Sync for Watched<O> {}

impl<O: Observer + 'static> Watch<O> {
    /// Has `observer` told of the end of each task, with its position as the key. It hears at once, in order, of those that have
    /// ended; whom it then wants woken, is.
    ///
    /// # Panics
    ///
    /// If the number of the tasks needs more than 32 bits, or is more than the iterator said.
    pub fn begin<'a>(
        observer: O,
        tasks: impl IntoIterator<Item = &'a TaskRef, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let tasks = tasks.into_iter();
        let references = tasks.len() + 1;
        let core = Box::new(Core {
            references: AtomicUsize::new(references),
            observer,
        });
        let mut watch = Self {
            core: NonNull::from(Box::leak(core)),
            held: references,
            places: Vec::with_capacity(tasks.len()),
        };
        for (key, task) in tasks.enumerate() {
            let key = u32::try_from(key).expect("fewer than four billion tasks are watched");
            let place = watch.enter(task, key);
            watch.places.push(place);
        }
        watch
    }

    /// Gets into the list of a task, or hears that it has ended.
    fn enter(&mut self, task: &TaskRef, key: u32) -> Option<Subscription> {
        if !task.is_done() {
            let listed = self.give();
            match task.header().subscribe(Waiter::Watch(listed, key)) {
                Ok(place) => return Some(place),
                Err(waiter) => self.take_back(waiter),
            }
        }
        if let Some(waker) = self.done(key as usize, task.state()) {
            waker.wake();
        }
        None
    }

    /// Leaves the lists of those that have not ended, each at constant cost. The tasks are those that [`begin`](Self::begin) was
    /// given, in that order; one that has ended need not be there any more.
    pub fn end<'a>(&mut self, tasks: impl IntoIterator<Item = Option<&'a TaskRef>>) {
        let places = std::mem::take(&mut self.places);
        for (place, task) in places.into_iter().zip(tasks) {
            if let (Some(place), Some(task)) = (place, task)
                && !task.is_done()
                && let Some(waiter) = task.header().unsubscribe(&place)
            {
                self.take_back(waiter);
            }
        }
    }

    /// The observer, for who may outlive this.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::Waker;
    /// use tulipa_task::{Observer, TaskState, Watch};
    ///
    /// struct Deaf(&'static str);
    /// impl Observer for Deaf {
    ///     fn done(&self, _: usize, _: TaskState) -> Option<Waker> {
    ///         None
    ///     }
    /// }
    ///
    /// let watched = Watch::begin(Deaf("it lives on"), []).watched();
    /// assert_eq!(watched.0, "it lives on");
    /// ```
    pub fn watched(&self) -> Watched<O> {
        // SAFETY: the watch has a reference of its own.
        unsafe { retain(self.core) };
        Watched(self.core)
    }

    /// A reference, for a list.
    fn give(&mut self) -> Watched<dyn Observer> {
        // An iterator may be wrong about its length, and safe code must not make the count wrong by that.
        assert!(
            self.held > 1,
            "there are more tasks than the iterator said: its `len` is to be exact"
        );
        self.held -= 1;
        Watched(self.core)
    }

    /// What was in a list is not any more.
    fn take_back(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Watch(listed, _) if listed.0.cast() == self.core => {
                std::mem::forget(listed);
                self.held += 1;
            }
            stranger => drop(stranger), // the tasks were given in another order
        }
    }
}

impl<O: Observer> Deref for Watch<O> {
    type Target = O;

    fn deref(&self) -> &O {
        // SAFETY: the watch has a reference of its own.
        &unsafe { self.core.as_ref() }.observer
    }
}

impl<O: Observer> Drop for Watch<O> {
    fn drop(&mut self) {
        // SAFETY: these references are the watch's, and it is gone after this.
        unsafe { give_back(self.core, self.held) };
    }
}

impl<O: Observer + ?Sized> Clone for Watched<O> {
    fn clone(&self) -> Self {
        // SAFETY: this is a reference.
        unsafe { retain(self.0) };
        Self(self.0)
    }
}

impl<O: Observer + ?Sized> Deref for Watched<O> {
    type Target = O;

    fn deref(&self) -> &O {
        // SAFETY: this is a reference.
        &unsafe { self.0.as_ref() }.observer
    }
}

impl<O: Observer + ?Sized> Drop for Watched<O> {
    fn drop(&mut self) {
        // SAFETY: this is a reference, and it is gone after this.
        unsafe { give_back(self.0, 1) };
    }
}

/// One reference more.
///
/// # Safety
///
/// The caller has one.
unsafe fn retain<O: ?Sized>(core: NonNull<Core<O>>) {
    // Relaxed: the caller's own keeps the observer meanwhile, and a new one tells nobody anything.
    // SAFETY: the caller's promise.
    unsafe { core.as_ref() }
        .references
        .fetch_add(1, Ordering::Relaxed);
}

/// Gives so many references back, and drops the observer if they were the last.
///
/// # Safety
///
/// They are the caller's, who does not use them any more.
unsafe fn give_back<O: ?Sized>(core: NonNull<Core<O>>, references: usize) {
    // AcqRel: the Release half of each pairs with the Acquire half of the last, who drops what all have used.
    // SAFETY: until it is counted down the caller's references keep it.
    let before = unsafe { core.as_ref() }
        .references
        .fetch_sub(references, Ordering::AcqRel);
    if before == references {
        // SAFETY: it came out of a box, and those were the last references.
        drop(unsafe { Box::from_raw(core.as_ptr()) });
    }
}

impl<O: Observer + fmt::Debug> fmt::Debug for Watch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<O: Observer + fmt::Debug + ?Sized> fmt::Debug for Watched<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
