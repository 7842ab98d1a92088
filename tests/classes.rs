//! Lists of classes against an enumeration of every case that can matter: what passes is in a class, what is in a
//! class passes, and no class could go.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/enumerate.rs"]
mod enumerate;
#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/legal.rs"]
mod legal;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::cell::Cell;
use std::time::Duration;

use netverify::classes::{self, Asked, Class, NoList};
use netverify::eval::claim::flow_in;
use netverify::eval::{self, Verdict};
use netverify::model::claim::{Claim, Endpoint, FlowSet};
use netverify::model::net::Flow;
use netverify::model::world::World;
use netverify::outcome::Case;
use netverify::prove::Prover;

use trials::{Trial, fail};
use worlds::{FEW, Question, question};

fn holds(question: &Question, class: &Class, flow: &Flow) -> bool {
    class.flows.iter().any(|set| flow_in(&question.cluster, set, flow))
}

/// Whether some flow that can exist is such a one.
fn exists(question: &Question, is_such: impl Fn(&Flow) -> bool) -> bool {
    enumerate::any_flow(question, &classes::plugin(&question.world), [&|_| true, &|_| true], is_such)
}

#[test]
fn brute_force_agrees_on_lists_of_classes() {
    let prover = Prover::new(1, Duration::from_secs(60)).unwrap();
    let trial = Trial { name: "classes", file: file!(), seed: 7, cases: 100 };
    let tally = trial.run(&(question(FEW), 0..3_u8), |(question, form), tally| {
        let world = World { nodes: false, ..question.world };
        let question = Question { world, ..question };
        let Some(flows) = question.claim.flows().cloned() else { return Ok(()) };
        // What people ask: from anything to these, from these to anything, and now and then something else.
        let (flows, asked) = match form {
            0 => (FlowSet { sources: Endpoint::Anything, except: Vec::new(), ..flows }, Asked::Sources),
            1 => (FlowSet { destinations: Endpoint::Anything, except: Vec::new(), ..flows }, Asked::Destinations),
            _ => (flows, Asked::Sources),
        };
        let list = match classes::list(&prover, &question.cluster, &question.world, &flows, asked) {
            Ok(list) => list,
            Err(NoList::Nodes) => return Ok(()),
            Err(NoList::AboutNothing) => {
                tally.add("about nothing", 1);
                let question = Question { claim: Claim::NoneCanReach(flows.clone()), ..question };
                let is_meant = |flow: &Flow| flow_in(&question.cluster, &flows, flow);
                return if exists(&question, is_meant) { Err(fail("it is about something")) } else { Ok(()) };
            }
            Err(NoList::Stopped(stop)) => return Err(fail(format!("{stop:?}"))),
        };
        let options = classes::plugin(&question.world);
        let question = Question { claim: Claim::NoneCanReach(flows.clone()), ..question };
        let (passing, judged) = (Cell::new(0), Cell::new(0));
        let is_wrong = |flow: &Flow| {
            if !flow_in(&question.cluster, &flows, flow) {
                return false;
            }
            let passes = eval::verdict(&question.cluster, &options, flow).0 == Verdict::Allowed;
            judged.set(judged.get() + 1);
            passing.set(passing.get() + usize::from(passes));
            passes != list.classes.iter().any(|class| holds(&question, class, flow))
        };
        if exists(&question, is_wrong) {
            return Err(fail(format!("not what passes: {list:#?}")));
        }
        for (at, class) in list.classes.iter().enumerate() {
            let others = || list.classes.iter().enumerate().filter(|(other, _)| *other != at);
            let alone = |flow: &Flow| {
                holds(&question, class, flow) && !others().any(|(_, other)| holds(&question, other, flow))
            };
            if !exists(&question, alone) {
                return Err(fail(format!("class {at} could go: {list:#?}")));
            }
            let Case::Flow { flow, .. } = &class.witness.case else { return Err(fail("no flow")) };
            if !holds(&question, class, flow) || eval::verdict(&question.cluster, &options, flow).0 != Verdict::Allowed
            {
                return Err(fail(format!("the flow of class {at} does not show it: {list:#?}")));
            }
        }
        tally.add("flows judged", judged.get());
        tally.add("of them passing", passing.get());
        tally.add("classes", list.classes.len());
        tally.add("lists of several", usize::from(list.classes.len() > 1));
        Ok(())
    });
    assert!(tally.of("lists of several") >= 10, "too few lists with anything to tell apart");
}
