//! A small HTTP load: a few connections that each send one request after the other. It does as little as it can,
//! because it shares the machine's cores with the server that it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a run of load saw.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Requests a second over all connections.
    pub per_second: u64,
    /// The slowest of the fastest 99 %, in microseconds.
    pub p99_micros: u64,
    /// Answers that were not 200.
    pub failures: u64,
}

/// A GET with the given extra header lines, each ending in CRLF.
#[must_use]
pub fn get(path: &str, extra: &str) -> Arc<Vec<u8>> {
    Arc::new(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}\r\n").into_bytes())
}

/// Sends the same request over `connections` for `time`.
///
/// # Errors
/// When a connection breaks.
pub async fn run(address: SocketAddr, request: Arc<Vec<u8>>, connections: usize, time: Duration) -> std::io::Result<Measured> {
    let ends = Instant::now() + time;
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(one_connection(address, Arc::clone(&request), ends))).collect();
    let (mut latencies, mut failures) = (Vec::new(), 0);
    for task in tasks {
        let (own, failed) = task.await.map_err(std::io::Error::other)??;
        latencies.extend(own);
        failures += failed;
    }
    latencies.sort_unstable();
    let count = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
    let millis = u64::try_from(time.as_millis()).unwrap_or(1).max(1);
    let p99_micros = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Measured { per_second: count * 1000 / millis, p99_micros, failures })
}

async fn one_connection(address: SocketAddr, request: Arc<Vec<u8>>, ends: Instant) -> std::io::Result<(Vec<u64>, u64)> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (mut latencies, mut failures, mut buffer) = (Vec::new(), 0, Vec::with_capacity(64 * 1024));
    while Instant::now() < ends {
        let sent = Instant::now();
        socket.write_all(&request).await?;
        if !read_answer(&mut socket, &mut buffer).await? {
            failures += 1;
        }
        latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok((latencies, failures))
}

/// Reads one answer with a Content-Length; whether it was a 200.
pub(super) async fn read_answer(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    buffer.clear();
    let head_ends = loop {
        if socket.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(place) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break place + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_ends]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|length| length.trim().parse::<usize>().ok());
    let length = length.ok_or_else(|| std::io::Error::other("an answer without a length"))?;
    let good = head.starts_with("http/1.1 200");
    while buffer.len() < head_ends + length {
        if socket.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(good)
}
