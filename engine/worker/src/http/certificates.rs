//! `tls`: the certificates of one step, read from its workspace when the attempt starts.
//!
//! Reading and choosing is all that is done here; what a certificate is worth is decided by the TLS of the client.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use loopline_core::graph::Tls;
use loopline_core::outcome::{Failure, FailureKind};
use reqwest::{Certificate, ClientBuilder, Identity};

use super::failure::innermost;

/// No bundle of certificates is larger.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// What a step says of certificates, and what stands in its files.
pub(super) struct Certificates {
    ca: Option<Vec<Certificate>>,
    client: Option<Identity>,
    insecure: bool,
}

/// Who is asked: the certificate of the client is a credential, and another origin gets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The origin that the step names.
    Named,
    /// Another one, that an answer has redirected to.
    Elsewhere,
}

impl Certificates {
    /// Reads the files. Blocks.
    pub(super) fn read(workspace: &Path, tls: &Tls) -> Result<Self, Failure> {
        let ca = match &tls.ca {
            None => None,
            Some(name) => {
                let text = read(workspace, "ca", name)?;
                let found =
                    Certificate::from_pem_bundle(&text).map_err(|error| refused("ca", name, innermost(&error)))?;
                if found.is_empty() {
                    return Err(refused("ca", name, "it holds no certificate in the form PEM"));
                }
                Some(found)
            }
        };
        let client = match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => {
                let mut both = read(workspace, "cert", cert)?;
                if Certificate::from_pem_bundle(&both)
                    .map_err(|error| refused("cert", cert, innermost(&error)))?
                    .is_empty()
                {
                    return Err(refused("cert", cert, "it holds no certificate in the form PEM"));
                }
                both.push(b'\n');
                both.extend(read(workspace, "key", key)?);
                Some(Identity::from_pem(&both).map_err(|error| refused("key", key, innermost(&error)))?)
            }
            // The compiler asks for both.
            _ => None,
        };
        Ok(Self { ca, client, insecure: tls.insecure })
    }

    /// Another origin is spoken to in another way than the one that the step names.
    pub(super) fn tells_origins_apart(&self) -> bool {
        self.client.is_some()
    }

    /// What is to be said in the log.
    pub(super) fn warning(&self) -> Option<&'static str> {
        self.insecure.then_some(
            "`tls.insecure`: any certificate is taken, so whoever is on the way can read and change this request",
        )
    }

    /// A client that trusts, and shows itself, as the step says.
    pub(super) fn apply(&self, mut builder: ClientBuilder, asked: Asked) -> ClientBuilder {
        if let Some(ca) = &self.ca {
            builder = builder.tls_certs_only(ca.iter().cloned());
        }
        if let Some(client) = self.client.as_ref().filter(|_| asked == Asked::Named) {
            builder = builder.identity(client.clone());
        }
        builder.tls_danger_accept_invalid_certs(self.insecure)
    }
}

/// A file of the step that cannot be used, and why.
pub(super) fn refused(key: &str, name: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Connection, format!("`http.tls.{key}`: the file `{name}` cannot be used: {why}"))
}

fn read(workspace: &Path, key: &str, name: &str) -> Result<Vec<u8>, Failure> {
    let wanted = workspace.join(name);
    // A pipe that nobody writes to must not hold us.
    let opened = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&wanted);
    let file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => refused(key, name, "there is no such file in the workspace"),
        _ => refused(key, name, error),
    })?;
    // Where it really lies is asked of the open file, so that nothing can be put in its place in between.
    let path = real_path(&file, &wanted).map_err(|error| refused(key, name, error))?;
    if !path.starts_with(workspace) {
        return Err(refused(key, name, "it lies outside the workspace"));
    }
    let data = file.metadata().map_err(|error| refused(key, name, error))?;
    if !data.is_file() {
        return Err(refused(key, name, "it is not a plain file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| refused(key, name, error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(refused(key, name, "it is larger than 4 MiB"));
    }
    Ok(bytes)
}

fn real_path(file: &File, opened_as: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
    } else {
        opened_as.canonicalize()
    }
}
