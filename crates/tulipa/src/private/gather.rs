//! Children of different types, gathered as one sum type: what `gather!` writes calls of.
//!
//! `(a, (b, (c, ())))` becomes a `Vec` of `Sum<A, Sum<B, Sum<C, Nothing>>>`, an [`Awaitable`] like any other, which
//! the plain `gather` takes. Values come back in the order of the children, so the n-th is known to be of the n-th type,
//! and the tuple can be put together again. So `gather!` has no protocol of its own: who is woken, which failure counts
//! and where a request goes is decided in one place.
//!
//! The children must agree on an error. [`Sure`] ones have none and are widened to that of the others; type inference
//! cannot choose between "the same" and "none", so [`kind`] tells the two apart by method lookup.

#![expect(
    missing_debug_implementations,
    reason = "nobody but the expansion of a macro has these types in hand"
)]

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tulipa_combinators::{Gather, GatherAll as Outcomes, gather};
use tulipa_task::{Awaitable, TaskError, TaskRef};

/// Gathers a list of [`Sure`] and [`Risky`] children.
pub fn all<L: List>(children: L) -> Mixed<L> {
    let mut tasks = Vec::new();
    children.push_to(&mut |child| tasks.push(child));
    Mixed {
        gather: gather(tasks),
    }
}

/// What `gather!` returns: a future of a tuple, or of the first failure.
pub struct Mixed<L: List> {
    gather: Gather<Child<L>>,
}

/// Waits for all children, whatever becomes of them: a tuple of results.
pub struct MixedOutcomes<L: List> {
    outcomes: Outcomes<Child<L>>,
}

/// Children that together can be gathered: they agree on an error.
pub trait List: Errors + Gatherable<ErrorOf<Self>, Values: Flatten, Outcomes: Flatten> {}

impl<L: Errors + Gatherable<ErrorOf<L>, Values: Flatten, Outcomes: Flatten>> List for L {}

/// The error that the children of `L` agree on.
pub type ErrorOf<L> = <<L as Errors>::Of as Agreed>::Error;

type Child<L> = <L as Gatherable<ErrorOf<L>>>::Child;
type Values<L> = <<L as Gatherable<ErrorOf<L>>>::Values as Flatten>::Flat;
type Results<L> = <<L as Gatherable<ErrorOf<L>>>::Outcomes as Flatten>::Flat;

impl<L: List> Mixed<L> {
    /// Waits for all children; their failures are values like others.
    pub fn return_exceptions(self) -> MixedOutcomes<L> {
        MixedOutcomes {
            outcomes: self.gather.return_exceptions(),
        }
    }
}

impl<L: List> Future for Mixed<L> {
    type Output = Result<Values<L>, TaskError<ErrorOf<L>>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut values = ready!(Pin::new(&mut self.gather).poll(cx))?.into_iter();
        Poll::Ready(Ok(L::values(&mut || {
            values.next().expect("one value for each child")
        })
        .flatten()))
    }
}

impl<L: List> Future for MixedOutcomes<L> {
    type Output = Results<L>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut outcomes = ready!(Pin::new(&mut self.outcomes).poll(cx)).into_iter();
        Poll::Ready(
            L::outcomes(&mut || outcomes.next().expect("one outcome for each child")).flatten(),
        )
    }
}

/// A child that cannot fail.
pub struct Sure<A>(A);

/// A child that can fail.
pub struct Risky<A>(A);

/// What the children of a list fail with.
pub trait Errors {
    type Of: Agreed;
}

/// No child can fail.
pub struct NoError;

/// Every child that can fail does so with an `E`.
pub struct OneError<E>(PhantomData<E>);

pub trait Agreed {
    type Error;
}

impl Agreed for NoError {
    type Error = Infallible;
}

impl<E> Agreed for OneError<E> {
    type Error = E;
}

