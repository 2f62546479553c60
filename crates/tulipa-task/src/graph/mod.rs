//! The call graph: what tasks are doing, and who waits for whom.
//!
//! A frame is an await edge between two tasks, or what a task's leaf future waits for. A [`CallGraph`] begins with some tasks and
//! holds all that wait for them, and for those, and so on: each once, whatever the shape, so that its size is linear in the
//! edges. Edges are there while somebody waits: they are the tasks' own lists of those who want to be woken, and nothing is
//! recorded for the graph's sake.

mod activity;
mod show;

pub use activity::Activity;

use crate::handle::TaskRef;
use crate::id::TaskId;
use std::collections::HashMap;

/// Tasks, what each is doing, and who waits for whom: made by [`TaskRef::dump`] and [`dump`]. asyncio's call graph.
///
/// It is taken while tasks run, without stopping them: each node is true of its own moment. Its text has each node once, those
/// that wait for it indented below, and refers back to a node that was met before.
///
/// # Examples
///
/// ```
/// use tulipa_task::{Builder, Deferred};
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let tea = Builder::new().name("tea").spawn(async { Deferred::<()>::new().await.unwrap() });
/// let leaf = tea.task_ref().clone();
/// let guest = Builder::new().name("guest").spawn(async { tea.await.unwrap() });
/// run();
/// let graph = leaf.dump();
/// assert_eq!(graph.nodes().len(), 2);
/// let awaiter = graph.get(&leaf).unwrap().awaited_by().next().unwrap();
/// assert_eq!(awaiter.task(), guest.task_ref());
/// println!("{graph}");
/// // * Task(name="tea", id=1)
/// //   + Spawned at src/main.rs:5:36
/// //   + State: waits for deferred 2
/// //   + Awaited by:
/// //     * Task(name="guest", id=3)
/// //       + Spawned at src/main.rs:7:38
/// //       + State: waits for `tea`
/// ```
#[derive(Debug, Clone)]
pub struct CallGraph {
    entries: Vec<Entry>,
    places: HashMap<TaskId, usize>,
}

/// What is known of one task.
#[derive(Debug, Clone)]
struct Entry {
    task: TaskRef,
    activity: Activity,
    /// The places of those who wait for it.
    awaited_by: Vec<usize>,
}

/// A task in a [`CallGraph`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    graph: &'a CallGraph,
    place: usize,
}

/// The call graph of every task of the current executor. Those that wait for no other task of it come first.
///
/// A thread that is no worker asks the runtime itself: `Runtime::dump`.
///
/// # Panics
///
/// Outside of a runtime (CG-13).
///
/// # Examples
///
/// ```
/// use tulipa_task::spawn;
///
/// # let (scheduler, run) = tulipa_task::doctest::executor();
/// # let _entered = scheduler.enter();
/// let tasks = [spawn(std::future::pending::<()>()), spawn(std::future::pending::<()>())];
/// run();
/// assert_eq!(tulipa_task::dump().nodes().len(), tasks.len());
/// ```
pub fn dump() -> CallGraph {
    let scheduler = crate::Scheduler::current();
    let scheduler = scheduler.expect(
        "dump outside of a runtime: ask from a task, or the runtime itself (`Runtime::dump`)",
    );
    CallGraph::of(scheduler.registry().snapshot())
}

impl TaskRef {
    /// What it waits for, if it is suspended. `None` if it runs, can run, or has ended; and of a deferred, which does not run.
    ///
    /// # Examples
    ///
    /// ```
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let task = tulipa_task::spawn(std::future::pending::<()>());
    /// assert!(task.waits_for().is_none(), "it has not begun");
    /// run();
    /// assert_eq!(task.waits_for().unwrap().to_string(), "something that is not tulipa's");
    /// ```
    pub fn waits_for(&self) -> Option<crate::Waits> {
        self.header().waits()
    }

    /// What it is doing, at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use tulipa_task::{Activity, TaskState, spawn};
    ///
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let task = spawn(async {});
    /// assert_eq!(task.activity(), Activity::New);
    /// run();
    /// assert_eq!(task.activity(), Activity::Ended(TaskState::Finished));
    /// ```
    pub fn activity(&self) -> Activity {
        Activity::of(self)
    }

    /// The call graph that begins with this task, or deferred: it, those that wait for it, and so on (CG-01, CG-10). Its text is
    /// in the example of [`CallGraph`].
    pub fn dump(&self) -> CallGraph {
        CallGraph::of([self.clone()])
    }

