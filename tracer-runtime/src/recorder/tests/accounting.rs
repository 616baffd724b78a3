//! Records made = kept + discarded + dropped(reason), whatever the mixture.

use std::sync::Mutex;

use super::*;
use crate::id;
use crate::span::context::{Context, ContextGuard};
use crate::span::future::traced_at;
use crate::span::task::FutureExt;

const STEPS: usize = if cfg!(miri) { 50 } else { 20_000 };
const WALKS: u64 = if cfg!(miri) { 2 } else { 4 };

/// What one thread holds open, and how many records it has caused.
struct Player {
    random: u64,
    guards: Vec<Guard>,
    contexts: Vec<ContextGuard>,
    /// Futures that any thread may go on with.
    tasks: Arc<Mutex<Vec<Task>>>,
    /// Contexts, most of them stale.
    seen: Arc<Mutex<Vec<Context>>>,
    calls: u64,
}

impl Player {
    fn below(&mut self, bound: usize) -> usize {
        let (state, number) = id::next_random(self.random);
        self.random = state;
        (number >> 33) as usize % bound
    }

    /// Two calls and a pause, somewhere; it is one call when it is cancelled in the pause.
    fn task(&mut self) -> Task {
        let body = async {
            fail(site!("in task"));
            pause().await;
        };
        let seen = self.seen.lock().unwrap().last().copied();
        match (self.below(4), seen) {
            (0, _) => Box::pin(traced(site!("task"), body)),
            (1, _) => Box::pin(failing(site!("task"), body).in_current_context()),
            (2, Some(context)) => {
                let at = Start::parent(context);
                Box::pin(traced_at(site!("task"), at, body, Fails))
            }
            _ => Box::pin(traced_at(site!("task"), Start::root(), body, Fails)),
        }
    }

    fn step(&mut self) {
        match self.below(10) {
            0 => self.guards.push(enter_root(site!("root"))),
            1 | 2 => self.guards.push(enter(site!("call"))),
            3 | 4 if !self.guards.is_empty() => {
                let index = self.below(self.guards.len());
                let guard = self.guards.swap_remove(index);
                if self.below(4) == 0 {
                    failed(guard)
                } else {
                    ok(guard)
                };
                self.calls += 1;
            }
            5 => {
                let mut task = self.task();
                assert!(poll(&mut task).is_pending());
                self.calls += 2;
                self.tasks.lock().unwrap().push(task);
            }
            6 => {
                let task = self.tasks.lock().unwrap().pop();
                // Some are dropped where they stand.
                let finishes = self.below(3) != 0;
                if let Some(mut task) = task.filter(|_| finishes) {
                    finish(&mut task);
                }
            }
            7 => self.seen.lock().unwrap().push(Context::current()),
            8 => {
                let context = self.seen.lock().unwrap().last().copied();
                if let Some(context) = context {
                    self.contexts.push(context.attach());
                }
            }
            9 if !self.contexts.is_empty() => {
                let index = self.below(self.contexts.len());
                drop(self.contexts.swap_remove(index));
            }
            _ => {
                fail(site!("leaf"));
                self.calls += 1;
            }
        }
    }
}

#[test]
fn a_random_walk_loses_no_record() {
    for seed in 1..=WALKS {
        let recorder = Recorder::new();
        let tasks: Arc<Mutex<Vec<Task>>> = Arc::default();
        let seen: Arc<Mutex<Vec<Context>>> = Arc::default();
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let (tasks, seen) = (tasks.clone(), seen.clone());
                recorder.spawn(move || {
                    let mut player = Player {
                        random: seed << 8 | thread,
                        guards: Vec::new(),
                        contexts: Vec::new(),
                        tasks,
                        seen,
                        calls: 0,
                    };
                    for _ in 0..STEPS {
                        player.step();
                    }
                    player.calls + player.guards.len() as u64
                })
            })
            .collect();
        // As a collector does: the budget is not for this test alone. The few steps of Miri fit in it.
        while !cfg!(miri) && threads.iter().any(|thread| !thread.is_finished()) {
            recorder.fragments();
            thread::yield_now();
        }
        let calls: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
        let left = std::mem::take(&mut *tasks.lock().unwrap());
        drop(left);
        assert_idle();
        recorder.accounts_for(calls);
    }
}

#[test]
fn discarded_traces_give_their_room_back() {
    let recorder = Recorder::new();
    let held = || {
        crate::recorder::local::with(|local| {
            let fragment = local.fragment(1, crate::TraceId([1, 1]), false).unwrap();
            let bytes = fragment.bytes();
            local.recycle(fragment);
            bytes
        })
    };
    for _ in 0..MANY {
        let root = enter(site!("root"));
        for _ in 0..10 {
            call(site!("call"));
        }
        ok(root);
    }
    let one = crate::recorder::budget::CHUNK_BYTES + size_of::<Fragment>();
    assert!(held() <= Some(one));
    recorder.accounts_for(11 * MANY as u64);
}
