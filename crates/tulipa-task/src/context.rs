//! Context variables: values that a task has, and that the tasks it spawns begin with (asyncio's `contextvars`).
//!
//! A task's context is one pointer, null until a variable is set. Spawning copies the pointer; whoever sets a variable
//! in a context that others share copies its few entries first. So a copy is O(1), and a variable that nobody uses
//! costs nothing. Only the poller of a task touches its context, as it touches its future (access rule 2).

use crate::cancel::ambient;
use crate::sync::{Mutex, thread_local};
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::ptr;
use std::sync::Arc;

/// Declares context variables.
///
/// Each is a `static` of type [`ContextVar`], with the value it has where none was set. A policy may follow:
/// `inherit` (the default), `on_request` or `never`, see [`Policy`].
///
/// # Examples
///
/// ```
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// use tulipa_task::{context_var, spawn};
///
/// context_var! {
///     static REQUEST: u64 = 0;
///     static ATTEMPT: u32 = 1, never;
/// }
///
/// let task = spawn(async {
///     REQUEST.set(7);
///     ATTEMPT.set(2);
///     spawn(async { (REQUEST.get(), ATTEMPT.get()) }).await.unwrap()
/// });
/// run();
/// assert_eq!(task.result(), Ok(Ok(&(7, 1))));
/// assert_eq!(REQUEST.get(), 0, "what a task sets is its own");
/// ```
#[macro_export]
macro_rules! context_var {
    ($($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = $default:expr $(, $policy:ident)?);+ $(;)?) => {
        $(
            $(#[$meta])*
            $vis static $name: $crate::ContextVar<$type> = $crate::ContextVar::new(
                stringify!($name),
                || $default,
                $crate::context_var!(@policy $($policy)?),
            );
        )+
    };
    (@policy) => { $crate::Policy::Inherit };
    (@policy inherit) => { $crate::Policy::Inherit };
    (@policy on_request) => { $crate::Policy::OnRequest };
    (@policy never) => { $crate::Policy::Never };
}

/// What a new task sees of a variable that its spawner has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The value, as of the moment it was spawned.
    Inherit,
    /// The default, unless it is given a [`Context::copy`] of the spawner's.
    OnRequest,
    /// The default, always.
    Never,
}

/// A context variable. Declared with [`context_var!`].
pub struct ContextVar<T: 'static> {
    name: &'static str,
    default: fn() -> T,
    policy: Policy,
}

impl<T: Clone + Send + Sync + 'static> ContextVar<T> {
    /// For [`context_var!`]: a variable is told from others by its address, so it must be a `static`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, default: fn() -> T, policy: Policy) -> Self {
        Self {
            name,
            default,
            policy,
        }
    }

    /// Its value in the current context: of the task, of the callback, or else of the thread.
    pub fn get(&'static self) -> T {
        self.find().unwrap_or_else(self.default)
    }

    /// Sets it in the current context. Other tasks do not see it, but those spawned from now on begin with it (CV-01).
    /// The token puts the former value back.
    pub fn set(&'static self, value: T) -> Token<T> {
        let entry = self.entry(value);
        let (before, context) = with_current(|slot| (slot.put(entry), slot.identity()));
        Token {
            var: self,
            before: before.and_then(downcast),
            context,
        }
    }

    /// Puts the value back that it had before the `set` which gave the token.
    ///
    /// # Errors
    ///
    /// The token comes back if it is of another context than the current one (CV-09).
    pub fn reset(&'static self, token: Token<T>) -> Result<(), Token<T>> {
        let fits = |slot: &mut Slot| ptr::eq(token.var, self) && token.context == slot.identity();
        if !with_current(fits) {
            return Err(token);
        }
        let _dropped_outside = match token.before {
            Some(value) => with_current(|slot| slot.put(self.entry(value))),
            None => with_current(|slot| slot.remove(self.key())),
        };
        Ok(())
    }

    fn entry(&'static self, value: T) -> Entry {
        Entry {
            key: self.key(),
            policy: self.policy,
            value: Arc::new(value),
        }
    }

    fn key(&'static self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn find(&'static self) -> Option<T> {
        with_current(|slot| slot.get(self.key())).and_then(downcast)
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextVar")
            .field("name", &self.name)
            .field("policy", &self.policy)
            .finish()
    }
}

