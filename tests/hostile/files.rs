//! What is no plain file: links in a circle, pipes, devices, folders called like files, an endless
//! standard input. Permissions are not tried: the tests may run as root, whom nothing stops.

use std::os::unix::fs::symlink;

use super::*;

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

fn good() -> Here {
    Here::with("k/a.yaml", POLICY)
}

#[test]
fn links_in_a_circle_are_walked_once() {
    for target in [".", "..", "../k"] {
        let here = good();
        symlink(target, here.path("k/loop")).unwrap();
        here.ask("k").answered();
    }
    let here = good();
    symlink("self.yaml", here.path("k/self.yaml")).unwrap();
    here.ask("k").refused("cannot read k/self.yaml");
    here.ask("k/self.yaml").refused("cannot read k/self.yaml");
}

#[test]
fn a_folder_behind_many_links_is_read_once() {
    let here = good();
    // Two links a floor to the floor above: 2^30 ways through thirty folders.
    for floor in 0..30 {
        std::fs::create_dir_all(here.path(&format!("k/{floor}"))).unwrap();
        for name in ["a", "b"] {
            symlink(format!("../{}", floor + 1), here.path(&format!("k/{floor}/{name}"))).unwrap();
        }
    }
    std::fs::create_dir_all(here.path("k/30")).unwrap();
    here.write("k/30/b.yaml", POLICY.replace("name: p", "name: q"));
    let ran = here.run(&["prove", "--assert", "nothing outside shop can reach pods in shop", "-m", "k"]);
    ran.says("2 policies");
}

#[test]
fn a_link_to_nothing_is_named() {
    let here = good();
    symlink("gone.yaml", here.path("k/b.yaml")).unwrap();
    here.ask("k").refused("k/b.yaml is a link to something that is not there");
    here.ask("k/b.yaml").refused("there is no file or folder k/b.yaml");
}

#[test]
fn a_folder_called_like_a_file_is_a_folder() {
    let here = good();
    here.write("k/b.yaml/c.yaml", "wrong: 1\nkind: a\n");
    here.ask("k").refused("k/b.yaml/c.yaml");
    here.ask("k/b.yaml").refused("k/b.yaml/c.yaml");
    std::fs::create_dir(here.path("a.toml")).unwrap();
    here.run(&["prove", "a.toml"]).refused("a.toml is not a regular file");
}

#[test]
fn a_pipe_or_device_is_not_waited_for() {
    let here = good();
    pipe(&here.path("k/b.yaml"));
    pipe(&here.path("a.toml"));
    here.ask("k").refused("k/b.yaml is not a regular file");
    here.ask("k/b.yaml").refused("k/b.yaml is not a regular file");
    here.ask("k/*.yaml").refused("k/b.yaml is not a regular file");
    here.run(&["prove", "a.toml"]).refused("a.toml is not a regular file");
    for device in ["/dev/zero", "/dev/stdin", "/dev/null", "/dev/tty"] {
        if Path::new(device).exists() {
            here.ask(device).refused(device);
        }
    }
    let here = good();
    symlink("/dev/zero", here.path("k/zero.yaml")).unwrap();
    here.ask("k").refused("k/zero.yaml is not a regular file");
}

#[test]
fn an_endless_standard_input_ends_at_the_limit() {
    let here = good();
    let ran = here.run_with(&["query", "can external reach pods in shop", "-m", "-"], File::open("/dev/zero").unwrap());
    ran.refused("<stdin> is larger than 64 MiB");
    let ran = here.run_with(&["query", "can external reach pods in shop", "-m", "-", "-m", "-"], Stdio::null());
    ran.refused("standard input (`-`) can be read only once");
}

#[test]
fn a_standard_input_that_does_not_end_is_no_spec() {
    let here = good();
    here.run(&["prove", "-"]).refused("there is no file or folder -");
    here.run(&["prove", "/dev/stdin"]).refused("/dev/stdin");
}
