//! Which row each box stands in.

use super::diagram::Diagram;

/// How many edges lead to each box at the most.
pub(super) fn of(diagram: &Diagram) -> Vec<usize> {
    let mut waits_for = vec![0_usize; diagram.boxes.len()];
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); diagram.boxes.len()];
    for edge in &diagram.edges {
        waits_for[edge.to] += 1;
        behind[edge.from].push(edge.to);
    }
    let mut rank = vec![0; diagram.boxes.len()];
    let mut ready: Vec<usize> = (0..rank.len()).filter(|at| waits_for[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &next in &behind[at] {
            rank[next] = rank[next].max(rank[at] + 1);
            waits_for[next] -= 1;
            if waits_for[next] == 0 {
                ready.push(next);
            }
        }
    }
    rank
}
