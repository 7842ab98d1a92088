//! Paths as other programs want them: from the top of the project, with `/`, and as URIs.
//!
//! The top is the folder that netverify was started in. Knows nothing of reports; the renderers of
//! this folder call it.

use std::path::{Component, Path, PathBuf};

/// A path for readers outside netverify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Artifact {
    /// Below the top: `specs/rag.toml`.
    Inside(String),
    /// Anywhere else, absolute where the user wrote it so.
    Outside(String),
}

/// What others call the file that the user named `name`.
pub(super) fn artifact(name: &str, top: &Path) -> Artifact {
    let path = Path::new(name);
    let below = match path.strip_prefix(top) {
        Ok(below) => below,
        Err(_) if path.is_absolute() => return Artifact::Outside(with_slashes(path)),
        Err(_) => path,
    };
    match without_dots(below) {
        Some(plain) => Artifact::Inside(with_slashes(&plain)),
        None => Artifact::Outside(with_slashes(below)),
    }
}

impl Artifact {
    /// The path, unescaped.
    pub(super) fn path(&self) -> &str {
        match self {
            Artifact::Inside(path) | Artifact::Outside(path) => path,
        }
    }

    /// The path as a URI reference (RFC 3986): relative, but for an absolute path.
    pub(super) fn uri(&self) -> String {
        let segments: Vec<String> = self.path().split('/').map(segment).collect();
        let scheme = match self {
            Artifact::Outside(path) if path.starts_with('/') => "file://",
            Artifact::Outside(path) if Path::new(path).is_absolute() => "file:///",
            Artifact::Outside(_) | Artifact::Inside(_) => "",
        };
        format!("{scheme}{}", segments.join("/"))
    }
}

/// The path without `.` and `..`; `None` where it leads out of its beginning.
fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.pop() => {}
            Component::Normal(name) => plain.push(name),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

fn with_slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// One segment of a URI: unreserved characters stay, every other byte is written as `%XX`. A colon in
/// the first segment of a relative reference would be taken for the end of a scheme.
fn segment(text: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(name: &str) -> String {
        artifact(name, Path::new("/repo")).uri()
    }

    #[test]
    fn paths_below_the_top_are_relative_and_plain() {
        assert_eq!(uri("specs/rag.toml"), "specs/rag.toml");
        assert_eq!(uri("./specs/../k8s/a.yaml"), "k8s/a.yaml");
        assert_eq!(uri("/repo/k8s/a.yaml"), "k8s/a.yaml");
    }

    #[test]
    fn paths_outside_stay_where_they_are() {
        assert_eq!(uri("../other/a.yaml"), "../other/a.yaml");
        assert_eq!(uri("/tmp/a b.yaml"), "file:///tmp/a%20b.yaml");
        assert_eq!(artifact("a/../../b", Path::new("/repo")), Artifact::Outside("a/../../b".to_owned()));
    }

    #[test]
    fn what_a_uri_cannot_hold_is_escaped() {
        assert_eq!(uri("k8s/ä #1?.yaml"), "k8s/%C3%A4%20%231%3F.yaml");
        assert_eq!(uri("c:d/100%.yaml"), "c%3Ad/100%25.yaml");
    }
}
