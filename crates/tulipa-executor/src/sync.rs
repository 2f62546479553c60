//! The one door to atomics, locks, parkers and queues: the real ones in a build, loom's under `cfg(loom)`.
//!
//! The queues of crossbeam know nothing of loom, so a model has stand-ins for them: what is modelled is when
//! a worker looks into a queue and when it sleeps, not how the queue works inside. Only the cell of the next slot is one word in a
//! model too, with crossbeam's orderings. What a worker has done no model counts: the numbers of [`stats`](crate::stats) order
//! nothing, and are `std`'s.

/// For numbers that order nothing: a model need not see them.
pub(crate) use std::sync::atomic::AtomicU64 as Tick;

#[cfg(loom)]
pub(crate) use self::model::*;
#[cfg(not(loom))]
pub(crate) use self::real::*;

#[cfg(not(loom))]
mod real {
    pub(crate) use crossbeam_deque as deque;
    pub(crate) use crossbeam_utils::atomic::AtomicCell;
    pub(crate) use crossbeam_utils::sync::{Parker, Unparker};
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub(crate) use std::thread::yield_now as give_way;
}

#[cfg(loom)]
mod model {
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub(crate) use loom::thread::yield_now as give_way;
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    /// loom's mutex in parking_lot's form: a lock is never poisoned.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    /// What [`Mutex::lock`] gives. The inner one is away only inside [`Condvar::wait`].
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(
                self.0
                    .lock()
                    .expect("a model that panics has failed already"),
            ))
        }
    }

    impl<T> std::ops::Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("only away inside a wait")
        }
    }

    impl<T> std::ops::DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("only away inside a wait")
        }
    }

    /// loom's condition variable in parking_lot's form. A model has no time: it never times out.
    #[derive(Debug, Default)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    /// Whether a wait ended because its time was up.
    pub(crate) struct WaitTimeoutResult;

    impl WaitTimeoutResult {
        pub(crate) fn timed_out(&self) -> bool {
            false
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().expect("only away inside a wait");
            guard.0 = Some(
                self.0
                    .wait(inner)
                    .expect("a model that panics has failed already"),
            );
        }

        pub(crate) fn wait_until<T>(
            &self,
            guard: &mut MutexGuard<'_, T>,
            _: Instant,
        ) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// A token that `unpark` leaves and `park` waits for, as crossbeam's.
    #[derive(Debug)]
    pub(crate) struct Parker(Unparker);

    #[derive(Debug, Clone)]
    pub(crate) struct Unparker(Arc<Token>);

    #[derive(Debug)]
    struct Token {
        left: Mutex<bool>,
        changed: Condvar,
    }

    impl Parker {
        pub(crate) fn new() -> Self {
            Self(Unparker(Arc::new(Token {
                left: Mutex::new(false),
                changed: Condvar::new(),
            })))
        }

        pub(crate) fn unparker(&self) -> &Unparker {
            &self.0
        }

        pub(crate) fn park(&self) {
            let token = &self.0.0;
            let mut left = token.left.lock();
            while !*left {
                token.changed.wait(&mut left);
            }
            *left = false;
        }

        /// A model has no time: it never times out.
        pub(crate) fn park_timeout(&self, _: Duration) {
            self.park();
        }
    }

    impl Unparker {
        pub(crate) fn unpark(&self) {
            *self.0.left.lock() = true;
            self.0.changed.notify_one();
        }
    }

    /// crossbeam's cell of a type without a destructor that fits into a word: each access is one of that word, in crossbeam's
    /// orderings. Here the word says where the value lies, in a store behind a lock that loom does not see.
    #[derive(Debug)]
    pub(crate) struct AtomicCell<T> {
        place: AtomicUsize,
        /// What nobody takes out stays there, as what is overwritten is never dropped.
        values: std::sync::Mutex<Vec<Option<T>>>,
    }

    impl<T> AtomicCell<T> {
        pub(crate) fn new(value: T) -> Self {
            Self {
                place: AtomicUsize::new(0),
                values: std::sync::Mutex::new(vec![Some(value)]),
            }
        }

        pub(crate) fn swap(&self, value: T) -> T {
            let place = self.lay(value);
            // AcqRel: pairs with itself, and with the Release of `store`: who takes a value out sees what is in it.
            let before = self.place.swap(place, Ordering::AcqRel);
            let value = self.values()[before].take();
            value.expect("whoever comes by the place of a value is alone with it")
        }

        /// By an exchange that looks at nothing: loom would let an exchange of another thread, which came before a store, take
        /// the store's effect away after it. What it publishes is the same.
        pub(crate) fn store(&self, value: T) {
            let place = self.lay(value);
            // Release: pairs with the Acquire of `swap`.
            self.place.swap(place, Ordering::Release);
        }

        /// While nothing has ever been put in, loom need not know of it: all that this could be is too early. So a model that puts
        /// nothing into its slots has no more schedules for them.
        pub(crate) fn take(&self) -> T
        where
            T: Default,
        {
            if let [Some(untouched)] = &mut self.values()[..] {
                return std::mem::take(untouched);
            }
            self.swap(T::default())
        }

        /// Where it lies.
        fn lay(&self, value: T) -> usize {
            let mut values = self.values();
            values.push(Some(value));
            values.len() - 1
        }

        fn values(&self) -> std::sync::MutexGuard<'_, Vec<Option<T>>> {
            let values = self.values.lock();
            values.expect("a model that panics has failed already")
        }
    }

    /// Stand-ins for crossbeam-deque: a queue behind a lock, and its length beside it, which orders nothing. So a
    /// fence that is missing around a look into a queue shows.
    pub(crate) mod deque {
        use super::{AtomicUsize, Mutex, Ordering, VecDeque};
        use std::sync::Arc;

        pub(crate) enum Steal<T> {
            Empty,
            Success(T),
            #[expect(
                dead_code,
                reason = "a queue behind a lock never asks to be tried again"
            )]
            Retry,
        }

        struct Queue<T> {
            items: Mutex<VecDeque<T>>,
            len: AtomicUsize,
        }

        impl<T> Queue<T> {
            fn new() -> Self {
                Self {
                    items: Mutex::new(VecDeque::new()),
                    len: AtomicUsize::new(0),
                }
            }

            fn len(&self) -> usize {
                self.len.load(Ordering::Relaxed)
            }

            fn push(&self, item: T) {
                let mut items = self.items.lock();
                items.push_back(item);
                self.len.store(items.len(), Ordering::Relaxed);
            }

            fn pop(&self) -> Option<T> {
                if self.len() == 0 {
                    return None;
                }
                let mut items = self.items.lock();
                let item = items.pop_front();
                self.len.store(items.len(), Ordering::Relaxed);
                item
            }

            fn steal(&self) -> Steal<T> {
                self.pop().map_or(Steal::Empty, Steal::Success)
            }
        }

        pub(crate) struct Injector<T>(Queue<T>);
        pub(crate) struct Worker<T>(Arc<Queue<T>>);
        pub(crate) struct Stealer<T>(Arc<Queue<T>>);

        impl<T> Worker<T> {
            pub(crate) fn new_fifo() -> Self {
                Self(Arc::new(Queue::new()))
            }

            pub(crate) fn stealer(&self) -> Stealer<T> {
                Stealer(Arc::clone(&self.0))
            }

            pub(crate) fn push(&self, item: T) {
                self.0.push(item);
            }

            pub(crate) fn pop(&self) -> Option<T> {
                self.0.pop()
            }

            pub(crate) fn is_empty(&self) -> bool {
                self.0.len() == 0
            }

            pub(crate) fn len(&self) -> usize {
                self.0.len()
            }
        }

        impl<T> Stealer<T> {
            pub(crate) fn is_empty(&self) -> bool {
                self.0.len() == 0
            }

            pub(crate) fn len(&self) -> usize {
                self.0.len()
            }

            pub(crate) fn steal(&self) -> Steal<T> {
                self.0.steal()
            }

            pub(crate) fn steal_batch_and_pop(&self, _: &Worker<T>) -> Steal<T> {
                self.0.steal()
            }
        }

        impl<T> Injector<T> {
            pub(crate) fn new() -> Self {
                Self(Queue::new())
            }

            pub(crate) fn len(&self) -> usize {
                self.0.len()
            }

            pub(crate) fn push(&self, item: T) {
                self.0.push(item);
            }

            pub(crate) fn is_empty(&self) -> bool {
                self.0.len() == 0
            }

            pub(crate) fn steal(&self) -> Steal<T> {
                self.0.steal()
            }

            pub(crate) fn steal_batch_and_pop(&self, _: &Worker<T>) -> Steal<T> {
                self.0.steal()
            }
        }
    }
}
