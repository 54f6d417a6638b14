//! A vendor's webhook: keeps what is posted to it, and answers as it is told.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    pub headers: HeaderMap,
    pub body: Value,
}

/// Listens on a port of its own.
#[derive(Clone)]
pub struct Hook {
    pub address: String,
    status: Arc<AtomicU16>,
    posted: Arc<Mutex<Vec<Posted>>>,
    reached: Arc<Notify>,
}

/// Says nothing at all, and keeps the connection.
pub const SILENT: u16 = 0;

impl Hook {
    /// One that answers 200.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let hook = Self { address, status: Arc::new(AtomicU16::new(200)), posted: Arc::default(), reached: Arc::default() };
        let serving = hook.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let hook = serving.clone();
                tokio::spawn(async move { hook.serve(stream).await });
            }
        });
        hook
    }

    /// Answers this from now on.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What was posted since the last look.
    pub fn take(&self) -> Vec<Posted> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }

    /// Waits until so much was posted since the last look.
    pub async fn reached(&self, most: usize) {
        while self.posted.lock().unwrap().len() < most {
            self.reached.notified().await;
        }
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        let (head, length) = loop {
            let read = stream.read(&mut chunk).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let headers = headers_of(head);
                let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
                break (head.to_owned(), length);
            }
        };
        let from = head.len() + 4;
        while bytes.len() < from + length {
            let read = stream.read(&mut chunk).await.unwrap_or(0);
            bytes.extend_from_slice(&chunk[..read]);
        }
        assert!(head.starts_with("POST /hook "), "{head}");
        let body = serde_json::from_slice(&bytes[from..]).unwrap();
        self.posted.lock().unwrap().push(Posted { headers: headers_of(&head), body });
        self.reached.notify_one();
        match self.status.load(Ordering::SeqCst) {
            SILENT => std::future::pending().await,
            status => {
                let location = if status == 302 { "location: http://127.0.0.1:1/\r\n" } else { "" };
                let answer = format!("HTTP/1.1 {status} Said\r\n{location}content-length: 4\r\nconnection: close\r\n\r\nwhy\n");
                stream.write_all(answer.as_bytes()).await.ok();
            }
        }
    }
}

fn headers_of(head: &str) -> HeaderMap {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}
