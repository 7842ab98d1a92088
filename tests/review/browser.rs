//! A page looked at in a headless chromium: what it shows, what the console says, what axe-core finds, and its PDF.
//!
//! `scripts/browser.sh` gets the browser and axe-core. Where one is not there a test says so and is skipped, unless
//! `NETVERIFY_BROWSER=required`, as `.ci/run` has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::here::Here;

/// One way to look at a page.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// In CSS pixels.
    pub width: u16,
    pub is_dark: bool,
}

/// A desk and a phone, by day and by night.
pub fn views() -> impl Iterator<Item = View> {
    [1280, 390].into_iter().flat_map(|width| [false, true].map(|is_dark| View { width, is_dark }))
}

/// A browser; `None` where there is none and none is required.
pub fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // The same names as in scripts/browser.sh.
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    found(all.find(|path| path.is_file()), "chromium")
}

/// The text of axe-core; `None` where it was not fetched and is not required.
pub fn axe() -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    found(std::fs::read_to_string(target.join("browser/axe.min.js")).ok(), "axe-core")
}

fn found<T>(thing: Option<T>, name: &str) -> Option<T> {
    if thing.is_none() {
        let is_required = std::env::var_os("NETVERIFY_BROWSER").is_some_and(|value| value == "required");
        assert!(!is_required, "there is no {name} here, and NETVERIFY_BROWSER=required: scripts/browser.sh gets it");
        println!("skipped: there is no {name} here, so the review was not looked at; scripts/browser.sh gets it");
    }
    thing
}

fn command(browser: &Path, profile: &Path) -> Command {
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=20000"])
        .arg(format!("--user-data-dir={}", profile.display()));
    command
}

/// What is said of a page of this folder: the document that is left when its scripts are done, and the console.
/// What the page's own scripts post to their parent is the last part of the document.
pub fn look(browser: &Path, here: &Here, view: View, file: &str) -> String {
    // A window is never narrower than 500 pixels, a frame is as narrow as wanted; it takes light and dark from around it.
    let frame = format!(
        "<!doctype html><meta charset=\"utf-8\"><style>:root {{ color-scheme: light dark }}</style><title>frame</title>\
         <iframe style=\"border: 0\" width=\"{}\" height=\"900\" src=\"{file}\"></iframe>\
         <script>addEventListener('message', event => document.body.append(event.data))</script>",
        view.width
    );
    std::fs::write(here.path("frame.html"), frame).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let output = command(browser, profile.path())
        .args(["--dump-dom", "--window-size=1400,1000"])
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!view.is_dark)))
        .arg(format!("file://{}", here.path("frame.html").display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// The page as it is printed: the bytes of the PDF.
pub fn print(browser: &Path, here: &Here, file: &str) -> Vec<u8> {
    let profile = tempfile::tempdir().unwrap();
    let output = command(browser, profile.path())
        .arg("--no-pdf-header-footer")
        .arg(format!("--print-to-pdf={}", here.path("printed.pdf").display()))
        .arg(format!("file://{}", here.path(file).display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("CONSOLE"), "{said}");
    std::fs::read(here.path("printed.pdf")).unwrap_or_else(|fault| panic!("{fault}: {said}"))
}
