//! `GET /metrics` on a server of its own: one thread, whatever runtime the application uses or blocks.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use self::connections::Limits;
use crate::export::SetupError;
use crate::recorder::reentrancy;

mod connections;
mod negotiate;
mod page;

/// How long answers under way may take when the server stops.
const LAST_ANSWERS: Duration = Duration::from_millis(150);
/// How long dropping the server may take.
const DROP_TIMEOUT: Duration = Duration::from_secs(1);

/// A running server. Dropping it stops it, within a second.
pub(crate) struct PrometheusServer {
    address: SocketAddr,
    /// Dropped to stop the server.
    stop: Option<oneshot::Sender<()>>,
    /// Disconnected when the server has stopped. Never locked: it makes the server one that threads may share.
    stopped: Mutex<mpsc::Receiver<()>>,
}

/// Where metrics are, unless said.
pub(crate) const PATH: &str = "/metrics";

/// Begins to serve the metrics at `address`, such as `127.0.0.1:9464`, and this path; port 0 takes any free one.
///
/// # Errors
///
/// The address is none, is in use, or cannot be used; or the system gave no thread. `setting` is where the user said it.
pub(crate) fn serve(
    address: &str,
    path: &str,
    setting: &'static str,
) -> Result<PrometheusServer, SetupError> {
    serve_within(address, path, setting, Limits::DEFAULT)
}

fn serve_within(
    address: &str,
    path: &str,
    setting: &'static str,
    limits: Limits,
) -> Result<PrometheusServer, SetupError> {
    start(address, path, limits).map_err(|error| SetupError {
        setting,
        value: address.to_owned(),
        problem: problem(&error),
    })
}

fn problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "cannot listen there: {error}; stop what uses the port, or choose another one (port 0 takes any free one)"
        ),
        io::ErrorKind::InvalidInput => {
            format!("cannot listen there: {error}; expected `HOST:PORT`, such as `127.0.0.1:9464`")
        }
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::PermissionDenied => format!(
            "cannot listen there: {error}; choose an address of this machine and a port that this user may use, such as `127.0.0.1:9464`"
        ),
        _ => format!("cannot serve metrics there: {error}"),
    }
}

fn start(address: &str, path: &str, limits: Limits) -> io::Result<PrometheusServer> {
    let path = path.into();
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    // Whatever can fail fails here, so that `init` can tell.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let (stop, stop_asked) = oneshot::channel::<()>();
    let (running, stopped) = mpsc::channel();
    std::thread::Builder::new()
        .name("tracer-metrics".into())
        .spawn(move || {
            reentrancy::silence_thread();
            runtime.block_on(run(listener, path, stop_asked, limits));
            // Closes the sockets, so they are closed when the thread is seen to end.
            drop(runtime);
            drop(running);
        })?;
    Ok(PrometheusServer {
        address,
        stop: Some(stop),
        stopped: Mutex::new(stopped),
    })
}

async fn run(
    listener: tokio::net::TcpListener,
    path: Arc<str>,
    stop_asked: oneshot::Receiver<()>,
    limits: Limits,
) {
    let (stop, stopping) = watch::channel(());
    let accepting = tokio::spawn(connections::accept(listener, path, stopping, limits));
    // An error: the server has been dropped, which asks for the same.
    let _ = stop_asked.await;
    accepting.abort();
    let _ = accepting.await;
    let _ = stop.send(());
    let _ = timeout(LAST_ANSWERS, stop.closed()).await;
}

impl PrometheusServer {
    /// Where it listens; the port is the real one.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, without waiting for the answers under way; dropping it does.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for PrometheusServer {
    fn drop(&mut self) {
        self.begin_stop();
        if let Ok(stopped) = self.stopped.get_mut() {
            let _ = stopped.recv_timeout(DROP_TIMEOUT);
        }
    }
}

impl fmt::Debug for PrometheusServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
