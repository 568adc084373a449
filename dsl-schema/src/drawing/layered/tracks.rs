//! The space between two rows: which line runs in which of its tracks, so that few lines cross and none lie on each other.

/// Channels with more lines than this are sorted by a rule of thumb.
const FEW_LINES: usize = 160;
/// Uprights nearer than this would look like one.
const NEAR: i64 = 6;
/// What two lines on each other cost, in crossings.
const COVERED: i64 = 1_000;

/// Lines that share a track in the space between two rows: they come down at some x, and go down at others. Either
/// one line that parts, or several that meet.
#[derive(Debug, Clone, Default)]
pub(super) struct Strand {
    /// Sorted.
    pub(super) uppers: Vec<i64>,
    /// Sorted.
    pub(super) lowers: Vec<i64>,
}

impl Strand {
    fn left(&self) -> i64 {
        self.uppers.first().into_iter().chain(self.lowers.first()).copied().min().unwrap_or(0)
    }

    fn right(&self) -> i64 {
        self.uppers.last().into_iter().chain(self.lowers.last()).copied().max().unwrap_or(0)
    }

    fn is_straight(&self) -> bool {
        self.left() == self.right()
    }

    /// How bad it would be if this one ran above the other.
    fn cost_above(&self, other: &Self) -> i64 {
        let crosses = between(&other.uppers, self.left() + 1, self.right());
        let crossed = between(&self.lowers, other.left() + 1, other.right());
        let covered: i64 = other.uppers.iter().map(|upper| between(&self.lowers, upper - NEAR, upper + NEAR + 1)).sum();
        crosses + crossed + covered * COVERED
    }
}

/// How many of `xs` lie from `from` to before `to`.
fn between(xs: &[i64], from: i64, to: i64) -> i64 {
    let at = |x: i64| xs.partition_point(|other| *other < x);
    at(to.max(from)) as i64 - at(from) as i64
}

/// The track of each strand, counted from above, none for those that run straight; and how many there are.
pub(super) fn assign(strands: &[Strand]) -> (Vec<Option<usize>>, usize) {
    let turning: Vec<usize> = (0..strands.len()).filter(|at| !strands[*at].is_straight()).collect();
    let order = if turning.len() <= FEW_LINES { careful(strands, &turning) } else { quick(strands, &turning) };
    let mut taken = Taken::over(strands);
    let mut tracks = vec![None; strands.len()];
    let mut count = 0;
    for at in order {
        let track = taken.put(&strands[at]);
        tracks[at] = Some(track);
        count = count.max(track + 1);
    }
    (tracks, count)
}

/// Each where it costs least among those before it, then neighbours swapped.
fn careful(strands: &[Strand], turning: &[usize]) -> Vec<usize> {
    let gain = |above: usize, below: usize| {
        strands[below].cost_above(&strands[above]) - strands[above].cost_above(&strands[below])
    };
    let mut order: Vec<usize> = Vec::with_capacity(turning.len());
    for at in quick(strands, turning) {
        // From the lowest place upwards: what is gained by each of those that it passes.
        let (mut best, mut place, mut sum) = (0, order.len(), 0);
        for (above, &other) in order.iter().enumerate().rev() {
            sum += gain(at, other);
            if sum > best {
                (best, place) = (sum, above);
            }
        }
        order.insert(place, at);
    }
    for _ in 0..4 {
        for at in 1..order.len() {
            if gain(order[at], order[at - 1]) > 0 {
                order.swap(at - 1, at);
            }
        }
    }
    order
}

/// Those that lead right from the right, those that lead left from the left.
fn quick(strands: &[Strand], turning: &[usize]) -> Vec<usize> {
    let mut order = turning.to_vec();
    order.sort_by_key(|at| {
        let strand = &strands[*at];
        let upper = strand.uppers.get(strand.uppers.len() / 2).copied().unwrap_or(0);
        let leads_right = strand.right() - upper >= upper - strand.left();
        (leads_right, if leads_right { -upper } else { upper })
    });
    order
}

