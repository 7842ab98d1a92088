//! A spec about a generated cluster: the sentences that people write, an eighth of each. Some hold and some do not; two of
//! the eight look at the pods of all namespaces.

use std::fmt::Write as _;

use super::cluster::{PLATFORM, Random, Shape, TEAM};

/// So many properties about the cluster, for a file beside its folders.
#[must_use]
pub fn spec(shape: Shape, properties: usize) -> String {
    let mut random = Random(shape.seed);
    let teams = shape.workloads.saturating_sub(PLATFORM).div_ceil(TEAM).max(1);
    let mut text = "title     = \"A cluster that was made up\"\nmanifests = [\".\"]\n".to_owned();
    for at in 0..properties {
        let team = random.below(teams);
        let other = (team + 1 + random.below(teams.saturating_sub(1))) % teams;
        let sentence = sentence(at, &format!("team-{team:04}"), &format!("team-{other:04}"));
        let _ = write!(text, "\n[[property]]\nname   = \"p{at:04}\"\nassert = \"{sentence}\"\n");
    }
    text
}

fn sentence(at: usize, team: &str, other: &str) -> String {
    match at % 8 {
        0 => format!("nothing outside {team} can reach pods in {team}"),
        1 => format!("pods in {team} cannot reach pods in {other}"),
        2 => format!("only pods in {team} can reach pods with tier=db in {team}:5432"),
        3 => format!("external cannot reach pods with tier=db in {team}"),
        4 => format!("pods in {team} are isolated for ingress"),
        5 => format!("pods in {team} can reach kube-system/coredns:53/UDP"),
        6 => format!("{team}/app-0-frontend can reach {team}/app-0-api:8000"),
        _ => format!("pods in {other} cannot reach {team}/app-0-db:5432"),
    }
}
