//! The text of a call graph, in asyncio's form.
//!
//! Neither the stack nor the text may grow faster than the graph: a chain of a hundred thousand tasks is walked with a stack of
//! our own, and indented so far and no further.

use super::{Activity, CallGraph, Node};
use std::fmt;

/// From this depth on, a line tells its depth instead of showing it.
const DEEPEST: usize = 24;

impl fmt::Display for CallGraph {
    /// Each node once, those that wait for it below, one level deeper (CG-16). A node that nobody shows as waiting comes first;
    /// what then is left waits in circles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut waits = vec![false; self.entries.len()];
        for awaiter in self.entries.iter().flat_map(|entry| &entry.awaited_by) {
            waits[*awaiter] = true;
        }
        let (in_others, first): (Vec<_>, Vec<_>) = self.nodes().partition(|node| waits[node.place]);
        let mut text = Text::new(self);
        first
            .into_iter()
            .chain(in_others)
            .try_for_each(|node| text.write(node, f))
    }
}

/// How far a text has come.
struct Text {
    is_shown: Vec<bool>,
    lines: usize,
}

impl Text {
    fn new(graph: &CallGraph) -> Self {
        Self {
            is_shown: vec![false; graph.entries.len()],
            lines: 0,
        }
    }

    /// Writes `root` and those that wait for it, unless it is there already.
    fn write(&mut self, root: Node<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_shown[root.place] {
            return Ok(());
        }
        let mut to_write = vec![(root, 0)];
        while let Some((node, depth)) = to_write.pop() {
            let known = std::mem::replace(&mut self.is_shown[node.place], true);
            self.begin_line(depth, "* ", f)?;
            if depth > DEEPEST {
                write!(f, "({depth} deep) ")?;
            }
            if known {
                write!(f, "{}, see above", Title(node))?;
                continue;
            }
            self.write_node(node, depth, f)?;
            let awaited_by = node.awaited_by().rev();
            to_write.extend(awaited_by.map(|awaiter| (awaiter, depth + 1)));
        }
        Ok(())
    }

    fn write_node(
        &mut self,
        node: Node<'_>,
        depth: usize,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        write!(f, "{}", Title(node))?;
        self.begin_line(depth, "  + ", f)?;
        let made = if node.task().is_deferred() {
            "Made"
        } else {
            "Spawned"
        };
        write!(f, "{made} at {}", node.task().location())?;
        self.begin_line(depth, "  + ", f)?;
        write!(f, "State: {}", Doing(node))?;
        if node.awaited_by().len() > 0 {
            self.begin_line(depth, "  + ", f)?;
            f.write_str("Awaited by:")?;
        }
        Ok(())
    }

    fn begin_line(&mut self, depth: usize, mark: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lines > 0 {
            f.write_str("\n")?;
        }
        self.lines += 1;
        write!(f, "{:indent$}{mark}", "", indent = 4 * depth.min(DEEPEST))
    }
}

impl fmt::Display for Node<'_> {
    /// Which task, and what it is doing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Title(*self), Doing(*self))
    }
}

/// What it is doing, with the name of whom it awaits, if that is in the graph.
struct Doing<'a>(Node<'a>);

impl fmt::Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Activity::Waiting(waits) = self.0.activity() else {
            return self.0.activity().fmt(f);
        };
        let awaited = waits.leaf().awaited().filter(|_| waits.others() == 0);
        match awaited.and_then(|task| self.0.graph.find(task)) {
            Some(node) => write!(f, "waits for `{}`", node.task().name()),
            None => write!(f, "waits for {waits}"),
        }
    }
}

/// `Task(name="main", id=1)`
struct Title<'a>(Node<'a>);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.0.task();
        let kind = if task.is_deferred() {
            "Deferred"
        } else {
            "Task"
        };
        write!(f, "{kind}(name={:?}, id={})", task.name(), task.id())
    }
}
