//! Requests over TLS, with certificates that are made here.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loopline_core::command::AttemptSpec;
use loopline_core::graph::Tls;
use loopline_core::outcome::FailureKind;
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::bench::Bench;
use crate::request::request;
use crate::server::{Server, reply};

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Two of one name would be taken for one that signs wrongly.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap(), key)
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// A server for 127.0.0.1; with `clients`, it answers those alone whom that authority knows.
    fn server(&self, clients: Option<&Self>) -> ServerConfig {
        let (certificate, key) = self.sign("127.0.0.1");
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = ServerConfig::builder();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(authority.0.as_ref().der().to_vec())).unwrap();
                builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
            }
        };
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

/// A bench whose workspace has these files.
fn bench(files: &[(&str, &str)]) -> Bench {
    let bench = Bench::new();
    for (name, text) in files {
        let path = workspace(&bench).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    bench
}

fn workspace(bench: &Bench) -> std::path::PathBuf {
    bench.folder.path().join("workspace")
}

fn get(server: &Server, tls: Tls) -> AttemptSpec {
    request("GET", format!("https://{}/", server.address), |work| work.tls = Some(tls))
}

fn ca(name: &str) -> Tls {
    Tls { ca: Some(name.to_owned()), ..Tls::default() }
}

#[tokio::test]
async fn a_server_is_trusted_by_the_authority_that_the_step_names() {
    let (ours, others) = (Authority::new(), Authority::new());
    let server = Server::start_tls(ours.server(None), |_| reply("200 OK", &[], "in")).await;
    let mut bench = bench(&[
        ("certs/ours.pem", &ours.pem()),
        ("certs/both.pem", &(others.pem() + &ours.pem())),
        ("others.pem", &others.pem()),
    ]);
    for name in ["certs/ours.pem", "certs/both.pem"] {
        let answer = bench.succeed(get(&server, ca(name))).await.response.unwrap();
        assert_eq!(answer.body.as_deref(), Some("in"), "{name}");
    }
    for tls in [ca("others.pem"), Tls::default()] {
        let (error, _) = bench.fail(get(&server, tls), FailureKind::Connection).await;
        assert!(
            error.message.contains("TLS with 127.0.0.1") && error.message.contains("UnknownIssuer"),
            "{}",
            error.message
        );
    }
}

#[tokio::test]
async fn a_name_must_be_that_of_the_certificate() {
    let ours = Authority::new();
    let server = Server::start_tls(ours.server(None), |_| reply("200 OK", &[], "")).await;
    let mut bench = bench(&[("ours.pem", &ours.pem())]);
    let url = format!("https://localhost:{}/", server.address.port());
    let (error, _) =
        bench.fail(request("GET", url, |work| work.tls = Some(ca("ours.pem"))), FailureKind::Connection).await;
    assert!(
        error.message.contains("TLS with localhost") && error.message.contains("not valid for name"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn any_certificate_is_taken_only_where_the_step_says_so_and_the_log_tells() {
    let server = Server::start_tls(Authority::new().server(None), |_| reply("200 OK", &[], "")).await;
    let mut bench = Bench::new();
    let spec = get(&server, Tls { insecure: true, ..Tls::default() });
    let id = spec.id.clone();
    bench.succeed(spec).await;
    let lines = bench.lines(&id).await;
    assert!(lines.len() == 2 && lines[0].starts_with("# `tls.insecure`: any certificate is taken"), "{lines:?}");
    bench.fail(get(&server, Tls::default()), FailureKind::Connection).await;
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (ours, of_clients) = (Authority::new(), Authority::new());
    let server = Server::start_tls(ours.server(Some(&of_clients)), |_| reply("200 OK", &[], "known")).await;
    let (certificate, key) = of_clients.sign("client");
    let (foreign, foreign_key) = ours.sign("client");
    let both = certificate.pem() + &key.serialize_pem();
    let mut bench = bench(&[
        ("ca.pem", &ours.pem()),
        ("client.pem", &certificate.pem()),
        ("client.key", &key.serialize_pem()),
        ("both.pem", &both),
        ("foreign.pem", &foreign.pem()),
        ("foreign.key", &foreign_key.serialize_pem()),
    ]);
    let with = |cert: &str, key: &str| Tls { cert: Some(cert.into()), key: Some(key.into()), ..ca("ca.pem") };
    for tls in [with("client.pem", "client.key"), with("both.pem", "both.pem")] {
        let answer = bench.succeed(get(&server, tls)).await.response.unwrap();
        assert_eq!(answer.body.as_deref(), Some("known"));
    }
    for tls in [ca("ca.pem"), with("foreign.pem", "foreign.key")] {
        bench.fail(get(&server, tls), FailureKind::Connection).await;
    }
    let (error, _) = bench.fail(get(&server, with("client.pem", "foreign.key")), FailureKind::Connection).await;
    assert!(error.message.contains("cannot be used together"), "{}", error.message);
}

#[tokio::test]
async fn another_origin_is_shown_no_certificate() {
    let (ours, of_clients) = (Authority::new(), Authority::new());
    let closed = Server::start_tls(ours.server(Some(&of_clients)), |_| reply("200 OK", &[], "")).await;
    let target = format!("Location: https://{}/", closed.address);
    let first =
        Server::start_tls(ours.server(Some(&of_clients)), move |_| reply("307 Temporary Redirect", &[&target], ""))
            .await;
    let (certificate, key) = of_clients.sign("client");
    let mut bench = bench(&[("ca.pem", &ours.pem()), ("c.pem", &certificate.pem()), ("c.key", &key.serialize_pem())]);
    let tls = Tls { cert: Some("c.pem".into()), key: Some("c.key".into()), ..ca("ca.pem") };
    bench.succeed(get(&closed, tls.clone())).await;
    let (error, _) = bench.fail(get(&first, tls), FailureKind::Connection).await;
    assert!(error.message.contains(&closed.address.to_string()), "{}", error.message);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_the_reason() {
    let server = Server::start_tls(Authority::new().server(None), |_| reply("200 OK", &[], "")).await;
    let ours = Authority::new();
    let mut bench = bench(&[
        ("ours.pem", &ours.pem()),
        ("text.pem", "no certificate"),
        ("dir/x", ""),
        ("secret/ca.pem", &ours.pem()),
    ]);
    let outside = bench.folder.path().join("outside.pem");
    std::fs::write(&outside, ours.pem()).unwrap();
    std::os::unix::fs::symlink(&outside, workspace(&bench).join("link.pem")).unwrap();
    std::os::unix::fs::symlink("ours.pem", workspace(&bench).join("inside.pem")).unwrap();
    make_pipe(&workspace(&bench).join("pipe"));
    std::fs::write(workspace(&bench).join("large.pem"), vec![b'x'; 4 * 1024 * 1024 + 1]).unwrap();
    let cert = |cert: &str, key: &str| Tls { cert: Some(cert.into()), key: Some(key.into()), ..Tls::default() };
    for (tls, message) in [
        (ca("none.pem"), "`http.tls.ca`: the file `none.pem` cannot be used: there is no such file in the workspace"),
        (ca("text.pem"), "`http.tls.ca`: the file `text.pem` cannot be used: it holds no certificate"),
        (ca("dir"), "`http.tls.ca`: the file `dir` cannot be used: it is not a plain file"),
        (ca("pipe"), "`http.tls.ca`: the file `pipe` cannot be used: it is not a plain file"),
        (ca("link.pem"), "`http.tls.ca`: the file `link.pem` cannot be used: it lies outside the workspace"),
        (
            ca("../outside.pem"),
            "`http.tls.ca`: the file `../outside.pem` cannot be used: it lies outside the workspace",
        ),
        (ca("large.pem"), "`http.tls.ca`: the file `large.pem` cannot be used: it is larger than 4 MiB"),
        (cert("text.pem", "ours.pem"), "`http.tls.cert`: the file `text.pem` cannot be used: it holds no certificate"),
        (cert("ours.pem", "text.pem"), "`http.tls.key`: the file `text.pem` cannot be used"),
    ] {
        let (error, _) = bench.fail(get(&server, tls), FailureKind::Connection).await;
        assert!(error.message.starts_with(message), "{} should say {message}", error.message);
    }
    let (error, _) = bench.fail(get(&server, ca("inside.pem")), FailureKind::Connection).await;
    assert!(error.message.contains("UnknownIssuer"), "a link inside is followed: {}", error.message);
}

fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}