/// Whether a child that fails with an `E` goes with the others.
#[diagnostic::on_unimplemented(
    message = "the arguments of `gather!` fail with different errors, one of them `{E}`",
    label = "these do not agree on an error",
    note = "translate the errors into one type first, or use `gather!(..)` for some and a `Result` value for others"
)]
pub trait AgreesWith<E> {}

impl<E> AgreesWith<E> for NoError {}
impl<E> AgreesWith<E> for OneError<E> {}

impl Errors for () {
    type Of = NoError;
}

impl<A, R: Errors> Errors for (Sure<A>, R) {
    type Of = R::Of;
}

impl<A: Awaitable, R: Errors> Errors for (Risky<A>, R)
where
    R::Of: AgreesWith<A::Error>,
{
    type Of = OneError<A::Error>;
}

/// A list of children as tasks of one type, whose values can be told apart again.
pub trait Gatherable<E> {
    type Child: Awaitable<Value = Self::Value, Error = E>;
    type Value;
    type Values;
    type Outcomes;

    fn push_to(self, tasks: &mut dyn FnMut(Self::Child));
    fn values(next: &mut dyn FnMut() -> Self::Value) -> Self::Values;
    fn outcomes(next: &mut dyn FnMut() -> Result<Self::Value, TaskError<E>>) -> Self::Outcomes;
}

impl<E> Gatherable<E> for () {
    type Child = Nothing<E>;
    type Value = Infallible;
    type Values = ();
    type Outcomes = ();

    fn push_to(self, _: &mut dyn FnMut(Self::Child)) {}
    fn values(_: &mut dyn FnMut() -> Infallible) {}
    fn outcomes(_: &mut dyn FnMut() -> Result<Infallible, TaskError<E>>) {}
}

impl<E, A: Awaitable<Error = E>, R: Gatherable<E>> Gatherable<E> for (Risky<A>, R) {
    type Child = Sum<A, R::Child>;
    type Value = Sum<A::Value, R::Value>;
    type Values = (A::Value, R::Values);
    type Outcomes = (Result<A::Value, TaskError<E>>, R::Outcomes);

    fn push_to(self, tasks: &mut dyn FnMut(Self::Child)) {
        let (Risky(head), rest) = self;
        tasks(Sum::Here(head));
        rest.push_to(&mut |child| tasks(Sum::Later(child)));
    }

    fn values(next: &mut dyn FnMut() -> Self::Value) -> Self::Values {
        let head = next().here();
        (head, R::values(&mut || next().later()))
    }

    fn outcomes(next: &mut dyn FnMut() -> Result<Self::Value, TaskError<E>>) -> Self::Outcomes {
        let head = next().map(Sum::here);
        (head, R::outcomes(&mut || next().map(Sum::later)))
    }
}

impl<E, A: Awaitable<Error = Infallible>, R: Gatherable<E>> Gatherable<E> for (Sure<A>, R) {
    type Child = <(Risky<Widened<A, E>>, R) as Gatherable<E>>::Child;
    type Value = <(Risky<Widened<A, E>>, R) as Gatherable<E>>::Value;
    type Values = <(Risky<Widened<A, E>>, R) as Gatherable<E>>::Values;
    type Outcomes = <(Risky<Widened<A, E>>, R) as Gatherable<E>>::Outcomes;

    fn push_to(self, tasks: &mut dyn FnMut(Self::Child)) {
        let (Sure(head), rest) = self;
        (Risky(Widened(head, PhantomData)), rest).push_to(tasks);
    }

    fn values(next: &mut dyn FnMut() -> Self::Value) -> Self::Values {
        <(Risky<Widened<A, E>>, R)>::values(next)
    }

    fn outcomes(next: &mut dyn FnMut() -> Result<Self::Value, TaskError<E>>) -> Self::Outcomes {
        <(Risky<Widened<A, E>>, R)>::outcomes(next)
    }
}

/// One of two children, or the value of one of them.
pub enum Sum<H, R> {
    Here(H),
    Later(R),
}

