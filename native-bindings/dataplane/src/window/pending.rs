use super::series::SeriesId;
use crate::exchange::Tag;
use crate::route::RouteId;
use crate::time::Timestamp;

/// What is kept of a request until its exchange ends.
#[derive(Clone, Copy, Debug)]
pub struct PendingRequest {
    pub series: SeriesId,
    pub route: RouteId,
    pub start: Timestamp,
}

/// More than the connections that the flow table follows; 24 bytes each.
const MAX_PENDING: usize = 1 << 20;
const UNTRACKED: Tag = Tag(u64::MAX);

/// Requests in flight, by the [`Tag`] that stands for them.
#[derive(Debug, Default)]
pub struct PendingRequests {
    requests: Vec<Option<PendingRequest>>,
    free: Vec<u32>,
    untracked: u64,
}

impl PendingRequests {
    /// Whether [`PendingRequests::insert`] will keep the next one.
    #[inline]
    pub fn has_room(&self) -> bool {
        !self.free.is_empty() || self.requests.len() < MAX_PENDING
    }

    #[inline]
    pub fn insert(&mut self, request: PendingRequest) -> Tag {
        if let Some(index) = self.free.pop() {
            self.requests[index as usize] = Some(request);
            return Tag(u64::from(index));
        }
        if self.requests.len() >= MAX_PENDING {
            self.untracked += 1;
            return UNTRACKED;
        }
        self.requests.push(Some(request));
        Tag(self.requests.len() as u64 - 1)
    }

    /// `None` for a request beyond the bound.
    #[inline]
    pub fn take(&mut self, tag: Tag) -> Option<PendingRequest> {
        let request = self.requests.get_mut(usize::try_from(tag.0).ok()?)?.take()?;
        self.free.push(tag.0 as u32);
        Some(request)
    }

    /// Requests whose outcome could not be counted, as too many were in flight.
    pub fn untracked(&self) -> u64 {
        self.untracked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_each_once_and_reuses_the_place() {
        let mut pending = PendingRequests::default();
        let request =
            |start| PendingRequest { series: SeriesId(3), route: RouteId(4), start: Timestamp(start) };
        let (first, second) = (pending.insert(request(10)), pending.insert(request(20)));
        assert_eq!(pending.take(first).map(|request| request.start), Some(Timestamp(10)));
        assert!(pending.take(first).is_none());
        assert_eq!(pending.insert(request(30)), first);
        assert_eq!(pending.take(second).map(|request| request.start), Some(Timestamp(20)));
        assert!(pending.take(UNTRACKED).is_none());
    }
}