/// The lowest track that is taken, at every x: a tree over the spans between all x that occur.
struct Taken {
    xs: Vec<i64>,
    /// Of each part of the tree: the highest number anywhere in it, and the one that holds for all of it.
    highest: Vec<usize>,
    whole: Vec<usize>,
}

impl Taken {
    fn over(strands: &[Strand]) -> Self {
        let mut xs: Vec<i64> = strands.iter().flat_map(|strand| <[i64; 2]>::from(span(strand))).collect();
        xs.sort_unstable();
        xs.dedup();
        let size = xs.len().max(1).next_power_of_two() * 2;
        Self { xs, highest: vec![0; size], whole: vec![0; size] }
    }

    /// Puts a strand below everything that it would lie on; gives its track.
    fn put(&mut self, strand: &Strand) -> usize {
        let (left, right) = span(strand);
        let at = |x: i64| self.xs.partition_point(|other| *other < x);
        let part = at(left)..at(right);
        let leaves = self.highest.len() / 2;
        let track = self.look(1, 0..leaves, &part);
        self.raise(1, 0..leaves, &part, track + 1);
        track
    }

    fn look(&self, node: usize, of: std::ops::Range<usize>, part: &std::ops::Range<usize>) -> usize {
        if part.end <= of.start || of.end <= part.start {
            return 0;
        }
        if part.start <= of.start && of.end <= part.end {
            return self.highest[node];
        }
        let middle = usize::midpoint(of.start, of.end);
        let below = self.look(node * 2, of.start..middle, part).max(self.look(node * 2 + 1, middle..of.end, part));
        below.max(self.whole[node])
    }

    fn raise(&mut self, node: usize, of: std::ops::Range<usize>, part: &std::ops::Range<usize>, to: usize) {
        if part.end <= of.start || of.end <= part.start {
            return;
        }
        self.highest[node] = self.highest[node].max(to);
        if part.start <= of.start && of.end <= part.end {
            self.whole[node] = self.whole[node].max(to);
            return;
        }
        let middle = usize::midpoint(of.start, of.end);
        self.raise(node * 2, of.start..middle, part, to);
        self.raise(node * 2 + 1, middle..of.end, part, to);
    }
}

/// Where nothing else may lie. Two strands may meet end to end where both go down, at one entry, and nowhere else.
fn span(strand: &Strand) -> (i64, i64) {
    let (left, right) = (strand.left(), strand.right());
    let comes_down = |x: i64| strand.uppers.binary_search(&x).is_ok();
    (if comes_down(left) { left - NEAR } else { left }, if comes_down(right) { right + NEAR } else { right })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strands as `(upper, lowers)`, and the tracks that they get.
    fn check(strands: &[(i64, &[i64])], expect: &[Option<usize>]) {
        let strands: Vec<Strand> =
            strands.iter().map(|(upper, lowers)| Strand { uppers: vec![*upper], lowers: lowers.to_vec() }).collect();
        assert_eq!(assign(&strands).0, expect, "{strands:?}");
    }

    #[test]
    fn a_straight_line_needs_no_track() {
        check(&[(5, &[5])], &[None]);
    }

    #[test]
    fn lines_side_by_side_share_a_track_and_lines_on_each_other_do_not() {
        check(&[(0, &[100]), (200, &[300])], &[Some(0), Some(0)]);
        check(&[(0, &[200]), (100, &[300])], &[Some(1), Some(0)]);
        check(&[(200, &[0]), (300, &[100])], &[Some(0), Some(1)]);
    }

    #[test]
    fn what_comes_down_turns_off_before_what_goes_down_there() {
        check(&[(0, &[100]), (100, &[200])], &[Some(1), Some(0)]);
    }

    #[test]
    fn lines_into_one_entry_meet_in_one_track() {
        check(&[(0, &[100]), (200, &[100])], &[Some(0), Some(0)]);
    }
}
