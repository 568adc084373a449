//! A tiny server on this machine that answers as a test tells it, and remembers what it was asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What the server does.
pub enum Reply {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and nothing more, for ever.
    Half(Vec<u8>),
    /// A body without an end.
    Endless,
    /// Nothing, for ever.
    Silence,
}

pub struct Server {
    pub address: SocketAddr,
    pub seen: mpsc::UnboundedReceiver<Seen>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer).await
    }

    pub async fn start_at(address: &str, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(address, answer, |stream| async { Some(stream) }).await
    }

    /// One that speaks TLS.
    pub async fn start_tls(config: ServerConfig, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accept = move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await.ok() }
        };
        Self::listen("127.0.0.1:0", answer, accept).await
    }

    async fn listen<S, A>(
        address: &str,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
        accept: impl Fn(TcpStream) -> A + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
        A: Future<Output = Option<S>> + Send,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = mpsc::unbounded_channel();
        let (answer, accept) = (Arc::new(answer), Arc::new(accept));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, accept, sender) = (answer.clone(), accept.clone(), sender.clone());
                tokio::spawn(async move { serve(accept(stream).await?, answer.as_ref(), &sender).await });
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn next(&mut self) -> Seen {
        tokio::time::timeout(crate::bench::PATIENCE, self.seen.recv()).await.expect("a request comes").unwrap()
    }
}

/// How a client begins that wants TLS, which this server does not speak.
const TLS_HELLO: u8 = 0x16;

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: impl Fn(&Seen) -> Reply,
    seen: &mpsc::UnboundedSender<Seen>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let head_end = loop {
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
        if bytes[0] == TLS_HELLO {
            return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let size: usize = headers.get("content-length").map_or(0, |size| size.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < size {
        stream.read_buf(&mut body).await.ok().filter(|read| *read > 0)?;
    }
    let request = Seen {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        headers,
        body: String::from_utf8(body).ok()?,
    };
    let reply = answer(&request);
    let _ = seen.send(request);
    match reply {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.shutdown().await.ok()
        }
        Reply::Half(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.flush().await.ok()?;
            std::future::pending().await
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.ok()?;
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            loop {
                stream.write_all(chunk.as_bytes()).await.ok()?;
            }
        }
        Reply::Silence => std::future::pending().await,
    }
}

/// An answer with this status line, these headers, and this body.
pub fn reply(status: &str, headers: &[&str], body: &str) -> Reply {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let size = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {size}\r\nConnection: close\r\n\r\n");
    Reply::Bytes([head.as_bytes(), body.as_bytes()].concat())
}
