//! Happy Eyeballs (RFC 8305) without sockets and clocks: in which order, and when the next.

use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;

/// Puts the two families in turn, the one of the first address first (section 4). Within a family the order stays.
/// An address that comes twice is tried once.
pub(super) fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let leads = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let mut leading = VecDeque::new();
    let mut following = VecDeque::new();
    for address in &addresses {
        let family = if leads(address) {
            &mut leading
        } else {
            &mut following
        };
        if !family.contains(address) {
            family.push_back(*address);
        }
    }
    let mut ordered = Vec::with_capacity(leading.len() + following.len());
    while !(leading.is_empty() && following.is_empty()) {
        ordered.extend(leading.pop_front());
        ordered.extend(following.pop_front());
    }
    ordered
}

/// Tries the addresses, each beside those before it (section 5): the next begins when `delay` has passed since the
/// last one began, or as soon as one fails. The first success is the result, and the other attempts are dropped. If none
/// succeeds, the result is all failures, in their order.
pub(super) async fn race<T, C, D>(
    addresses: Vec<SocketAddr>,
    mut connect: impl FnMut(SocketAddr) -> C,
    mut delay: impl FnMut() -> D,
) -> Result<T, Vec<(SocketAddr, io::Error)>>
where
    C: Future<Output = io::Result<T>>,
    D: Future<Output = ()>,
{
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    let mut untried = addresses.into_iter();
    loop {
        if let Some(address) = untried.next() {
            let attempt = connect(address);
            attempts.push(async move { attempt.await.map_err(|error| (address, error)) });
        }
        let ended = if untried.as_slice().is_empty() {
            attempts.next().await // nothing is left to begin after a delay
        } else {
            match select(attempts.next(), pin!(delay())).await {
                Either::Left((ended, _)) => ended,
                Either::Right(((), _)) => continue,
            }
        };
        match ended {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(failure)) => failures.push(failure),
            None => return Err(failures),
        }
    }
}

#[cfg(test)]
mod tests;