/// What [`ContextVar::set`] gives to undo it.
pub struct Token<T: 'static> {
    var: &'static ContextVar<T>,
    before: Option<T>,
    context: usize,
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("var", self.var)
            .finish_non_exhaustive()
    }
}

/// A context that can be held, run in, and shared by tasks: whoever runs in it sees what the others set (CT-06).
///
/// # Examples
///
/// ```
/// use tulipa_task::{Context, context_var};
///
/// context_var! { static COLOUR: &'static str = "white" }
///
/// let garden = Context::copy();
/// garden.run(|| COLOUR.set("red"));
/// assert_eq!((COLOUR.get(), garden.run(|| COLOUR.get())), ("white", "red"));
/// ```
#[derive(Clone, Default)]
pub struct Context(Arc<Node>);

impl Context {
    /// One in which no variable is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of the current one: later changes on either side are invisible to the other (asyncio's `copy_context`).
    pub fn copy() -> Self {
        Self(Arc::new(Node::Shared(Mutex::new(with_current(|slot| {
            slot.copy(Policy::OnRequest)
        })))))
    }

    /// Makes the variables of the current context what they are in this one: a copy, the other way round.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::{Context, context_var};
    ///
    /// context_var! { static COLOUR: &'static str = "white" }
    ///
    /// let before = Context::copy();
    /// COLOUR.set("red");
    /// before.restore();
    /// assert_eq!(COLOUR.get(), "white");
    /// ```
    pub fn restore(&self) {
        let copy = Slot(Some(self.0.clone())).copy(Policy::OnRequest);
        let _dropped_outside = with_current(|slot| slot.replace(copy));
    }

    /// Runs `inside` with this as the current context. What it sets stays here.
    ///
    /// A context that is current in several places at once is as safe as any shared value; who sets last, counts.
    pub fn run<R>(&self, inside: impl FnOnce() -> R) -> R {
        Slot(Some(self.0.clone())).run(inside)
    }

    pub(crate) fn into_slot(self) -> Slot {
        Slot(Some(self.0))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("variables", &Slot(Some(self.0.clone())).len())
            .finish()
    }
}

/// The context of a task: one pointer.
#[derive(Default)]
pub(crate) struct Slot(Option<Arc<Node>>);

/// What the pointer leads to.
enum Node {
    /// A task's own variables. Never changed while anybody else has the pointer.
    Own(Vec<Entry>),
    /// A context that several share.
    Shared(Mutex<Slot>),
}

/// Given out before it is dropped: its destructor may look at the context.
type Value = Arc<dyn Any + Send + Sync>;

#[derive(Clone)]
struct Entry {
    key: usize,
    policy: Policy,
    value: Value,
}

impl Default for Node {
    fn default() -> Self {
        Self::Shared(Mutex::new(Slot(None)))
    }
}

impl Slot {
    /// Whether no variable was ever set.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What a task spawned here begins with.
    #[inline]
    pub(crate) fn inherited() -> Self {
        with_current(|slot| slot.copy(Policy::Inherit))
    }

    /// Puts other variables in the place of all that are set, for those too with whom it is shared.
    fn replace(&mut self, others: Self) -> Self {
        match self.0.as_deref() {
            Some(Node::Shared(shared)) => std::mem::replace(&mut *shared.lock(), others),
            _ => std::mem::replace(self, others),
        }
    }

    /// All of it: a copy of what is a task's own, what is shared as it is.
    pub(crate) fn same(&self) -> Self {
        Self(self.0.clone())
    }

