//! A small HTTP client: single requests to find the way in, and a load of a few connections that each send one request
//! after the other. It does as little as it can, because it shares the machine's cores with what it measures.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// What a run of load saw.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Requests a second over all connections.
    pub per_second: u64,
    /// The slowest of the fastest 99 %, in microseconds.
    pub p99_micros: u64,
    /// Answers that were not 200.
    pub failures: u64,
}

impl Measured {
    /// Mean time from one request to the next on a load of one connection, in microseconds.
    #[must_use]
    pub fn mean_micros(&self) -> u64 {
        1_000_000 / self.per_second.max(1)
    }
}

/// A GET with the given extra header lines, each ending in CRLF.
#[must_use]
pub fn get(path: &str, extra: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}\r\n").into_bytes()
}

/// A form with the given extra header lines, each ending in CRLF.
#[must_use]
pub fn post(path: &str, extra: &str, form: &str) -> Vec<u8> {
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}{kind}\r\nContent-Length: {}\r\n\r\n{form}", form.len()).into_bytes()
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status line and headers.
    pub head: String,
    /// Everything after them.
    pub body: String,
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// When the connection breaks.
pub async fn ask(address: SocketAddr, request: &[u8]) -> std::io::Result<Answer> {
    let mut socket = TcpStream::connect(address).await?;
    let mut buffer = Vec::new();
    socket.write_all(request).await?;
    let head_ends = read_answer(&mut socket, &mut buffer).await?;
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    Ok(Answer { head: text(&buffer[..head_ends]), body: text(&buffer[head_ends..]) })
}

/// Sends the same request over `connections` for `time`.
///
/// # Errors
/// When a connection breaks.
pub async fn run(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> std::io::Result<Measured> {
    let started = Instant::now();
    let sender = |_| tokio::spawn(one_connection(address, request.to_vec(), started + time));
    together((0..connections).map(sender).collect(), started).await
}

/// What one connection saw: the time of each request in microseconds, and failures.
type Seen = (Vec<u64>, u64);

/// What all connections saw.
async fn together(senders: Vec<JoinHandle<std::io::Result<Seen>>>, started: Instant) -> std::io::Result<Measured> {
    let (mut latencies, mut failures) = (Vec::new(), 0);
    for sender in senders {
        let (own, failed) = sender.await.map_err(Error::other)??;
        latencies.extend(own);
        failures += failed;
    }
    let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
    latencies.sort_unstable();
    let count = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
    let p99_micros = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Measured { per_second: count.saturating_mul(1_000_000) / took, p99_micros, failures })
}

/// Sends another request each time: `next` makes it of the connection's number and its own.
///
/// # Errors
/// When a connection breaks.
pub async fn run_each<F>(address: SocketAddr, next: F, connections: usize, time: Duration) -> std::io::Result<Measured>
where
    F: Fn(usize, usize) -> Vec<u8> + Clone + Send + 'static,
{
    let started = Instant::now();
    let sender = |connection| tokio::spawn(one_connection_each(address, next.clone(), connection, started + time));
    together((0..connections).map(sender).collect(), started).await
}

/// A connection that is kept for one request after the other.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// The whole answer to a request.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn ask(&mut self, request: &[u8]) -> std::io::Result<&[u8]> {
        self.socket.write_all(request).await?;
        read_answer(&mut self.socket, &mut self.buffer).await?;
        Ok(&self.buffer)
    }
}

async fn one_connection(address: SocketAddr, request: Vec<u8>, ends: Instant) -> std::io::Result<Seen> {
    let mut connection = Connection::open(address).await?;
    let (mut latencies, mut failures) = (Vec::new(), 0);
    while Instant::now() < ends {
        let sent = Instant::now();
        if !connection.ask(&request).await?.starts_with(b"HTTP/1.1 200") {
            failures += 1;
        }
        latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok((latencies, failures))
}

async fn one_connection_each(
    address: SocketAddr,
    next: impl Fn(usize, usize) -> Vec<u8>,
    connection: usize,
    ends: Instant,
) -> std::io::Result<Seen> {
    let mut socket = Connection::open(address).await?;
    let (mut latencies, mut failures) = (Vec::new(), 0);
    while Instant::now() < ends {
        let request = next(connection, latencies.len());
        let sent = Instant::now();
        let answer = socket.ask(&request).await?;
        failures += u64::from(!answer.starts_with(b"HTTP/1.1 200"));
        if closes(answer) {
            socket = Connection::open(address).await?;
        }
        latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok((latencies, failures))
}

/// Reads one answer with a Content-Length; where its body begins.
async fn read_answer(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    buffer.clear();
    let head_ends = loop {
        if socket.read_buf(buffer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(place) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break place + 4;
        }
    };
    let length = content_length(&buffer[..head_ends]).ok_or_else(|| Error::other("an answer without a length"))?;
    while buffer.len() < head_ends + length {
        if socket.read_buf(buffer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head_ends)
}

/// Whether the server closes the connection after this answer.
fn closes(answer: &[u8]) -> bool {
    const LINE: &[u8] = b"connection: close";
    answer.split(|byte| *byte == b'\n').take_while(|line| line.len() > 1).any(|line| line.trim_ascii_end().eq_ignore_ascii_case(LINE))
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head.split(|byte| *byte == b'\n').find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_answer_is_read_in_any_case() {
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"), Some(42));
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\ncontent-length:7\r\n\r\n"), Some(7));
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), None);
        assert!(closes(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
        assert!(!closes(b"HTTP/1.1 200 OK\r\n\r\nconnection: close\r\n"));
    }
}
