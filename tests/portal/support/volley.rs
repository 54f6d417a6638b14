//! Many requests at the same instant: each is sent but for its last byte, and the last bytes go out together.

use super::browser::Browser;
use super::form::{Submission, Typed, submission};
use super::page::Page;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

/// One answer of a volley.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 when there was none: the server was away or went away.
    pub status: u16,
    /// Where it leads; empty when it does not.
    pub location: String,
    pub body: String,
}

/// The form that a browser is about to send, as bytes for a socket.
#[derive(Clone)]
pub struct Shot {
    form: Submission,
    cookies: String,
}

impl Shot {
    /// What pressing this button of the open page would send, with these boxes ticked.
    pub fn of(browser: &Browser, button: &str, ticked: &[&str]) -> Self {
        let page = browser.page();
        let typed: BTreeMap<String, Typed> = ticked.iter().map(|id| ((*id).to_owned(), Typed::On)).collect();
        let form = submission(&page.document(), button, &typed).unwrap_or_else(|| panic!("no button {button:?} in {page:?}"));
        Self { form, cookies: browser.cookies.header() }
    }

    fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let body = serde_urlencoded::to_string(&self.form.fields).expect("fields that can be encoded");
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.form.action,
            self.cookies,
            body.len()
        );
        format!("{head}{body}").into_bytes()
    }
}

/// Sends `count` shots, taken in turn, to the servers, taken in turn, all at once.
pub async fn fire(servers: &[SocketAddr], shots: &[Shot], count: usize) -> Vec<Answer> {
    let together = Arc::new(Barrier::new(count));
    let flying = (0..count).map(|number| {
        let server = servers[number % servers.len()];
        let bytes = shots[number / servers.len() % shots.len()].bytes(server);
        tokio::spawn(one(server, bytes, Arc::clone(&together)))
    });
    let answers = futures_util::future::join_all(flying.collect::<Vec<_>>()).await;
    answers.into_iter().map(|answer| answer.expect("a shot that lands")).collect()
}

async fn one(server: SocketAddr, bytes: Vec<u8>, together: Arc<Barrier>) -> Answer {
    let (last, first) = bytes.split_last().expect("a request");
    let connected = async {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.write_all(first).await.map(|()| stream)
    };
    let connected = connected.await;
    together.wait().await;
    let mut raw = Vec::new();
    if let Ok(mut stream) = connected
        && stream.write_all(&[*last]).await.is_ok()
    {
        stream.read_to_end(&mut raw).await.ok();
    }
    parse(&String::from_utf8_lossy(&raw))
}

fn parse(raw: &str) -> Answer {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let status = head.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    let header = head.lines().find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("location")));
    Answer { status, location: header.map(|(_, value)| value.trim().to_owned()).unwrap_or_default(), body: body.to_owned() }
}

impl Answer {
    /// Follows where the answer leads, as the browser that sent it.
    pub async fn follow(&self, browser: &mut Browser) -> Page {
        browser.open(&self.location).await.clone()
    }
}