const IN_ORDER: &str = "values come in the order of their tasks";

impl<H, R> Sum<H, R> {
    fn here(self) -> H {
        match self {
            Sum::Here(head) => head,
            Sum::Later(_) => unreachable!("{IN_ORDER}"),
        }
    }

    fn later(self) -> R {
        match self {
            Sum::Here(_) => unreachable!("{IN_ORDER}"),
            Sum::Later(rest) => rest,
        }
    }
}

impl<H: Awaitable, R: Awaitable<Error = H::Error>> Future for Sum<H, R> {
    type Output = Result<Sum<H::Value, R::Value>, TaskError<H::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.get_mut() {
            Sum::Here(head) => ready!(Pin::new(head).poll(cx)).map(Sum::Here),
            Sum::Later(rest) => ready!(Pin::new(rest).poll(cx)).map(Sum::Later),
        })
    }
}

impl<H: Awaitable, R: Awaitable<Error = H::Error>> Awaitable for Sum<H, R> {
    type Value = Sum<H::Value, R::Value>;
    type Error = H::Error;

    fn task_ref(&self) -> &TaskRef {
        match self {
            Sum::Here(head) => head.task_ref(),
            Sum::Later(rest) => rest.task_ref(),
        }
    }

    fn take_outcome(&mut self) -> Option<Result<Self::Value, TaskError<H::Error>>> {
        match self {
            Sum::Here(head) => Some(head.take_outcome()?.map(Sum::Here)),
            Sum::Later(rest) => Some(rest.take_outcome()?.map(Sum::Later)),
        }
    }
}

/// What follows the last child: there is none.
pub struct Nothing<E>(Infallible, PhantomData<fn() -> E>);

impl<E> Future for Nothing<E> {
    type Output = Result<Infallible, TaskError<E>>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {}
    }
}

impl<E> Awaitable for Nothing<E> {
    type Value = Infallible;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        match self.0 {}
    }

    fn take_outcome(&mut self) -> Option<Result<Infallible, TaskError<E>>> {
        match self.0 {}
    }
}

/// A task that cannot fail, as one that could fail with an `E`.
pub struct Widened<A, E>(A, PhantomData<fn() -> E>);

impl<A: Awaitable<Error = Infallible>, E> Future for Widened<A, E> {
    type Output = Result<A::Value, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(cx)).map_err(TaskError::widen))
    }
}

impl<A: Awaitable<Error = Infallible>, E> Awaitable for Widened<A, E> {
    type Value = A::Value;
    type Error = E;

    fn task_ref(&self) -> &TaskRef {
        self.0.task_ref()
    }

    fn take_outcome(&mut self) -> Option<Result<A::Value, TaskError<E>>> {
        Some(self.0.take_outcome()?.map_err(TaskError::widen))
    }
}

/// `(a, (b, (c, ())))` to `(a, b, c)`.
pub trait Flatten {
    type Flat;
    fn flatten(self) -> Self::Flat;
}

macro_rules! flatten {
    (@nested) => { () };
    (@nested $head:tt $($rest:tt)*) => { ($head, flatten!(@nested $($rest)*)) };
    ($($name:ident)*) => {
        impl<$($name),*> Flatten for flatten!(@nested $($name)*) {
            type Flat = ($($name,)*);

            #[allow(non_snake_case, clippy::unused_unit, reason = "one name for a type and its value; none for no child")]
            fn flatten(self) -> Self::Flat {
                let flatten!(@nested $($name)*) = self;
                ($($name,)*)
            }
        }
    };
}

flatten!();
flatten!(A);
flatten!(A B);
flatten!(A B C);
flatten!(A B C D);
flatten!(A B C D E);
flatten!(A B C D E F);
flatten!(A B C D E F G);
flatten!(A B C D E F G H);
flatten!(A B C D E F G H I);
flatten!(A B C D E F G H I J);
flatten!(A B C D E F G H I J K);
flatten!(A B C D E F G H I J K L);