    /// The circle of tasks that wait for each other, if this one is in it: it first, and each awaits the next, the last this
    /// one again. Without a limit of time somewhere none of them will ever end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use tulipa_task::{Task, spawn};
    ///
    /// # let (scheduler, run) = tulipa_task::doctest::executor();
    /// # let _entered = scheduler.enter();
    /// let (send, receive) = mpsc::channel::<Task<()>>();
    /// let hen = spawn(async move { receive.recv().unwrap().await.unwrap() });
    /// let first = hen.task_ref().clone();
    /// let egg = spawn(async { hen.await.unwrap() });
    /// let second = egg.task_ref().clone();
    /// send.send(egg).unwrap();
    /// run();
    /// assert_eq!(first.circle(), Some(vec![first.clone(), second]));
    /// # first.abort();
    /// # run();
    /// ```
    pub fn circle(&self) -> Option<Vec<TaskRef>> {
        CallGraph::of([self.clone()]).circle()
    }
}

impl CallGraph {
    /// `tasks`, those that wait for them, and so on. A task that is given twice is there once.
    pub fn of(tasks: impl IntoIterator<Item = TaskRef>) -> Self {
        let mut graph = Self {
            entries: Vec::new(),
            places: HashMap::new(),
        };
        for task in tasks {
            graph.place_of(task);
        }
        let mut next = 0;
        while let Some(entry) = graph.entries.get(next) {
            let awaiters = entry.task.awaited_by();
            let places = awaiters.into_iter().map(|task| graph.place_of(task));
            let mut places: Vec<usize> = places.collect();
            places.sort_unstable();
            places.dedup(); // a `gather` and a join of one task
            graph.entries[next].awaited_by = places;
            next += 1;
        }
        graph
    }

    /// The place of a task, which is new if it was not met yet.
    fn place_of(&mut self, task: TaskRef) -> usize {
        *self.places.entry(task.id()).or_insert_with(|| {
            self.entries.push(Entry {
                activity: task.activity(),
                awaited_by: Vec::new(),
                task,
            });
            self.entries.len() - 1
        })
    }

    /// All nodes: first those it begins with.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..self.entries.len()).map(|place| self.node(place))
    }

    /// The node of a task, if it is in the graph.
    pub fn get(&self, task: &TaskRef) -> Option<Node<'_>> {
        self.find(task.id())
    }

    fn find(&self, task: TaskId) -> Option<Node<'_>> {
        Some(self.node(*self.places.get(&task)?))
    }

    fn node(&self, place: usize) -> Node<'_> {
        Node { graph: self, place }
    }

    /// The way from the first node back to itself: each is visited from the one that it awaits.
    fn circle(&self) -> Option<Vec<TaskRef>> {
        const START: usize = 0;
        let mut came_from = vec![None; self.entries.len()];
        let mut to_visit = vec![START];
        while let Some(place) = to_visit.pop() {
            for &awaiter in &self.entries[place].awaited_by {
                if came_from[awaiter].is_none() {
                    came_from[awaiter] = Some(place);
                    to_visit.push(awaiter);
                }
            }
        }
        let mut circle = vec![START];
        let mut at = came_from[START]?;
        while at != START {
            circle.push(at);
            at = came_from[at].expect("it was visited from somewhere");
        }
        Some(
            circle
                .into_iter()
                .map(|place| self.entries[place].task.clone())
                .collect(),
        )
    }
}

impl<'a> Node<'a> {
    /// The task.
    pub fn task(&self) -> &'a TaskRef {
        &self.entry().task
    }

    /// What it was doing.
    pub fn activity(&self) -> Activity {
        self.entry().activity
    }

    /// Those that wait for it.
    pub fn awaited_by(
        &self,
    ) -> impl DoubleEndedIterator<Item = Node<'a>> + ExactSizeIterator + use<'a> {
        let graph = self.graph;
        let places = self.entry().awaited_by.iter();
        places.map(move |&place| graph.node(place))
    }

    fn entry(&self) -> &'a Entry {
        &self.graph.entries[self.place]
    }
}

impl PartialEq for Node<'_> {
    /// Whether both are the same node of one graph.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.graph, other.graph) && self.place == other.place
    }
}

impl Eq for Node<'_> {}
