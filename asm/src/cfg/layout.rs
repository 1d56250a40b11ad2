//! Where the boxes of a function stand: in layers, each block below those that lead to it.
//!
//! The steps are those of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of Hierarchical System
//! Structures", 1981): ways back are set aside, blocks get layers, ways over several layers get points in those between,
//! the order within layers is that of the neighbours, and then places are chosen. All of it is the same on every machine.

use crate::sort::Sort;

/// Ways over more layers than this, as ways back, run beside the boxes.
const LONGEST: usize = 24;
/// How often the order within layers is improved.
const SWEEPS: usize = 8;
/// Between boxes of a layer, and between a way and what stands beside it.
const GAP: i64 = 32;
/// Between ways that run side by side.
const LANE: i64 = 12;
/// Between layers.
const RISE: i64 = 48;

/// The size of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub width: i64,
    pub height: i64,
}

/// A place; x to the right, y downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub x: i64,
    pub y: i64,
}

/// Where everything stands.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The upper left corner of each box.
    pub boxes: Vec<Point>,
    /// For each way its points, from box to box.
    pub ways: Vec<Vec<Point>>,
    /// How much room all of it takes.
    pub width: i64,
    pub height: i64,
}

/// A box, or the place where a way goes through a layer.
#[derive(Debug, Clone, Copy)]
struct Node {
    layer: usize,
    size: Size,
    /// Where its left side is.
    x: i64,
}

/// Places for boxes of these sizes with these ways between them.
pub(super) fn layout(sizes: &[Size], ways: &[(usize, usize)]) -> Layout {
    if sizes.is_empty() {
        return Layout::default();
    }
    let is_back = ways_back(sizes.len(), ways);
    let layers = layers(sizes.len(), ways, &is_back);
    let mut plan = Plan {
        nodes: sizes
            .iter()
            .zip(&layers)
            .map(|(size, layer)| Node { layer: *layer, size: *size, x: 0 })
            .collect(),
        up: vec![vec![]; sizes.len()],
        down: vec![vec![]; sizes.len()],
        rows: vec![vec![]; layers.iter().max().map_or(0, |last| last + 1)],
    };
    for (node, layer) in layers.iter().enumerate() {
        plan.rows[*layer].push(node);
    }
    // The points of each way between its boxes; none for those that run beside.
    let through: Vec<Option<Vec<usize>>> = ways
        .iter()
        .zip(&is_back)
        .map(|((from, to), back)| {
            let long = layers[*to].abs_diff(layers[*from]) > LONGEST;
            (!back && !long).then(|| plan.connect(*from, *to))
        })
        .collect();
    for sweep in 0..SWEEPS {
        plan.order(sweep % 2 == 0);
    }
    plan.place();
    plan.drawn(sizes, ways, &through)
}

/// For each way whether it leads back to where control has been on its way.
fn ways_back(count: usize, ways: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut leaving: Vec<Vec<usize>> = vec![vec![]; count];
    ways.iter().enumerate().for_each(|(way, (from, _))| leaving[*from].push(way));
    let mut back = vec![false; ways.len()];
    let mut seen = vec![Seen::No; count];
    for start in 0..count {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, at)) = path.last_mut() {
            let Some(way) = leaving[*node].get(*at) else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *at += 1;
            let to = ways[*way].1;
            match seen[to] {
                Seen::Open => back[*way] = true,
                Seen::Done => {}
                Seen::No => {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
            }
        }
    }
    back
}