/// How an argument becomes a child. `kind_of(&argument).future_or_task()` is the method of the first type below whose
/// bounds hold: method lookup goes from each to the next by `Deref`. The last has none, so that what is no future at all is
/// told so by [`PlainFuture::child`](kind::PlainFuture::child).
pub mod kind {
    use super::{Risky, Sure};
    use std::convert::Infallible;
    use std::future::Future;
    use std::marker::PhantomData;
    use std::ops::Deref;
    use tulipa_task::{Awaitable, Task, spawn, try_spawn};

    pub struct SureTask;
    pub struct RiskyTask;
    pub struct SureFuture;
    pub struct RiskyFuture;
    pub struct PlainFuture;

    pub fn kind_of<C>(_: &C) -> IfSureTask<C> {
        let plain = IfNothingElse(PhantomData);
        IfSureTask(IfRiskyTask(IfSureFuture(IfRiskyFuture(plain))))
    }

    pub struct IfSureTask<C>(IfRiskyTask<C>);
    pub struct IfRiskyTask<C>(IfSureFuture<C>);
    pub struct IfSureFuture<C>(IfRiskyFuture<C>);
    pub struct IfRiskyFuture<C>(IfNothingElse<C>);
    pub struct IfNothingElse<C>(PhantomData<C>);

    impl<A: Awaitable<Error = Infallible>> IfSureTask<A> {
        pub fn future_or_task(&self) -> SureTask {
            SureTask
        }
    }

    impl<A: Awaitable> IfRiskyTask<A> {
        pub fn future_or_task(&self) -> RiskyTask {
            RiskyTask
        }
    }

    impl<F: Future<Output = Result<T, Infallible>>, T> IfSureFuture<F> {
        pub fn future_or_task(&self) -> SureFuture {
            SureFuture
        }
    }

    impl<F: Future<Output = Result<T, E>>, T, E> IfRiskyFuture<F> {
        pub fn future_or_task(&self) -> RiskyFuture {
            RiskyFuture
        }
    }

    impl<F> IfNothingElse<F> {
        pub fn future_or_task(&self) -> PlainFuture {
            PlainFuture
        }
    }

    macro_rules! otherwise {
        ($($first:ident, $next:ident;)*) => {$(
            impl<C> Deref for $first<C> {
                type Target = $next<C>;

                fn deref(&self) -> &$next<C> {
                    &self.0
                }
            }
        )*};
    }

    otherwise! {
        IfSureTask, IfRiskyTask;
        IfRiskyTask, IfSureFuture;
        IfSureFuture, IfRiskyFuture;
        IfRiskyFuture, IfNothingElse;
    }

    impl SureTask {
        pub fn child<A>(self, task: A) -> Sure<A> {
            Sure(task)
        }
    }

    impl RiskyTask {
        pub fn child<A>(self, task: A) -> Risky<A> {
            Risky(task)
        }
    }

    impl SureFuture {
        #[track_caller]
        pub fn child<F, T>(self, future: F) -> Sure<Task<T>>
        where
            F: Future<Output = Result<T, Infallible>> + Send + 'static,
            T: Send + 'static,
        {
            Sure(try_spawn(future))
        }
    }

    impl RiskyFuture {
        #[track_caller]
        pub fn child<F, T, E>(self, future: F) -> Risky<Task<T, E>>
        where
            F: Future<Output = Result<T, E>> + Send + 'static,
            T: Send + 'static,
            E: std::fmt::Debug + Send + 'static,
        {
            Risky(try_spawn(future))
        }
    }

    impl PlainFuture {
        #[track_caller]
        pub fn child<F>(self, future: F) -> Sure<Task<F::Output>>
        where
            F: Future + Send + 'static,
            F::Output: Send + 'static,
        {
            Sure(spawn(future))
        }
    }
}
