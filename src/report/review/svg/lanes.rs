//! Where the places of a map stand, and by which lane each arrow goes.
//!
//! Every arrow has a line of its own where it begins, so that no two labels meet. Arrows to one place share a lane and an end, as
//! pipes do: who follows one can only come out there. What shows something of its own (a refutation) shares with nothing.

use std::collections::BTreeMap;

use super::super::{Arrow, Map};

/// The width of a place.
pub(super) const BOX: usize = 236;
/// Where arrows leave and enter.
pub(super) const EDGE: i64 = 250;
/// The room for labels between the places and the first lane.
const LABELS: i64 = 200;
/// The width of a lane.
const LANE: i64 = 12;
/// The height of an arrow's line.
const SLOT: usize = 20;

/// The way of an arrow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Route {
    /// The height at which it begins.
    pub(super) start: i64,
    /// The height at which it ends.
    pub(super) end: i64,
    /// How far out it goes.
    pub(super) lane: i64,
}

/// Where everything stands.
pub(super) struct Layout {
    /// The top and the height of each group.
    pub(super) groups: Vec<(usize, usize)>,
    /// The top and the height of each place, by its number.
    pub(super) places: Vec<(usize, usize)>,
    /// The way of each arrow.
    pub(super) routes: Vec<Route>,
    /// The height of the drawing.
    pub(super) height: usize,
    lanes: usize,
}

impl Layout {
    /// The layout of a map whose places are numbered from the top to the bottom.
    pub(super) fn of(map: &Map) -> Layout {
        let mut layout = Layout { groups: Vec::new(), places: Vec::new(), routes: Vec::new(), height: 4, lanes: 0 };
        let count: usize = map.groups.iter().map(|group| group.places.len()).sum();
        let pipes = pipes(map);
        let slots = slots(map, &pipes, count);
        for group in &map.groups {
            let top = layout.height;
            layout.height += 28;
            for place in &group.places {
                let height = (slots.get(place.number).map_or(0, Vec::len) * SLOT + 8).max(38);
                layout.places.push((layout.height, height));
                layout.height += height + 8;
            }
            layout.groups.push((top, layout.height - top));
            layout.height += 12;
        }
        layout.routes = vec![Route::default(); map.arrows.len()];
        layout.ends(&slots);
        layout.assign_lanes(&pipes);
        layout
    }

    pub(super) fn width(&self) -> i64 {
        EDGE + LABELS + LANE * i64::try_from(self.lanes).unwrap_or(0) + 8
    }

    /// The heights of both ends of every arrow.
    fn ends(&mut self, slots: &[Vec<End>]) {
        for (ends, (top, height)) in slots.iter().zip(&self.places) {
            let first = top + (height - ends.len() * SLOT) / 2 + SLOT - 6;
            for (at, end) in ends.iter().enumerate() {
                let y = i64::try_from(first + at * SLOT).unwrap_or(0);
                for arrow in &end.arrows {
                    let Some(route) = self.routes.get_mut(*arrow) else { continue };
                    *(if end.is_start { &mut route.start } else { &mut route.end }) = y;
                }
            }
        }
    }

    /// Short pipes go inside, long ones outside.
    fn assign_lanes(&mut self, pipes: &[Vec<usize>]) {
        let mut order: Vec<(Span, &Vec<usize>)> = pipes.iter().map(|pipe| (self.span(pipe), pipe)).collect();
        order.sort_by_key(|(span, _)| span.1 - span.0);
        let mut lanes: Vec<Vec<Span>> = Vec::new();
        for (own, pipe) in order {
            let is_free = |lane: &Vec<Span>| lane.iter().all(|taken| own.1 + 4 < taken.0 || taken.1 + 4 < own.0);
            let lane = lanes.iter().position(is_free).unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(Vec::new());
            }
            if let Some(lane) = lanes.get_mut(lane) {
                lane.push(own);
            }
            let out = EDGE + LABELS + LANE * i64::try_from(lane).unwrap_or(0);
            for arrow in pipe {
                if let Some(route) = self.routes.get_mut(*arrow) {
                    route.lane = out;
                }
            }
        }
        self.lanes = lanes.len();
    }

    /// From the highest to the lowest end of any of these arrows.
    fn span(&self, pipe: &[usize]) -> Span {
        let ends = pipe.iter().filter_map(|at| self.routes.get(*at)).flat_map(|route| [route.start, route.end]);
        ends.fold((i64::MAX, i64::MIN), |(low, high), end| (low.min(end), high.max(end)))
    }
}