/// The layer of each box: below all that lead to it, but for ways back.
fn layers(count: usize, ways: &[(usize, usize)], is_back: &[bool]) -> Vec<usize> {
    let forward = || ways.iter().zip(is_back).filter(|(_, back)| !**back).map(|(way, _)| *way);
    let (mut coming, mut leaving) = (vec![0usize; count], vec![vec![]; count]);
    for (from, to) in forward() {
        coming[to] += 1;
        leaving[from].push(to);
    }
    let mut layers = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| coming[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for to in &leaving[node] {
            layers[*to] = layers[*to].max(layers[node] + 1);
            coming[*to] -= 1;
            if coming[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    layers
}

struct Plan {
    nodes: Vec<Node>,
    /// Neighbours in the layers above and below.
    up: Vec<Vec<usize>>,
    down: Vec<Vec<usize>>,
    /// The nodes of each layer, from left to right.
    rows: Vec<Vec<usize>>,
}

impl Plan {
    /// Connects two boxes by a point in each layer between them; gives the points.
    fn connect(&mut self, from: usize, to: usize) -> Vec<usize> {
        let mut points = vec![];
        let mut last = from;
        for layer in self.nodes[from].layer + 1..self.nodes[to].layer {
            let point = self.nodes.len();
            self.nodes.push(Node { layer, size: Size { width: 0, height: 0 }, x: 0 });
            self.up.push(vec![]);
            self.down.push(vec![]);
            self.rows[layer].push(point);
            self.join(last, point);
            points.push(point);
            last = point;
        }
        self.join(last, to);
        points
    }

    fn join(&mut self, upper: usize, lower: usize) {
        self.down[upper].push(lower);
        self.up[lower].push(upper);
    }

    /// Orders each layer as its neighbours in the layer before it stand: downwards, or upwards.
    fn order(&mut self, downwards: bool) {
        let mut at = vec![0i64; self.nodes.len()];
        let number = |rows: &[usize], at: &mut [i64]| {
            (0..).zip(rows).for_each(|(place, node)| at[*node] = place);
        };
        self.rows.iter().for_each(|row| number(row, &mut at));
        let count = self.rows.len();
        for step in 1..count {
            let row = if downwards { step } else { count - 1 - step };
            let near = if downwards { &self.up } else { &self.down };
            let mean = |node: &usize| match near[*node].as_slice() {
                // What has no neighbours keeps its place.
                [] => (at[*node], 1),
                all => (all.iter().map(|other| at[*other]).sum(), all.len().try_into().unwrap_or(1)),
            };
            let mut keyed: Vec<((i64, i64), usize)> = self.rows[row].iter().map(|n| (mean(n), *n)).collect();
            keyed.order_by(|((a, n), _), ((b, m), _)| (a * m).cmp(&(b * n)));
            self.rows[row] = keyed.into_iter().map(|(_, node)| node).collect();
            number(&self.rows[row], &mut at);
        }
    }

    /// Places each layer near its neighbours, in its order and without one over the other.
    fn place(&mut self) {
        for row in 0..self.rows.len() {
            let mut x = 0;
            for node in self.rows[row].clone() {
                self.nodes[node].x = x;
                x += self.nodes[node].size.width + GAP;
            }
        }
        let count = self.rows.len();
        for sweep in 0..SWEEPS {
            for step in 0..count {
                let row = if sweep % 2 == 0 { step } else { count - 1 - step };
                self.settle(row, sweep % 2 == 0);
            }
        }
    }

    /// Moves the nodes of a layer below or above the middle of their neighbours.
    fn settle(&mut self, row: usize, downwards: bool) {
        let near = if downwards { &self.up } else { &self.down };
        let row = &self.rows[row];
        let middle = |node: usize| self.nodes[node].x + self.nodes[node].size.width / 2;
        let wanted: Vec<i64> = row
            .iter()
            .map(|node| match near[*node].as_slice() {
                [] => self.nodes[*node].x,
                all => {
                    let sum: i64 = all.iter().map(|other| middle(*other)).sum();
                    sum / i64::try_from(all.len()).unwrap_or(1) - self.nodes[*node].size.width / 2
                }
            })
            .collect();
        // Pushed apart to the right, and to the left: what lies half way between both is apart, too.
        let room = |node: usize| self.nodes[node].size.width + GAP;
        let (mut right, mut left) = (wanted.clone(), wanted);
        for i in 1..row.len() {
            right[i] = right[i].max(right[i - 1] + room(row[i - 1]));
        }
        for i in (1..row.len()).rev() {
            left[i - 1] = left[i - 1].min(left[i] - room(row[i - 1]));
        }
        let places: Vec<i64> = right.iter().zip(&left).map(|(a, b)| (a + b).div_euclid(2)).collect();
        for (node, x) in row.iter().zip(places) {
            self.nodes[*node].x = x;
        }
    }

    /// For each way where it leaves its box, from the left side: those of one box side by side, as they go on.
    fn leaves(&self, sizes: &[Size], ways: &[(usize, usize)], through: &[Option<Vec<usize>>]) -> Vec<i64> {
        let mut of: Vec<Vec<(i64, usize)>> = vec![vec![]; sizes.len()];
        for (way, ((from, to), points)) in ways.iter().zip(through).enumerate() {
            let next = points.as_ref().map(|points| self.nodes[*points.first().unwrap_or(to)]);
            of[*from].push((next.map_or(i64::MIN, |node| node.x + node.size.width / 2), way));
        }
        let mut leaves = vec![0; ways.len()];
        for (ways, size) in of.iter_mut().zip(sizes) {
            ways.order();
            let parts = i64::try_from(ways.len()).unwrap_or(0) + 1;
            (1..).zip(ways).for_each(|(part, (_, way))| leaves[*way] = size.width * part / parts);
        }
        leaves
    }

    fn drawn(&self, sizes: &[Size], ways: &[(usize, usize)], through: &[Option<Vec<usize>>]) -> Layout {
        let (mut tops, mut bottoms) = (vec![], vec![]);
        let mut y = 0;
        for row in &self.rows {
            let tallest = row.iter().map(|node| self.nodes[*node].size.height).max().unwrap_or(0);
            tops.push(y);
            bottoms.push(y + tallest);
            y += tallest + RISE;
        }
        // Ways that run beside the boxes take the left: each the nearest lane that is free along it.
        let top = |node: usize| tops[self.nodes[node].layer];
        let beside = ways.iter().zip(through).enumerate().filter(|(_, (_, way))| way.is_none());
        let mut spans: Vec<(i64, i64, usize)> = beside
            .map(|(way, ((from, to), _))| {
                let (low, high) = (top(*from) + sizes[*from].height + RISE / 3, top(*to) - RISE / 3);
                (low.min(high), low.max(high), way)
            })
            .collect();
        spans.order();
        let (mut lanes, mut ends) = (vec![0; ways.len()], vec![]);
        for (start, end, way) in spans {
            let free = ends.iter().position(|taken| *taken < start).unwrap_or(ends.len());
            ends.resize(ends.len().max(free + 1), end);
            ends[free] = end;
            lanes[way] = free;
        }
        let count = i64::try_from(ends.len()).unwrap_or(0);
        let margin = if count > 0 { count * LANE + GAP } else { 0 };
        let lane = |way: usize| (count - i64::try_from(lanes[way]).unwrap_or(0)) * LANE - LANE / 2;
        let least = self.nodes.iter().map(|node| node.x).min().unwrap_or(0);
        let shift = margin - least;
        let right = self.nodes.iter().map(|node| node.x + node.size.width).max().unwrap_or(0);
        let corner = |node: usize| Point { x: self.nodes[node].x + shift, y: tops[self.nodes[node].layer] };
        let mut drawn = vec![];
        let leaves = self.leaves(sizes, ways, through);
        for (number, ((from, to), points)) in ways.iter().zip(through).enumerate() {
            let (start, end) = (corner(*from), corner(*to));
            let leave = Point { x: start.x + leaves[number], y: start.y + sizes[*from].height };
            let arrive = Point { x: end.x + sizes[*to].width / 2, y: end.y };
            let below = |node: usize, x: i64| Point { x, y: bottoms[self.nodes[node].layer] };
            let mut way = vec![leave];
            if let Some(points) = points {
                // Within a layer straight down, past what is higher there.
                way.push(below(*from, leave.x));
                way.extend(points.iter().flat_map(|node| [corner(*node), below(*node, corner(*node).x)]));
            } else {
                let x = lane(number);
                let (low, high) = (leave.y + RISE / 3, arrive.y - RISE / 3);
                let turns = [(leave.x, low), (x, low), (x, high), (arrive.x, high)];
                way.extend(turns.map(|(x, y)| Point { x, y }));
            }
            way.push(arrive);
            way.dedup();
            drawn.push(way);
        }
        Layout {
            boxes: (0..sizes.len()).map(corner).collect(),
            ways: drawn,
            width: right + shift,
            height: y - RISE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No box lies over another, and ways forward lead downwards.
        #[test]
        fn boxes_are_apart(
            sizes in prop::collection::vec((20i64..300, 10i64..200), 1..40),
            ways in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..60),
        ) {
            let sizes: Vec<Size> = sizes.into_iter().map(|(width, height)| Size { width, height }).collect();
            let ways: Vec<_> = ways.iter().map(|(a, b)| (a.index(sizes.len()), b.index(sizes.len()))).collect();
            let is_back = ways_back(sizes.len(), &ways);
            let drawn = layout(&sizes, &ways);
            for (i, (a, s)) in drawn.boxes.iter().zip(&sizes).enumerate() {
                prop_assert!(a.x >= 0 && a.y >= 0 && a.x + s.width <= drawn.width && a.y + s.height <= drawn.height);
                for (b, t) in drawn.boxes.iter().zip(&sizes).skip(i + 1) {
                    let beside = a.x + s.width <= b.x || b.x + t.width <= a.x;
                    let below = a.y + s.height <= b.y || b.y + t.height <= a.y;
                    prop_assert!(beside || below, "{a:?} {b:?}");
                }
            }
            for ((way, back), points) in ways.iter().zip(is_back).zip(&drawn.ways) {
                let (first, last) = (points[0], points[points.len() - 1]);
                prop_assert!(back || first.y < last.y, "{way:?}");
                prop_assert!(drawn.ways.len() == ways.len() && points.len() >= 2);
            }
        }
    }
}
