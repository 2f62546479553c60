//! The races of this crate, each tried in every order by loom. Built under `cfg(loom)` only:
//! `RUSTFLAGS="--cfg loom" cargo test -p tulipa-reactor --release --lib models`.
//!
//! Kernel and poll are not in here: an event is a call of `tell`, a descriptor is an atomic count of bytes, and what
//! a poll blocks on is a condition variable.

mod exhaust;
mod interrupt;
mod leave;
mod seat;
mod wait;

use crate::error::ReactorGone;
use crate::readiness::{Direction, News, Readiness, Said};
use crate::unwind::wake_all;
use std::future::poll_fn;

pub(crate) const READABLE: News = News {
    read: Said::Ready,
    write: Said::Nothing,
};

/// Tries `body` in every order of its threads' steps, up to three preemptions (more if `LOOM_MAX_PREEMPTIONS` says
/// so): beyond that the models take minutes, and have found nothing.
pub(crate) fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(body);
}

/// What the thread that turns does with an event.
pub(crate) fn dispatch(readiness: &Readiness, news: News) {
    let mut called = Vec::new();
    readiness.tell(news, &mut called);
    wake_all(&mut called);
}

/// What a source, or its reactor, does at its end.
pub(crate) fn leave(readiness: &Readiness) {
    let mut called = Vec::new();
    readiness.leave(&mut called);
    wake_all(&mut called);
}

/// Waits as a `poll` function does.
pub(crate) async fn readable(readiness: &Readiness) -> Result<(), ReactorGone> {
    poll_fn(|cx| readiness.poll_anonymous(Direction::Read, cx.waker())).await?;
    Ok(())
}
