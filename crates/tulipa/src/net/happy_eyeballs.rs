//! Happy Eyeballs (RFC 8305) without sockets and clocks: in which order, and when the next.

use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;

/// Puts the two families in turn, the one of the first address first (section 4). Within a family the order stays.
/// An address that comes twice is tried once.
pub(super) fn interleave(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut seen = HashSet::new();
    addresses.retain(|address| seen.insert(*address));
    let Some(first) = addresses.first().copied() else {
        return addresses;
    };
    let leads = |address: &SocketAddr| address.is_ipv6() == first.is_ipv6();
    let (leading, following): (Vec<_>, Vec<_>) = addresses.into_iter().partition(leads);
    let turns = leading.len().max(following.len());
    let (mut leading, mut following) = (leading.into_iter(), following.into_iter());
    (0..turns)
        .flat_map(|_| leading.next().into_iter().chain(following.next()))
        .collect()
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
