//! Files that a run writes: each one whole or not at all.
//!
//! A file is written under another name in its own folder, then renamed, so that no reader and no
//! crash ever meets half of it. Only the commands call this module.

use std::io::{Error as IoError, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// What is at the end of a path.
enum Target {
    /// A regular file, or nothing yet: the path with its links followed.
    File(PathBuf),
    /// A pipe or device: it is written to as it stands.
    Stream,
}

/// Whether the file could be written, tried before there is anything to write. Leaves nothing behind.
///
/// # Errors
/// [`Error::Write`] where it could not.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let beside = || match target(path)? {
        Target::File(file) => beside(&file).map(drop),
        Target::Stream => Ok(()),
    };
    beside().map_err(failed(path))
}

/// Writes all files. Where one cannot be written, none is replaced, unless it is the renaming itself that
/// fails half-way.
///
/// # Errors
/// [`Error::Write`] for the first that could not be written.
pub(super) fn write_all(files: &[(PathBuf, String)]) -> Result<(), Error> {
    let mut written = Vec::new();
    for (path, text) in files {
        written.push((path, prepare(path, text).map_err(failed(path))?));
    }
    for (path, prepared) in written {
        let Some((temporary, file)) = prepared else { continue };
        temporary.persist(file).map_err(|error| failed(path)(error.error))?;
    }
    Ok(())
}

/// Whether a regular file is there already, which writing would replace.
pub(super) fn is_taken(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file())
}

/// The path under which a file is known to the system, to tell whether two are one.
pub(super) fn identity(path: &Path) -> PathBuf {
    let parent = folder(path).canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default()));
    path.canonicalize().or(parent).unwrap_or_else(|_| path.to_owned())
}

fn failed(path: &Path) -> impl Fn(IoError) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path: path.clone(), source }
}

/// The text beside its place, and the place; `None` where it is written already.
fn prepare(path: &Path, text: &str) -> Result<Option<(NamedTempFile, PathBuf)>, IoError> {
    match target(path)? {
        Target::Stream => stream(path, text).map(|()| None),
        Target::File(file) => {
            let mut temporary = beside(&file)?;
            temporary.write_all(text.as_bytes())?;
            temporary.flush()?;
            Ok(Some((temporary, file)))
        }
    }
}

fn stream(path: &Path, text: &str) -> Result<(), IoError> {
    match std::fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes()) {
        // A reader that has gone away wants no more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn target(path: &Path) -> Result<Target, IoError> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(IoError::new(ErrorKind::IsADirectory, "it is a folder")),
        Ok(meta) if meta.is_file() && meta.permissions().readonly() => {
            Err(IoError::new(ErrorKind::PermissionDenied, "it is read-only"))
        }
        Ok(meta) if meta.is_file() => path.canonicalize().map(Target::File),
        Ok(_) => Ok(Target::Stream),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Target::File(path.to_owned())),
        Err(error) => Err(error),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file in the same folder, with the permissions that the file itself has or would get.
fn beside(file: &Path) -> Result<NamedTempFile, IoError> {
    let folder = folder(file);
    if !folder.is_dir() {
        return Err(IoError::new(ErrorKind::NotFound, format!("there is no folder {}", folder.display())));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".netverify-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(folder)?;
    if let Ok(meta) = std::fs::metadata(file) {
        temporary.as_file().set_permissions(meta.permissions())?;
    }
    Ok(temporary)
}
