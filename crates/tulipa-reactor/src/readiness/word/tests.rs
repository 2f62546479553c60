//! A walk over every word that the transitions can reach, from each by every transition.

use super::*;
use std::collections::HashSet;

const DIRECTIONS: [Direction; 2] = [Direction::Read, Direction::Write];
const SAID: [Said; 3] = [Said::Nothing, Said::Ready, Said::Ended];

#[test]
fn every_reachable_word_keeps_the_rules() {
    let mut reached = HashSet::from([Snapshot::NEW]);
    let mut to_visit = vec![Snapshot::NEW];
    while let Some(word) = to_visit.pop() {
        DIRECTIONS
            .into_iter()
            .for_each(|direction| check_word(word, direction));
        for next in steps(word) {
            let next = without_ticks(next);
            if reached.insert(next) {
                to_visit.push(next);
            }
        }
    }
    // A half that is not gone: nothing, ready, ready and ended, ended and used up, awaited; of the writers also
    // untried, with or without somebody who waits. A gone half: the same without the awaited ones. Both go together.
    assert_eq!(reached.len(), 5 * 7 + 4 * 5);
}

/// What holds of a word by itself.
fn check_word(word: Snapshot, direction: Direction) {
    let half = word.half(direction);
    if half.has(AWAITED) {
        assert!(
            !half.is_ready(),
            "somebody waits for what is there: {word:?}"
        );
        assert!(
            !half.has(GONE),
            "somebody waits for what never comes: {word:?}"
        );
    }
    if half.has(UNTRIED) {
        assert!(!half.is_ready(), "nothing is known, and yet: {word:?}");
    }
}

/// Takes every transition, checks what it did, and returns where it led.
fn steps(word: Snapshot) -> Vec<Snapshot> {
    let mut next = vec![check_left(word)];
    for read in SAID {
        next.extend(SAID.map(|write| check_told(word, News { read, write })));
    }
    for direction in DIRECTIONS {
        next.push(check_awaited(word, direction));
        next.push(check_refused(word, direction));
        next.push(check_exhausted(word, direction));
        check_stale(word, direction);
    }
    next
}

fn check_told(word: Snapshot, news: News) -> Snapshot {
    let (next, owed) = word.told(news);
    for (direction, said, owed) in [
        (Direction::Read, news.read, owed.readers),
        (Direction::Write, news.write, owed.writers),
    ] {
        let (before, after) = (word.half(direction), next.half(direction));
        if said == Said::Nothing {
            assert_eq!(before, after, "{word:?} {news:?}");
            assert!(!owed);
            continue;
        }
        assert!(after.is_ready() && !after.has(AWAITED), "{word:?} {news:?}");
        assert!(after.has(ENDED) || said == Said::Ready, "{word:?} {news:?}");
        assert_eq!(
            owed,
            before.has(AWAITED),
            "every waiter is called, and only waiters: {word:?} {news:?}"
        );
        assert_eq!(before.has(GONE), after.has(GONE));
        assert_ne!(
            word.seen(direction),
            next.seen(direction),
            "what was seen before is stale now"
        );
    }
    next
}

fn check_awaited(word: Snapshot, direction: Direction) -> Snapshot {
    let (next, after) = word.awaited(direction);
    let half = word.half(direction);
    match after {
        AfterAwait::Ready(seen) => {
            assert!(half.is_ready() && seen == word.seen(direction) && next == word)
        }
        AfterAwait::Gone => assert!(!half.is_ready() && half.has(GONE) && next == word),
        AfterAwait::LeaveWaker => {
            assert!(!half.is_ready() && !half.has(GONE));
            assert_eq!(next, word.with(direction, half.set(AWAITED)));
        }
    }
    next
}

fn check_refused(word: Snapshot, direction: Direction) -> Snapshot {
    let (next, ()) = word.refused(direction, word.seen(direction));
    assert!(
        !next.may_try(direction),
        "what was refused is not worth another try: {word:?}"
    );
    check_cleared(word, next, direction);
    next
}

fn check_exhausted(word: Snapshot, direction: Direction) -> Snapshot {
    let (next, ()) = word.exhausted(direction, word.seen(direction));
    assert_eq!(
        next.may_try(direction),
        word.half(direction).has(ENDED),
        "only an end is still to be read: {word:?}"
    );
    check_cleared(word, next, direction);
    next
}

/// Clearing readiness tells nobody, loses nobody, and leaves the other direction alone.
fn check_cleared(word: Snapshot, next: Snapshot, direction: Direction) {
    let kept = AWAITED | GONE;
    assert_eq!(word.half(direction).0 & kept, next.half(direction).0 & kept);
    assert_eq!(word.seen(direction), next.seen(direction));
    assert_eq!(next.with(direction, word.half(direction)), word);
}

/// An outcome of an operation that was overtaken by an event says nothing.
fn check_stale(word: Snapshot, direction: Direction) {
    let seen = word.seen(direction);
    let both = News {
        read: Said::Ready,
        write: Said::Ready,
    };
    let (later, _) = word.told(both);
    assert_eq!(later.refused(direction, seen), (later, ()));
    assert_eq!(later.exhausted(direction, seen), (later, ()));
}

fn check_left(word: Snapshot) -> Snapshot {
    let (next, owed) = word.left();
    for (direction, owed) in [
        (Direction::Read, owed.readers),
        (Direction::Write, owed.writers),
    ] {
        assert_eq!(owed, word.half(direction).has(AWAITED), "{word:?}");
        assert!(next.half(direction).has(GONE));
        assert_eq!(
            next.is_ready(direction),
            word.is_ready(direction),
            "what is there may still be taken"
        );
    }
    next
}

/// The rules do not depend on the count, so that words which differ in it only are one.
fn without_ticks(word: Snapshot) -> Snapshot {
    let [read, write] = DIRECTIONS.map(|direction| Half(word.half(direction).0 & FLAGS));
    Snapshot::join(read, write)
}

#[test]
fn the_count_wraps_without_touching_the_flags_or_the_other_half() {
    let last = Snapshot::join(Half(!FLAGS | AWAITED), Half(!FLAGS));
    let (next, owed) = last.told(News {
        read: Said::Ready,
        write: Said::Nothing,
    });
    assert!(owed.readers && !owed.writers);
    assert_eq!(next, Snapshot::join(Half(READY), Half(!FLAGS)));
}

#[test]
fn a_word_prints_what_it_says() {
    let (word, _) = Snapshot::NEW.told(News {
        read: Said::Ended,
        write: Said::Nothing,
    });
    assert_eq!(
        format!("{word:?}"),
        "Snapshot { read: ready ended tick 1, write: untried tick 0 }"
    );
}
