//! Where the places of a map stand, and by which lane each arrow goes.
//!
//! Every arrow has a line of its own at both its ends, so that no two labels meet, and a lane beside the places that no other
//! arrow uses at the same height.

use super::super::Map;

/// The width of a place.
pub(super) const BOX: usize = 236;
/// Where arrows leave and enter.
pub(super) const EDGE: i64 = 250;
/// The room for labels between the places and the first lane.
const LABELS: i64 = 165;
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
        let slots = slots(map, count);
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
        layout.assign_lanes();
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
                let Some(route) = self.routes.get_mut(end.arrow) else { continue };
                *(if end.is_start { &mut route.start } else { &mut route.end }) = y;
            }
        }
    }

    /// Short arrows go inside, long ones outside.
    fn assign_lanes(&mut self) {
        let mut order: Vec<usize> = (0..self.routes.len()).collect();
        let span = |route: &Route| (route.start.min(route.end), route.start.max(route.end));
        order.sort_by_key(|at| self.routes.get(*at).map_or(0, |route| span(route).1 - span(route).0));
        let mut lanes: Vec<Vec<(i64, i64)>> = Vec::new();
        for at in order {
            let Some(route) = self.routes.get_mut(at) else { continue };
            let own = span(route);
            let is_free = |lane: &Vec<(i64, i64)>| lane.iter().all(|taken| own.1 + 4 < taken.0 || taken.1 + 4 < own.0);
            let lane = lanes.iter().position(is_free).unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(Vec::new());
            }
            if let Some(lane) = lanes.get_mut(lane) {
                lane.push(own);
            }
            route.lane = EDGE + LABELS + LANE * i64::try_from(lane).unwrap_or(0);
        }
        self.lanes = lanes.len();
    }
}

/// One end of an arrow at a place.
struct End {
    arrow: usize,
    is_start: bool,
    /// The place at the other end.
    other: usize,
}

/// The ends at every place, those that come from above first.
fn slots(map: &Map, places: usize) -> Vec<Vec<End>> {
    let mut slots: Vec<Vec<End>> = (0..places).map(|_| Vec::new()).collect();
    for (at, arrow) in map.arrows.iter().enumerate() {
        for (place, other, is_start) in [(arrow.from, arrow.to, true), (arrow.to, arrow.from, false)] {
            if let Some(ends) = slots.get_mut(place) {
                ends.push(End { arrow: at, is_start, other });
            }
        }
    }
    for ends in &mut slots {
        ends.sort_by_key(|end| (end.other, end.arrow, !end.is_start));
    }
    slots
}