    /// Runs `inside` with this as the current context.
    pub(crate) fn run<R>(self, inside: impl FnOnce() -> R) -> R {
        struct Restore(Slot);
        impl Drop for Restore {
            fn drop(&mut self) {
                with_current(|slot| std::mem::swap(slot, &mut self.0));
            }
        }
        let mut restore = Restore(self);
        with_current(|slot| std::mem::swap(slot, &mut restore.0));
        inside()
    }

    /// A copy of the entries whose policy is `least` or freer.
    #[inline]
    fn copy(&self, least: Policy) -> Self {
        match self.0.as_deref() {
            None => Self(None),
            Some(_) => self.copy_variables(least),
        }
    }

    fn copy_variables(&self, least: Policy) -> Self {
        match self.0.as_deref() {
            None => Self(None),
            Some(Node::Shared(shared)) => shared.lock().copy(least),
            Some(Node::Own(entries)) => {
                let goes_along = |entry: &&Entry| match entry.policy {
                    Policy::Inherit => true,
                    Policy::OnRequest => least == Policy::OnRequest,
                    Policy::Never => false,
                };
                if entries.iter().all(|entry| goes_along(&entry)) {
                    return Self(self.0.clone()); // the usual case: one count
                }
                Self(Some(Arc::new(Node::Own(
                    entries.iter().filter(goes_along).cloned().collect(),
                ))))
            }
        }
    }

    fn get(&self, key: usize) -> Option<Value> {
        match self.0.as_deref()? {
            Node::Shared(shared) => shared.lock().get(key),
            Node::Own(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| entry.value.clone()),
        }
    }

    /// Sets a variable, and gives its former value.
    fn put(&mut self, entry: Entry) -> Option<Value> {
        if let Some(Node::Shared(shared)) = self.0.as_deref() {
            return shared.lock().put(entry);
        }
        let entries = self.own();
        match entries.iter_mut().find(|other| other.key == entry.key) {
            Some(other) => Some(std::mem::replace(other, entry).value),
            None => {
                entries.push(entry);
                None
            }
        }
    }

    /// Unsets a variable, and gives its former value.
    fn remove(&mut self, key: usize) -> Option<Value> {
        if let Some(Node::Shared(shared)) = self.0.as_deref() {
            return shared.lock().remove(key);
        }
        let entries = self.own();
        let position = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(position).value)
    }

    /// The entries, this context's alone.
    fn own(&mut self) -> &mut Vec<Entry> {
        let node = self
            .0
            .get_or_insert_with(|| Arc::new(Node::Own(Vec::new())));
        if Arc::get_mut(node).is_none() {
            let Node::Own(entries) = &**node else {
                unreachable!("the caller has looked")
            };
            *node = Arc::new(Node::Own(entries.clone()));
        }
        match Arc::get_mut(node) {
            Some(Node::Own(entries)) => entries,
            _ => unreachable!("it is nobody else's"),
        }
    }

    /// What tells this context from others, as long as both live: where the slot is, or the shared node.
    fn identity(&self) -> usize {
        match &self.0 {
            Some(node) if matches!(**node, Node::Shared(_)) => Arc::as_ptr(node).addr(),
            _ => ptr::from_ref(self).addr(),
        }
    }

    fn len(&self) -> usize {
        match self.0.as_deref() {
            None => 0,
            Some(Node::Own(entries)) => entries.len(),
            Some(Node::Shared(shared)) => shared.lock().len(),
        }
    }
}

thread_local! {
    /// The context of a thread outside of tasks.
    static BASE: RefCell<Slot> = const { RefCell::new(Slot(None)) };
}

/// Gives `f` the current context. No code of the user runs inside.
fn with_current<R>(f: impl FnOnce(&mut Slot) -> R) -> R {
    ambient::current_header(|header| match header {
        // SAFETY: access rule 2: this thread polls the task, and `f` does not come back here.
        Some(header) => header.context.with_mut(|slot| f(unsafe { &mut *slot })),
        None => BASE.with(|base| f(&mut base.borrow_mut())),
    })
}

fn downcast<T: Clone + 'static>(value: Value) -> Option<T> {
    value.downcast_ref::<T>().cloned()
}
