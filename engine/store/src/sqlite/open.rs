//! Opening: lock, checks, migrations, connections.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::commit::Writer;
use super::{Shared, SqliteStore};
use crate::lock::Lock;
use crate::number::Numbers;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Stands in the header of our files, see the first migration.
const APPLICATION_ID: u32 = 1_280_266_064;

/// Readers; SQLite reads on the threads of its connections.
const READERS: u32 = 4;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the database {} is in use by {}", path.display(), holder(*.pid))]
    InUse {
        /// The database.
        path: PathBuf,
        /// Who, where that could be read.
        pid: Option<u32>,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is a file of something else.
    #[error("{} is not a database of Loopline; choose another file", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// It is ours and cannot be read.
    #[error("the database {} is damaged ({detail}); restore it from a backup", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// It was written by a later version.
    #[error(
        "the database {} was written by a newer version of Loopline (its schema is {found}); use that version",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Number of the migration that is not known here.
        found: i64,
    },
    /// Anything else the database refuses.
    #[error("the database {} cannot be opened: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) if pid == std::process::id() => format!("this process ({pid})"),
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

impl SqliteStore {
    /// Opens the database, and creates it where there is none. The folder must exist.
    ///
    /// A second process is refused as long as this store or a clone of it is open.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let lock = Lock::take(path)?;
        let existed = check_header(path)?;

        let options = options(path);
        let refused = |source: sqlx::Error| refused(path, source);

        let mut connection = options.connect().await.map_err(refused)?;
        MIGRATIONS.run(&mut connection).await.map_err(|error| migration_refused(path, error))?;
        // The first page says how long the file must be; a count touches every table's root and finds a torn file.
        for table in
            ["definitions", "runs", "events", "attempts", "timers", "slots", "requests", "secrets", "tokens", "audit"]
        {
            let sql = sqlx::AssertSqlSafe(format!("SELECT 1 FROM {table} LIMIT 1"));
            sqlx::query(sql).fetch_optional(&mut connection).await.map_err(refused)?;
        }
        connection.clear_cached_statements().await.map_err(refused)?;
        if !existed {
            sync_folder(path)?;
        }

        Ok(Self::over(connection, options.create_if_missing(false), Some(lock)))
    }

    /// Opens an existing database to look at it, also while another process drives it. Every commit is refused.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if !check_header(path)? {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is no database");
            return Err(OpenError::File { path: path.to_owned(), source });
        }
        let options = options(path).create_if_missing(false).read_only(true);
        let connection = options.connect().await.map_err(|source| refused(path, source))?;
        Ok(Self::over(connection, options, None))
    }

    fn over(connection: SqliteConnection, options: SqliteConnectOptions, lock: Option<Lock>) -> Self {
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().read_only(true));
        let writer = Writer::new(connection, options);
        Self { shared: Arc::new(Shared { writer, readers, numbers: Numbers::default(), _lock: lock }) }
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Where the system has a stronger flush than fsync, that one is meant.
        .pragma("fullfsync", "1")
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(256)
        .thread_name(|n| format!("sqlite-{n}"))
        .disable_statement_logging()
}

/// Whether the file exists and holds something, and that it is a database of ours if it does.
///
/// Read by hand, before SQLite may touch (and with WAL even change) a file of somebody else.
fn check_header(path: &Path) -> Result<bool, OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    if length == 0 {
        return Ok(false);
    }
    let mut header = [0; 100];
    if let Err(error) = file.read_exact(&mut header) {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Err(OpenError::NotOurs { path: path.to_owned() }),
            _ => Err(failed(error)),
        };
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // Right after its creation the number may still stand in the write-ahead log alone, and the file holds one page.
    let ours = number(68) == APPLICATION_ID || (number(68) == 0 && number(28) <= 1);
    if &header[..16] == b"SQLite format 3\0" && ours {
        Ok(true)
    } else {
        Err(OpenError::NotOurs { path: path.to_owned() })
    }
}

/// SQLite makes its own writes durable, but not the name of a file it creates.
fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| OpenError::File { path: folder.to_owned(), source })
}

fn refused(path: &Path, source: sqlx::Error) -> OpenError {
    let path = path.to_owned();
    if super::rows::is_damage(&source) {
        OpenError::Damaged { path, detail: source.to_string() }
    } else {
        OpenError::Database { path, source }
    }
}

fn migration_refused(path: &Path, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(found) => OpenError::Newer { path: path.to_owned(), found },
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => refused(path, source),
        other => OpenError::Damaged { path: path.to_owned(), detail: other.to_string() },
    }
}
