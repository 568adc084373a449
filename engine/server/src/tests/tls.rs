//! The server speaks TLS itself, and nobody who is slow keeps others from being answered.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Tls, listen, serve};

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_answered_by_tls_alone() {
    // Somebody else in the process may have chosen first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = house().await;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    assert!(Tls::of(&key, &certificate).is_err() && Tls::of(&folder.path().join("none"), &key).is_err());

    let listening = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listening.address;
    let stop = CancellationToken::new();
    let tls = Tls::of(&certificate, &key).unwrap();
    let (parts, config) = (house.app.parts().clone(), house.app.config().clone());
    let server = tokio::spawn(serve(listening, Some(tls), parts, config, stop.clone()));
    // Says nothing, and is not waited for.
    let _silent = TcpStream::connect(address).await.unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // Some ends come without a farewell.
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("200"), "{answer:?}");
    stop.cancel();
    server.await.unwrap();
}
