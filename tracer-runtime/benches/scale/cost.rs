//! CPU time per span, less that of the same program bare, measured in turns so that drift hits all alike.

/// A program at one scale.
pub(crate) struct Row {
    pub(crate) scale: usize,
    /// That the traced program makes.
    pub(crate) spans: u64,
    /// CPU nanoseconds of the program bare and traced.
    pub(crate) bare: Box<dyn Fn() -> u64>,
    pub(crate) traced: Box<dyn Fn() -> u64>,
}

/// Nanoseconds a span.
struct Sample {
    bare: f64,
    traced: f64,
}

impl Sample {
    fn cost(&self) -> f64 {
        self.traced - self.bare
    }
}

/// Fills and prints the table; what a span costs in the last row by what it costs in the first.
pub(crate) fn measure(title: &str, rows: &[Row], rounds: usize) -> f64 {
    // Whatever happens once happens here.
    for row in rows {
        row.sample();
    }
    let rounds: Vec<Vec<Sample>> = (0..rounds)
        .map(|_| rows.iter().map(Row::sample).collect())
        .collect();
    println!(
        "\n{title:<16}{:>10}{:>10}{:>10}{:>10}   ns of CPU a span",
        "bare", "traced", "cost", "x first"
    );
    let mut last = 1.0;
    for (i, row) in rows.iter().enumerate() {
        let of = |f: &dyn Fn(&[Sample]) -> f64| median(rounds.iter().map(|r| f(r)).collect());
        // Within a round: what slows it down slows both.
        last = of(&|round| round[i].cost() / round[0].cost());
        println!(
            "{:<16}{:>10.1}{:>10.1}{:>10.1}{last:>10.2}",
            row.scale,
            of(&|round| round[i].bare),
            of(&|round| round[i].traced),
            of(&|round| round[i].cost()),
        );
    }
    last
}

impl Row {
    fn sample(&self) -> Sample {
        Sample {
            bare: (self.bare)() as f64 / self.spans as f64,
            traced: (self.traced)() as f64 / self.spans as f64,
        }
    }
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// CPU nanoseconds that `program` takes in this process.
pub(crate) fn cpu_of(program: impl FnOnce()) -> u64 {
    let before = cpu_ns();
    program();
    cpu_ns() - before
}

/// CPU time of all threads so far.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[allow(unsafe_code, reason = "the standard library does not offer it")]
pub(crate) fn cpu_ns() -> u64 {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: &mut [i64; 2]) -> i32;
    }
    let mut time = [0; 2];
    // SAFETY: it writes a `timespec`, which on this target is two `i64`.
    let result = unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0);
    time[0] as u64 * 1_000_000_000 + time[1] as u64
}

/// Wall clock time where the system does not say.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn cpu_ns() -> u64 {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_nanos() as u64
}
