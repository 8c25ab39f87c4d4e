macro_rules! window_counters {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// What happened beside the windows. Levels (`applications`, `clients`, `routes`) say what is known now; the rest only grows.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct WindowCounters { $($(#[$doc])* pub $field: u64,)+ }

        impl WindowCounters {
            /// Name and value of every counter, in order of declaration. The names are stable.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field),)+].into_iter()
            }
        }
    };
}

window_counters! {
    windows_closed,
    steps_closed,
    /// Events of a step that had been closed; they count in the oldest open one.
    late_events,
    applications,
    /// Pairs of application and client.
    clients,
    routes,
    /// Idle clients that made room for new ones.
    clients_evicted,
    /// Look-ups that found the client table full: they count as `other`.
    clients_overflowed,
    /// Requests that found the application table too full for their host.
    applications_by_server_only,
    /// Requests that found the application table full: they count as `other`.
    applications_overflowed,
    /// Requests with a segment that went to `{*}`, as its node has too many children.
    routes_collapsed,
    /// Requests whose path is deeper than a template.
    routes_too_deep,
    /// Requests that found the route table full: they count as `other`.
    routes_overflowed,
    /// Requests whose outcome could not be counted, as too many were in flight.
    requests_untracked,
}