/// From a height to a height.
type Span = (i64, i64);

/// The arrows that share their lane and their end, by their numbers.
fn pipes(map: &Map) -> Vec<Vec<usize>> {
    let mut shared: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (at, Arrow { to, refutes, .. }) in map.arrows.iter().enumerate() {
        match refutes {
            None => shared.entry(*to).or_default().push(at),
            Some(_) => alone.push(vec![at]),
        }
    }
    shared.into_values().chain(alone).collect()
}

/// Where arrows begin or end at a place.
struct End {
    /// One where they begin, and all of a pipe where it ends.
    arrows: Vec<usize>,
    is_start: bool,
    /// The place at the other end, the first of several.
    other: usize,
}

/// The ends at every place, those that come from above first.
fn slots(map: &Map, pipes: &[Vec<usize>], places: usize) -> Vec<Vec<End>> {
    let mut slots: Vec<Vec<End>> = (0..places).map(|_| Vec::new()).collect();
    let mut put = |place: usize, end: End| {
        if let Some(ends) = slots.get_mut(place) {
            ends.push(end);
        }
    };
    for (at, arrow) in map.arrows.iter().enumerate() {
        put(arrow.from, End { arrows: vec![at], is_start: true, other: arrow.to });
    }
    for pipe in pipes {
        let Some(first) = pipe.first().and_then(|at| map.arrows.get(*at)) else { continue };
        put(first.to, End { arrows: pipe.clone(), is_start: false, other: first.from });
    }
    for ends in &mut slots {
        ends.sort_by_key(|end| (end.other, end.arrows.first().copied(), !end.is_start));
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::super::super::{Group, Place};
    use super::*;

    /// Four places below each other, and arrows between them; every third shows a refutation.
    fn map(arrows: &[(usize, usize)]) -> Map {
        let place = |number: usize| Place { number, name: format!("p{number}"), detail: String::new() };
        let arrow = |(at, (from, to)): (usize, &(usize, usize))| Arrow {
            from: *from,
            to: *to,
            name: format!("p{to}"),
            label: "TCP 80".to_owned(),
            refutes: (at % 3 == 2).then(|| "property".to_owned()),
            missing: false,
        };
        Map {
            variant: None,
            groups: vec![Group { name: "app".to_owned(), kind: "namespace", places: (0..4).map(place).collect() }],
            arrows: arrows.iter().enumerate().map(arrow).collect(),
            rows: Vec::new(),
            default_open: 0,
            left_out: 0,
            notes: Vec::new(),
            words: String::new(),
        }
    }

    #[test]
    fn only_arrows_of_one_pipe_meet() {
        let pairs: Vec<(usize, usize)> = (0..4).flat_map(|from| (0..4).map(move |to| (from, to))).collect();
        let map = map(&pairs);
        let layout = Layout::of(&map);
        let pipe = |at: usize| (map.arrows[at].to, map.arrows[at].refutes.as_ref().map(|_| at));
        for one in 0..pairs.len() {
            for other in 0..one {
                let (a, b) = (layout.routes[one], layout.routes[other]);
                assert_ne!(a.start, b.start, "each label has a line of its own");
                let apart = a.start.max(a.end) < b.start.min(b.end) || b.start.max(b.end) < a.start.min(a.end);
                match pipe(one) == pipe(other) {
                    true => assert_eq!((a.lane, a.end), (b.lane, b.end), "{one} {other}"),
                    false => assert!(a.end != b.end && (a.lane != b.lane || apart), "{one} {other}"),
                }
            }
        }
    }
}
